//! `# deployfix-ignore: <id> <reason>` on the line above silences one finding.

use std::{collections::BTreeMap, str::FromStr, sync::LazyLock};

use regex::Regex;

use super::{
    find::SpecFile,
    node::{Node, Place, Spanned},
};
use crate::{
    project::position,
    report::{Edit, Evidence, Finding, FindingId, Fix, Location},
};

const ID: FindingId = FindingId::BuildspecInvalidIgnore;
/// What every id of the linter begins with.
const PREFIX: &str = "configuration/buildspec-";
/// Findings that come and go with the variables of the build, so that silencing nothing here proves nothing.
const ELSEWHERE: &[FindingId] = &[
    FindingId::BuildspecAppRootMismatch,
    FindingId::BuildspecNodeVersion,
    FindingId::BuildspecHeapAboveMemory,
];

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static IGNORE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t]*(#[ \t]*deployfix-ignore\b:?[ \t]*([^\s]*)[ \t]*(.*?))[ \t]*\r?$")
        .unwrap()
});

/// A finding that a comment silences.
#[derive(Debug, Clone)]
pub(crate) struct Silenced {
    /// The finding.
    pub(crate) finding: Finding,
    /// Why it is accepted, in the words of the comment.
    pub(crate) reason: String,
}

/// What is left of the findings, and what was silenced.
#[derive(Debug, Default)]
pub(crate) struct Linted {
    /// What is wrong.
    pub(crate) findings: Vec<Finding>,
    /// What the file's comments accept.
    pub(crate) silenced: Vec<Silenced>,
}

/// One comment.
#[derive(Debug)]
struct Ignore<'a> {
    line: u64,
    place: Place,
    id: &'a str,
    id_start: usize,
    reason: &'a str,
}

/// Takes out the findings that comments silence, and adds those about the comments themselves. Only with the
/// whole project looked at does a comment that silences nothing count as wrong.
pub(crate) fn silence(
    file: &SpecFile,
    root: &Spanned<Node>,
    findings: Vec<Finding>,
    is_whole: bool,
) -> Linted {
    let ignores = read(&file.text.content, root);
    if ignores.is_empty() {
        return Linted { findings, silenced: Vec::new() };
    }
    let by_line: BTreeMap<_, _> = ignores.iter().map(|ignore| (ignore.line, ignore)).collect();
    let mut used = std::collections::BTreeSet::new();
    let mut linted = Linted::default();
    for finding in findings {
        let line = finding
            .location
            .as_ref()
            .filter(|location| location.path == file.relative_path)
            .and_then(|location| location.line);
        let above = line.and_then(|line| {
            // Comments stand one upon the other, each for one id.
            (1..line)
                .rev()
                .map_while(|line| by_line.get(&line))
                .find(|ignore| ignore.silences(&finding))
        });
        match above {
            Some(ignore) => {
                used.insert(ignore.line);
                linted.silenced.push(Silenced { finding, reason: ignore.reason.to_owned() });
            }
            None => linted.findings.push(finding),
        }
    }
    linted.findings.extend(
        ignores
            .iter()
            .filter(|ignore| !used.contains(&ignore.line))
            .filter_map(|ignore| ignore.problem(file, is_whole)),
    );
    linted
}

/// The comments, but not what only looks like one within a text.
fn read<'a>(text: &'a str, root: &Spanned<Node>) -> Vec<Ignore<'a>> {
    if !text.contains("deployfix-ignore") {
        return Vec::new();
    }
    let mut texts = Vec::new();
    collect_texts(root, &mut texts);
    texts.sort_unstable();
    let is_text = |at: usize| {
        let after = texts.partition_point(|(start, _)| *start <= at);
        after.checked_sub(1).is_some_and(|index| at < texts[index].1)
    };
    IGNORE
        .captures_iter(text)
        .filter_map(|found| {
            let (comment, id, reason) = (found.get(1)?, found.get(2)?, found.get(3)?);
            let (line, column) = position(text, comment.start());
            (!is_text(comment.start())).then(|| Ignore {
                line,
                place: Place { line, column, start: comment.start(), end: comment.end() },
                id: id.as_str(),
                id_start: id.start(),
                reason: reason.as_str().trim_start_matches(['-', ':', ' ', '\u{2014}']).trim(),
            })
        })
        .collect()
}

