use std::ops::Range;

use brush_parser::{SourceSpan, ast};

use super::{
    invocation::{Assignment, Output, Redirection},
    script::Script,
    word::{self, Expansion, Word},
};
use crate::buildspec::node::Place;

/// A text that was parsed, and where it stands in its script.
#[derive(Clone, Copy)]
pub(super) struct Source<'s> {
    pub(super) script: &'s Script<'s>,
    pub(super) base: usize,
}

impl Source<'_> {
    pub(super) fn range(self, span: &SourceSpan) -> Range<usize> {
        let start = self.script.byte(self.base, span.start.index);
        start..self.script.byte(self.base, span.end.index).max(start)
    }
}

/// The parts of a simple command.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) words: Vec<Word>,
    pub(super) assignments: Vec<Assignment>,
    pub(super) redirections: Vec<Redirection>,
    pub(super) substitutions: Vec<Range<usize>>,
    pub(super) range: Option<Range<usize>>,
}

impl Parts {
    pub(super) fn add(
        &mut self,
        source: Source<'_>,
        item: &ast::CommandPrefixOrSuffixItem,
        before: bool,
    ) {
        match item {
            ast::CommandPrefixOrSuffixItem::IoRedirect(redirection) => {
                self.redirection(source, redirection);
            }
            ast::CommandPrefixOrSuffixItem::AssignmentWord(assignment, word) if before => {
                self.assignment(source, assignment, word);
            }
            ast::CommandPrefixOrSuffixItem::AssignmentWord(_, word)
            | ast::CommandPrefixOrSuffixItem::Word(word) => self.word(source, word),
            ast::CommandPrefixOrSuffixItem::ProcessSubstitution(_, process) => {
                let range = source.range(&process.loc);
                // From the `<` on.
                let word = self.read(source, range.start.saturating_sub(1)..range.end, None, true);
                self.words.push(word);
            }
        }
    }

    pub(super) fn word(&mut self, source: Source<'_>, word: &ast::Word) {
        let word = self.read_word(source, word);
        self.words.push(word);
    }

    fn assignment(&mut self, source: Source<'_>, assignment: &ast::Assignment, word: &ast::Word) {
        let name = match &assignment.name {
            ast::AssignmentName::VariableName(name)
            | ast::AssignmentName::ArrayElementName(name, _) => name.clone(),
        };
        let range = source.range(&assignment.loc);
        let whole = source.script.text.get(range.clone()).unwrap_or_default();
        let is_scalar = matches!(assignment.value, ast::AssignmentValue::Scalar(_));
        let value = match whole.find('=') {
            Some(sign) if !is_scalar || same(whole, &word.value) => {
                self.read(source, range.start + sign + 1..range.end, None, is_scalar)
            }
            _ => self.read_word(source, word),
        };
        let place = source.script.place(range.clone());
        self.extend(range);
        self.assignments.push(Assignment { name, value, place });
    }

    pub(super) fn redirection(&mut self, source: Source<'_>, redirection: &ast::IoRedirect) {
        use ast::{IoFileRedirectKind as Kind, IoFileRedirectTarget as Target};
        let (descriptor, operator, target) = match redirection {
            ast::IoRedirect::File(descriptor, kind, target) => {
                let operator = match kind {
                    Kind::Read => "<",
                    Kind::Write => ">",
                    Kind::Append => ">>",
                    Kind::ReadAndWrite => "<>",
                    Kind::Clobber => ">|",
                    Kind::DuplicateInput => "<&",
                    Kind::DuplicateOutput => ">&",
                };
                let target = match target {
                    Target::Filename(word) | Target::Duplicate(word) => {
                        self.read_word(source, word)
                    }
                    Target::Fd(number) => Word {
                        raw: number.to_string(),
                        text: number.to_string(),
                        is_static: true,
                        ..Word::default()
                    },
                    Target::ProcessSubstitution(_, process) => {
                        let range = source.range(&process.loc);
                        self.read(source, range.start.saturating_sub(1)..range.end, None, true)
                    }
                };
                (*descriptor, operator, target)
            }
            ast::IoRedirect::OutputAndError(word, appends) => {
                (None, if *appends { "&>>" } else { "&>" }, self.read_word(source, word))
            }
            ast::IoRedirect::HereString(descriptor, word) => {
                (*descriptor, "<<<", self.read_word(source, word))
            }
            ast::IoRedirect::HereDocument(descriptor, document) => {
                (*descriptor, "<<", here_document(source, document))
            }
        };
        self.redirections.push(Redirection { descriptor, operator, target });
    }

