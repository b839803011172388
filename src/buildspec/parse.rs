use serde_saphyr::{
    Error,
    options::{DuplicateKeyPolicy, NonFiniteFloatPolicy},
};

use super::{
    js_yaml,
    node::{Node, Place, Spanned},
};
use crate::project;

/// The specification is not the YAML that Amplify's parser (js-yaml) accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct SyntaxError {
    /// What is wrong.
    pub(crate) reason: String,
    /// What Amplify's log says after `Unable to parse build spec: `, where it is known.
    pub(crate) platform_reason: Option<&'static str>,
    /// Line, from 1.
    pub(crate) line: u64,
    /// Column in characters, from 1.
    pub(crate) column: u64,
    /// Whether Amplify's parser refuses it as well; false where only a limit of ours was hit.
    pub(crate) certain: bool,
}

/// Parses a specification; the text has no byte order mark.
pub(crate) fn parse(content: &str) -> Result<Spanned<Node>, SyntaxError> {
    if let Some((offset, character)) = content.char_indices().find(|(_, c)| !is_printable(*c)) {
        let (line, column) = project::position(content, offset);
        return Err(SyntaxError {
            reason: format!("the control character U+{:04X}", u32::from(character)),
            platform_reason: Some("the stream contains non-printable characters"),
            line,
            column,
            certain: true,
        });
    }
    // Only at the beginning it is more than a character; another one of its size keeps the places.
    let content = &content.replace('\u{feff}', "\u{fffd}");
    let options = serde_saphyr::options! {
        strict_booleans: true,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
        // A reference costs js-yaml nothing, but is a copy here.
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 20_000 },
    };
    let root = if content.trim().is_empty() {
        Spanned { value: Node::Null, place: Place { line: 1, column: 1, ..Place::default() } }
    } else {
        serde_saphyr::from_str_with_options::<serde_saphyr::Spanned<Node>>(content, options)
            .map_err(|error| translate(content, &error))?
            .into()
    };
    let first = [duplicate_key(&root.value), js_yaml::refused(content, &root)]
        .into_iter()
        .flatten()
        .min_by_key(|error| (error.line, error.column));
    first.map_or(Ok(root), Err)
}

