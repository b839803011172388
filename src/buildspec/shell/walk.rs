use std::{collections::BTreeSet, ops::Range};

use brush_parser::{SourceSpan, ast};

use super::{
    commands::Item,
    folder, guard,
    invocation::{Assignment, Invocation, Output, Redirection},
    script::Script,
    word::{self, Expansion, Word},
};
use crate::buildspec::node::Place;

/// How deep command substitutions are read.
const MAXIMUM_NESTING: usize = 6;
/// Stands for the next part of a pipeline until it is known.
const NEXT: usize = usize::MAX;

/// Follows the commands of one section in the order in which they run.
pub(super) struct Walk<'w> {
    items: &'w [Item],
    invocations: &'w mut Vec<Invocation>,
    folder: Option<String>,
    /// Functions whose body changes the folder.
    moving_functions: BTreeSet<String>,
    nesting: usize,
}

/// What surrounds a command.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "the same facts as an invocation's")]
struct Scope {
    output: Output,
    fails_item: bool,
    conditional: bool,
    is_condition: bool,
    in_subshell: bool,
    in_substitution: bool,
    in_function: bool,
    in_background: bool,
}

/// A text that was parsed, and where it stands in its script.
#[derive(Clone, Copy)]
struct Source<'s> {
    script: &'s Script<'s>,
    base: usize,
}

impl<'w> Walk<'w> {
    pub(super) fn new(items: &'w [Item], invocations: &'w mut Vec<Invocation>) -> Self {
        Self {
            items,
            invocations,
            folder: Some(String::new()),
            moving_functions: BTreeSet::new(),
            nesting: 0,
        }
    }

    /// To be called for a command that cannot be read: it may have changed the folder.
    pub(super) fn lose_track(&mut self) {
        self.folder = None;
    }

    /// Reads one script.
    pub(super) fn program(&mut self, script: &Script<'_>, program: &ast::Program) {
        let source = Source { script, base: 0 };
        let items: Vec<_> = program.complete_commands.iter().flat_map(|list| &list.0).collect();
        let item_of = |entry: &ast::CompoundListItem| {
            let location = ast::SourceLocation::location(&entry.0);
            location.map(|span| script.item(script.byte(0, span.start.index)))
        };
        for (index, entry) in items.iter().enumerate() {
            let next = items.get(index + 1).map(|next| item_of(next));
            let ends_item = next.is_none_or(|next| next != item_of(entry));
            self.entry(source, entry, &Scope { fails_item: ends_item, ..Scope::default() });
        }
    }

    fn list(&mut self, source: Source<'_>, list: &ast::CompoundList, scope: &Scope) {
        for (index, entry) in list.0.iter().enumerate() {
            let fails_item = scope.fails_item && index + 1 == list.0.len();
            self.entry(source, entry, &Scope { fails_item, ..scope.clone() });
        }
    }

    fn entry(&mut self, source: Source<'_>, entry: &ast::CompoundListItem, scope: &Scope) {
        if matches!(entry.1, ast::SeparatorOperator::Async) {
            let scope = Scope { fails_item: false, in_background: true, ..scope.clone() };
            self.aside(|walk| walk.and_or(source, &entry.0, &scope));
        } else {
            self.and_or(source, &entry.0, scope);
        }
    }

    fn and_or(&mut self, source: Source<'_>, list: &ast::AndOrList, scope: &Scope) {
        let last_or = list.additional.iter().rposition(|next| matches!(next, ast::AndOr::Or(_)));
        let fails_item = scope.fails_item && last_or.is_none();
        // Where the shell is after a part that failed, and whether that part was to change it.
        let mut failed = vec![(self.folder.clone(), false)];
        self.pipeline(source, &list.first, &Scope { fails_item, ..scope.clone() });
        failed[0].1 = failed[0].0 != self.folder;
        for (index, next) in list.additional.iter().enumerate() {
            let rescued = last_or.is_some_and(|last| last > index);
            let fails_item = scope.fails_item && !rescued;
            match next {
                ast::AndOr::And(pipeline) => {
                    let conditional = scope.conditional || !fails_item;
                    let before = self.folder.clone();
                    let scope = Scope { fails_item, conditional, ..scope.clone() };
                    self.pipeline(source, pipeline, &scope);
                    let moved = before != self.folder;
                    failed.push((before, moved));
                }
                ast::AndOr::Or(pipeline) => {
                    let well = self.folder.take();
                    self.folder = merged(failed.drain(..).map(|(folder, _)| folder));
                    let first = self.invocations.len();
                    let scope = Scope { fails_item, conditional: true, ..scope.clone() };
                    self.pipeline(source, pipeline, &scope);
                    let leaves = self.invocations.get(first).is_some_and(|invocation| {
                        matches!(invocation.program(), Some("exit" | "return"))
                    });
                    if leaves {
                        self.folder = well;
                    } else {
                        failed.push((self.folder.clone(), false));
                        self.folder = merged([well, self.folder.take()]);
                    }
                }
            }
        }
        // Where a failure stops the build, only success goes on. A `cd` of which nobody asks whether it fails does not.
        if !scope.fails_item {
            let stayed = failed.into_iter().filter(|(_, moves)| !moves).map(|(folder, _)| folder);
            self.folder = merged(std::iter::once(self.folder.take()).chain(stayed));
        }
    }