    fn read_word(&mut self, source: Source<'_>, word: &ast::Word) -> Word {
        match &word.loc {
            Some(span) => self.read(source, source.range(span), Some(&word.value), true),
            None => detached(&word.value),
        }
    }

    /// The word at a range of the script, unless the parser says that another one stands there.
    fn read(
        &mut self,
        source: Source<'_>,
        range: Range<usize>,
        expected: Option<&str>,
        with_substitutions: bool,
    ) -> Word {
        let script = source.script;
        let raw = script.text.get(range.clone()).unwrap_or_default();
        if expected.is_some_and(|expected| !same(raw, expected)) {
            return Word { place: script.place(range), ..detached(expected.unwrap_or_default()) };
        }
        let parts = word::take_apart(raw);
        if with_substitutions {
            let absolute = |inner: Range<usize>| range.start + inner.start..range.start + inner.end;
            self.substitutions.extend(parts.substitutions.into_iter().map(absolute));
        }
        let expansions = parts.expansions.into_iter().map(|(name, form, inner)| Expansion {
            name,
            form,
            place: script.place(range.start + inner.start..range.start + inner.end),
        });
        let word = Word {
            raw: raw.to_owned(),
            text: parts.text,
            is_static: !parts.is_dynamic,
            expansions: expansions.collect(),
            place: script.place(range.clone()),
        };
        self.extend(range);
        word
    }

    fn extend(&mut self, range: Range<usize>) {
        self.range = Some(match self.range.take() {
            Some(known) => known.start.min(range.start)..known.end.max(range.end),
            None => range,
        });
    }

    pub(super) fn output(&self) -> Option<Output> {
        let last = self.redirections.iter().rev().find(|redirection| redirection.takes_output());
        last.map(|redirection| Output::File(redirection.target.clone()))
    }
}

/// Whether the parser's word is that text: it drops the line breaks behind a backslash.
fn same(raw: &str, word: &str) -> bool {
    raw == word || raw.replace("\\\n", "") == word
}

/// A word of which only the text is known.
fn detached(raw: &str) -> Word {
    let parts = word::take_apart(raw);
    let expansions = parts.expansions.into_iter();
    Word {
        raw: raw.to_owned(),
        text: parts.text,
        is_static: !parts.is_dynamic,
        expansions: expansions
            .map(|(name, form, _)| Expansion { name, form, place: Place::default() })
            .collect(),
        place: Place::default(),
    }
}

fn here_document(source: Source<'_>, document: &ast::IoHereDocument) -> Word {
    let raw = document.doc.value.clone();
    let place = document
        .here_end
        .loc
        .as_ref()
        .map_or_else(Place::default, |span| source.script.place(source.range(span)));
    if !document.requires_expansion {
        return Word { text: raw.clone(), raw, is_static: true, place, ..Word::default() };
    }
    let parts = word::take_body_apart(&raw);
    let expansions = parts.expansions.into_iter();
    Word {
        raw: raw.clone(),
        text: parts.text,
        is_static: !parts.is_dynamic,
        expansions: expansions.map(|(name, form, _)| Expansion { name, form, place }).collect(),
        place,
    }
}

/// The `[[` of a test.
pub(super) fn test_word(source: Source<'_>, span: &SourceSpan) -> Word {
    let start = source.range(span).start;
    Word {
        raw: "[[".into(),
        text: "[[".into(),
        is_static: true,
        place: source.script.place(start..start + 2),
        ..Word::default()
    }
}

pub(super) fn test_words(
    source: Source<'_>,
    expression: &ast::ExtendedTestExpr,
    words: &mut Vec<Word>,
) {
    let mut parts = Parts::default();
    match expression {
        ast::ExtendedTestExpr::And(left, right) | ast::ExtendedTestExpr::Or(left, right) => {
            test_words(source, left, words);
            test_words(source, right, words);
        }
        ast::ExtendedTestExpr::Not(inner) | ast::ExtendedTestExpr::Parenthesized(inner) => {
            test_words(source, inner, words);
        }
        ast::ExtendedTestExpr::UnaryTest(_, word) => parts.word(source, word),
        ast::ExtendedTestExpr::BinaryTest(_, left, right) => {
            parts.word(source, left);
            parts.word(source, right);
        }
    }
    words.append(&mut parts.words);
}