/// js-yaml's set: everything but these, tabs and line breaks stands for itself.
fn is_printable(character: char) -> bool {
    !matches!(character,
        '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}'
        | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// The second of two equal keys of one mapping, in the file's order.
fn duplicate_key(node: &Node) -> Option<SyntaxError> {
    let mut seen = std::collections::HashSet::new();
    for (key, value) in node.entries() {
        if !seen.insert(key.value.as_str()) {
            return Some(SyntaxError {
                reason: format!("the key `{}` stands twice in one mapping", key.value),
                platform_reason: Some("duplicated mapping key"),
                line: key.place.line,
                column: key.place.column,
                certain: true,
            });
        }
        if let Some(error) = duplicate_key(&value.value) {
            return Some(error);
        }
    }
    node.items().iter().find_map(|item| duplicate_key(&item.value))
}

fn translate(content: &str, error: &Error) -> SyntaxError {
    let (line, column) = error
        .location()
        .filter(|location| location.line() > 0)
        .map_or((1, 1), |location| (location.line(), location.column()));
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or_default().trim();
    let platform_reason = PLATFORM_REASONS
        .iter()
        .find(|(part, _)| reason.contains(part))
        .map(|(_, platform_reason)| *platform_reason);
    let our_limit = matches!(
        error,
        Error::Budget { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. }
            | Error::AliasReplayCounterOverflow { .. }
            | Error::AliasReplayStackDepthExceeded { .. }
            | Error::RecursiveReferencesRequireWeakTypes { .. }
    );
    let certain = !our_limit && !is_accepted(content, reason, line, column);
    let reason = match error {
        Error::MultipleDocuments { .. } => "a second document begins",
        _ => reason,
    };
    SyntaxError { reason: reason.to_owned(), platform_reason, line, column, certain }
}

/// What js-yaml accepts although this parser does not.
fn is_accepted(content: &str, reason: &str, line: u64, column: u64) -> bool {
    let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    let before: usize = content.split_inclusive('\n').take(index).map(str::len).sum();
    let text = content[before..].lines().next().unwrap_or_default();
    let to_index = |column: u64| usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
    let last = text.chars().take(to_index(column)).last();
    // A `#` directly behind a value in quotes or brackets; a date; a character of any number.
    (reason.contains("comments must be separated") && matches!(last, Some('"' | '\'' | '[' | ']' | '{' | '}' | ',')))
        || reason.contains("cannot deserialize tagged scalar")
        || (reason.contains("invalid Unicode character escape") && text.contains("\\U"))
        // A mapping on the line of the document's begin; a tab between brackets.
        || (reason.contains("mapping values are not allowed") && text.starts_with("--- "))
        || (reason.contains("did not find expected") && follows_empty_item(content, before))
        || (reason.contains("tabs disallowed") && is_in_brackets(content, before, to_index(column)))
}

/// Whether a line is an item less deep than the empty one before it: js-yaml puts both into one list.
fn follows_empty_item(content: &str, line_start: usize) -> bool {
    let (before, after) = content.split_at(line_start);
    let is_comment = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let previous = before.lines().rev().find(|line| !is_comment(line)).unwrap_or_default().trim();
    let is_empty = previous.strip_prefix('-').is_some_and(|item| is_comment(&item));
    is_empty && after.trim_start().starts_with("- ")
}

/// Whether a bracket is open before a line, or on it before a column; those in texts count as well.
fn is_in_brackets(content: &str, line_start: usize, column: usize) -> bool {
    let characters =
        content[..line_start].chars().chain(content[line_start..].chars().take(column));
    let mut open = 0_i64;
    let mut previous = ' ';
    for character in characters {
        match character {
            // Within a word it is a character.
            '[' | '{' if open > 0 || previous.is_whitespace() => open += 1,
            ']' | '}' if open > 0 => open -= 1,
            _ => {}
        }
        previous = character;
    }
    open > 0
}

/// What js-yaml says where this parser says the first; seen over 4,000 broken specifications.
const PLATFORM_REASONS: &[(&str, &str)] = &[
    ("mapping values are not allowed", "bad indentation of a mapping entry"),
    ("block mapping, did not find expected key", "bad indentation of a mapping entry"),
    ("did not find expected '-' indicator", "bad indentation of a sequence entry"),
    ("unknown anchor", "unidentified alias"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The line at which js-yaml 4 stops; `None` where it accepts.
    #[test]
    fn verdicts_are_those_of_js_yaml() {
        for (content, expected) in [
            ("", None),
            ("a: 1\r\nb: 2\r\n", None),
            ("- yes\n- on\n", None),
            ("a:\n  - echo \"a: b\" || echo \"c: d\"\n", Some(2)),
            ("a:\n  - **/*\n", Some(2)),
            ("a:\n  - `x`\n", Some(2)),
            ("a:\n  - @x\n", Some(2)),
            ("a:\n  - [ -f x ] && y\n", Some(2)),
            ("a: 1\nb: 2\na: 3\n", Some(3)),
            ("1: a\n\"1\": b\n", Some(2)),
            ("a:\n\t- b\n", Some(2)),
            ("a: b\u{7}\n", Some(1)),
            ("a: 1\n---\nb: 2\n", Some(3)),
            ("<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n", Some(2)),
        ] {
            let line = parse(content).err().map(|error| error.line);
            assert_eq!(line, expected, "{content:?}");
        }
    }

    #[test]
    fn every_key_and_value_knows_its_place() {
        let content = "é: 'x'\nlist:\n  - a b\n";
        let root = parse(content).unwrap();
        let (key, value) = &root.value.entries()[0];
        assert_eq!(&content[key.place.start..key.place.end], "é");
        assert_eq!(&content[value.place.start..value.place.end], "'x'");
        let item = &root.value.get("list").unwrap().value.items()[0];
        assert_eq!((item.place.line, item.place.column), (3, 5));
        assert_eq!(&content[item.place.start..item.place.end], "a b");
    }

    proptest! {
        #[test]
        fn no_input_panics(content in "(?s)([ \\t\\n:#&*!|>'\"%@`{}\\[\\],?a-c\u{7f}é-]|- |: |\n  ){0,80}") {
            if let Ok(root) = parse(&content) {
                prop_assert!(root.place.start <= content.len());
            }
        }
    }
}