    fn pipeline(&mut self, source: Source<'_>, pipeline: &ast::Pipeline, scope: &Scope) {
        let fails_item = scope.fails_item && !pipeline.bang;
        if let [command] = pipeline.seq.as_slice() {
            self.command(source, command, &Scope { fails_item, ..scope.clone() });
            return;
        }
        let mut previous: Option<Range<usize>> = None;
        for (index, command) in pipeline.seq.iter().enumerate() {
            let is_last = index + 1 == pipeline.seq.len();
            let inner = Scope {
                fails_item: fails_item && is_last,
                in_subshell: true,
                output: if is_last { scope.output.clone() } else { Output::Pipe(NEXT) },
                ..scope.clone()
            };
            let first = self.invocations.len();
            self.aside(|walk| walk.command(source, command, &inner));
            let produced = first..self.invocations.len();
            if let (Some(previous), false) = (previous, produced.is_empty()) {
                let writer = previous.start;
                for invocation in &mut self.invocations[previous] {
                    if matches!(invocation.output, Output::Pipe(NEXT)) {
                        invocation.output = Output::Pipe(first);
                    }
                }
                self.invocations[first].piped_from = Some(writer);
            }
            previous = Some(produced);
        }
    }

    fn command(&mut self, source: Source<'_>, command: &ast::Command, scope: &Scope) {
        match command {
            ast::Command::Simple(simple) => self.simple(source, simple, scope),
            ast::Command::Compound(compound, redirections) => {
                let scope = self.redirected(source, redirections.as_ref(), scope);
                self.compound(source, compound, &scope);
            }
            ast::Command::Function(function) => self.function(source, function, scope),
            ast::Command::ExtendedTest(test, _) => {
                let mut words = vec![test_word(source, &test.loc)];
                test_words(source, &test.expr, &mut words);
                let place = self.place(source, &test.loc);
                self.push(source, test.loc.start.index, place, scope, |invocation| {
                    invocation.words = words;
                });
            }
        }
    }

    fn compound(&mut self, source: Source<'_>, command: &ast::CompoundCommand, scope: &Scope) {
        let test = Scope { fails_item: false, is_condition: true, ..scope.clone() };
        let branch = Scope { conditional: true, ..scope.clone() };
        match command {
            ast::CompoundCommand::BraceGroup(group) => self.list(source, &group.list, scope),
            ast::CompoundCommand::Subshell(subshell) => {
                let scope = Scope { in_subshell: true, ..scope.clone() };
                self.aside(|walk| walk.list(source, &subshell.list, &scope));
            }
            ast::CompoundCommand::IfClause(clause) => {
                self.list(source, &clause.condition, &test);
                let elses = clause.elses.as_deref().unwrap_or_default();
                let before = self.folder.clone();
                self.list(source, &clause.then, &branch);
                let mut ends = vec![std::mem::replace(&mut self.folder, before.clone())];
                for part in elses {
                    if let Some(condition) = &part.condition {
                        let test = Scope { conditional: true, ..test.clone() };
                        self.list(source, condition, &test);
                    }
                    self.list(source, &part.body, &branch);
                    ends.push(std::mem::replace(&mut self.folder, before.clone()));
                }
                if elses.last().is_none_or(|part| part.condition.is_some()) {
                    ends.push(before);
                }
                self.folder = merged(ends);
            }
            ast::CompoundCommand::CaseClause(clause) => {
                let before = self.folder.clone();
                let mut ends = vec![before.clone()];
                for case in &clause.cases {
                    if let Some(list) = &case.cmd {
                        self.list(source, list, &branch);
                        ends.push(std::mem::replace(&mut self.folder, before.clone()));
                    }
                }
                self.folder = merged(ends);
            }
            ast::CompoundCommand::WhileClause(clause)
            | ast::CompoundCommand::UntilClause(clause) => {
                self.looped(|walk| {
                    walk.list(source, &clause.0, &test);
                    walk.list(source, &clause.1.list, &branch);
                });
            }
            ast::CompoundCommand::ForClause(clause) => {
                self.looped(|walk| walk.list(source, &clause.body.list, &branch));
            }
            ast::CompoundCommand::ArithmeticForClause(clause) => {
                self.looped(|walk| walk.list(source, &clause.body.list, &branch));
            }
            ast::CompoundCommand::Coprocess(process) => {
                let scope = Scope { in_background: true, fails_item: false, ..scope.clone() };
                self.aside(|walk| walk.command(source, &process.body, &scope));
            }
            ast::CompoundCommand::Arithmetic(_) => {}
        }
    }