/// The extents of the texts that may span lines.
fn collect_texts(node: &Spanned<Node>, texts: &mut Vec<(usize, usize)>) {
    match &node.value {
        Node::String(_) => texts.push((node.place.start, node.place.end)),
        Node::Sequence(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        Node::Mapping(entries) => {
            for (key, value) in entries {
                texts.push((key.place.start, key.place.end));
                collect_texts(value, texts);
            }
        }
        _ => {}
    }
}

impl Ignore<'_> {
    fn has_reason(&self) -> bool {
        self.reason.chars().any(char::is_alphanumeric)
    }

    fn silences(&self, finding: &Finding) -> bool {
        self.id == finding.id.as_str() && self.has_reason()
    }

    fn problem(&self, file: &SpecFile, is_whole: bool) -> Option<Finding> {
        let example = "# deployfix-ignore: configuration/buildspec-<rule> <reason>";
        let location = Location::at(&file.relative_path, self.place.line, self.place.column);
        let (end_line, end_column) = position(&file.text.content, self.place.end);
        let line = &file.text.content[self.place.start
            - usize::try_from(self.place.column - 1).unwrap_or(0)
            ..self.place.end];
        let find = |message: String, resolution: String| {
            Finding::new(ID, message, resolution)
                .location(location.clone().until(end_line, end_column))
                .evidence(Evidence::at(&file.relative_path, self.place.line, line))
        };
        let Ok(id) = FindingId::from_str(self.id) else {
            let message = match self.id {
                "" => "this comment names no id".to_owned(),
                id => format!("`{id}` is no id of a finding"),
            };
            let Some(similar) = similar(self.id) else {
                let finding = find(
                    message,
                    "it silences nothing; name the id that deployfix shows with the finding"
                        .to_owned(),
                );
                return Some(finding.hint(example));
            };
            let to_number = |index: usize| u64::try_from(index).unwrap_or(u64::MAX);
            let finding = find(message, format!("it silences nothing; did you mean `{similar}`?"));
            return Some(finding.fix(Fix {
                description: format!("write the id as `{similar}`"),
                edits: vec![Edit {
                    path: file.relative_path.clone(),
                    start: to_number(self.id_start),
                    end: to_number(self.id_start + self.id.len()),
                    replacement: similar.as_str().to_owned(),
                }],
            }));
        };
        if !self.has_reason() {
            return Some(
                find(
                    format!("the comment for `{id}` gives no reason"),
                    "without one it silences nothing; say after the id why the finding is accepted"
                        .to_owned(),
                )
                .hint(example),
            );
        }
        if id == FindingId::BuildspecSyntax {
            return Some(find(
                format!("`{id}` cannot be silenced"),
                "a file that does not parse holds no comments; remove this one".to_owned(),
            ));
        }
        (is_whole && !ELSEWHERE.contains(&id)).then(|| {
            find(
                format!("the comment for `{id}` silences nothing"),
                "the line below it has no such finding; move the comment directly above the line, or remove it".to_owned(),
            )
        })
    }
}

/// The id that was meant; the part after the prefix is enough.
fn similar(text: &str) -> Option<FindingId> {
    if text.is_empty() {
        return None;
    }
    let short = text.rsplit('/').next().unwrap_or(text);
    let short = short.strip_prefix("buildspec-").unwrap_or(short);
    FindingId::ALL
        .iter()
        .filter_map(|id| {
            Some((strsim::osa_distance(id.as_str().strip_prefix(PREFIX)?, short), *id))
        })
        .filter(|(distance, _)| *distance <= 2)
        .min()
        .map(|(_, id)| id)
}