    fn function(&mut self, source: Source<'_>, function: &ast::FunctionDefinition, scope: &Scope) {
        let inner = Scope {
            in_function: true,
            conditional: true,
            fails_item: false,
            ..self.redirected(source, function.body.1.as_ref(), scope)
        };
        let first = self.invocations.len();
        let folder = self.folder.take();
        self.compound(source, &function.body.0, &inner);
        self.folder = folder;
        let moves =
            |invocation: &Invocation| matches!(invocation.program(), Some("cd" | "pushd" | "popd"));
        if self.invocations[first..].iter().any(moves) {
            self.moving_functions.insert(function.fname.value.clone());
        }
    }

    fn simple(&mut self, source: Source<'_>, command: &ast::SimpleCommand, scope: &Scope) {
        let mut parts = SimpleParts::default();
        let prefix = command.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix = command.suffix.iter().flat_map(|suffix| &suffix.0);
        for item in prefix {
            parts.add(source, item, true);
        }
        if let Some(name) = &command.word_or_name {
            parts.word(source, name);
        }
        for item in suffix {
            parts.add(source, item, false);
        }
        let Some(range) = parts.range.clone() else { return };
        let place = source.script.place(range.clone());
        let output = parts.output();
        let index = self.invocations.len();
        let SimpleParts { words, assignments, redirections, substitutions, .. } = parts;
        let only_assigns = words.is_empty();
        let item = source.script.item(range.start);
        self.push_at(item, place, scope, |invocation| {
            invocation.words = words;
            invocation.assignments = assignments;
            invocation.redirections = redirections;
            if let Some(output) = output {
                invocation.output = output;
            }
        });
        // An assignment alone has the status of its last substitution.
        let last = substitutions.len().saturating_sub(1);
        for (number, range) in substitutions.into_iter().enumerate() {
            let fails_item = scope.fails_item && only_assigns && number == last;
            let scope = Scope { fails_item, ..scope.substitution() };
            self.substitution(source, range, &scope);
        }
        let Some(invocation) = self.invocations.get(index) else { return };
        let calls_moving =
            invocation.program().is_some_and(|program| self.moving_functions.contains(program));
        self.folder =
            if calls_moving { None } else { folder::after(self.folder.as_deref(), invocation) };
    }

    /// Reads the commands of a substitution.
    fn substitution(&mut self, source: Source<'_>, range: Range<usize>, scope: &Scope) {
        let Some(text) = source.script.text.get(range.clone()) else { return };
        if self.nesting >= MAXIMUM_NESTING {
            return;
        }
        let Ok(program) = guard::parse(text) else { return };
        let source = Source { script: source.script, base: range.start };
        self.nesting += 1;
        self.aside(|walk| {
            let last = program.complete_commands.len().saturating_sub(1);
            for (index, list) in program.complete_commands.iter().enumerate() {
                let fails_item = scope.fails_item && index == last;
                walk.list(source, list, &Scope { fails_item, ..scope.clone() });
            }
        });
        self.nesting -= 1;
    }

    /// Runs something whose change of folder is lost.
    fn aside(&mut self, run: impl FnOnce(&mut Self)) {
        let folder = self.folder.clone();
        run(self);
        self.folder = folder;
    }

    /// Runs the body of a loop, which may run any number of times.
    fn looped(&mut self, run: impl FnOnce(&mut Self)) {
        let before = self.folder.clone();
        let first = self.invocations.len();
        run(self);
        if self.folder != before {
            self.folder = None;
            for invocation in &mut self.invocations[first..] {
                invocation.folder = None;
            }
        }
    }

    /// What surrounds the inside of a compound command that has redirections of its own.
    fn redirected(
        &self,
        source: Source<'_>,
        redirections: Option<&ast::RedirectList>,
        scope: &Scope,
    ) -> Scope {
        let mut parts = SimpleParts::default();
        for redirection in redirections.iter().flat_map(|list| &list.0) {
            parts.redirection(source, redirection);
        }
        Scope { output: parts.output().unwrap_or_else(|| scope.output.clone()), ..scope.clone() }
    }

    fn place(&self, source: Source<'_>, span: &SourceSpan) -> Place {
        source.script.place(source.range(span))
    }

    fn push(
        &mut self,
        source: Source<'_>,
        character: usize,
        place: Place,
        scope: &Scope,
        fill: impl FnOnce(&mut Invocation),
    ) {
        let item = source.script.item(source.script.byte(source.base, character));
        self.push_at(item, place, scope, fill);
    }

    fn push_at(
        &mut self,
        item: usize,
        place: Place,
        scope: &Scope,
        fill: impl FnOnce(&mut Invocation),
    ) {
        let Some(list_item) = self.items.get(item) else { return };
        let mut invocation = Invocation {
            section: list_item.section,
            phase: list_item.phase,
            item,
            assignments: Vec::new(),
            words: Vec::new(),
            redirections: Vec::new(),
            place,
            output: scope.output.clone(),
            piped_from: None,
            fails_item: scope.fails_item,
            conditional: scope.conditional,
            is_condition: scope.is_condition,
            in_subshell: scope.in_subshell,
            in_substitution: scope.in_substitution,
            in_function: scope.in_function,
            in_background: scope.in_background,
            folder: self.folder.clone(),
        };
        fill(&mut invocation);
        self.invocations.push(invocation);
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            output: Output::Log,
            fails_item: true,
            conditional: false,
            is_condition: false,
            in_subshell: false,
            in_substitution: false,
            in_function: false,
            in_background: false,
        }
    }
}

impl Scope {
    fn substitution(&self) -> Self {
        Self {
            output: Output::Captured,
            in_subshell: true,
            in_substitution: true,
            is_condition: false,
            ..self.clone()
        }
    }
}

impl Source<'_> {
    fn range(self, span: &SourceSpan) -> Range<usize> {
        let start = self.script.byte(self.base, span.start.index);
        start..self.script.byte(self.base, span.end.index).max(start)
    }
}

/// The folder where all agree on it.
fn merged(folders: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let mut folders = folders.into_iter();
    let first = folders.next()??;
    folders.all(|folder| folder.as_ref() == Some(&first)).then_some(first)
}

/// The parts of a simple command.
#[derive(Default)]
struct SimpleParts {
    words: Vec<Word>,
    assignments: Vec<Assignment>,
    redirections: Vec<Redirection>,
    substitutions: Vec<Range<usize>>,
    range: Option<Range<usize>>,
}

impl SimpleParts {
    fn add(&mut self, source: Source<'_>, item: &ast::CommandPrefixOrSuffixItem, before: bool) {
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

    fn word(&mut self, source: Source<'_>, word: &ast::Word) {
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
        self.assignments.push(Assignment { name, value, appends: assignment.append, place });
    }

    fn redirection(&mut self, source: Source<'_>, redirection: &ast::IoRedirect) {
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

    fn output(&self) -> Option<Output> {
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
fn test_word(source: Source<'_>, span: &SourceSpan) -> Word {
    let start = source.range(span).start;
    Word {
        raw: "[[".into(),
        text: "[[".into(),
        is_static: true,
        place: source.script.place(start..start + 2),
        ..Word::default()
    }
}

fn test_words(source: Source<'_>, expression: &ast::ExtendedTestExpr, words: &mut Vec<Word>) {
    let mut parts = SimpleParts::default();
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
