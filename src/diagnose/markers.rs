use std::{collections::BTreeMap, sync::LazyLock};

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;

/// What a line says of the log itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MarkerKind {
    /// A command begins.
    Command,
    /// All failed.
    Failed,
    /// A command failed; what called it may go on.
    CommandFailed,
    /// What came before did its work.
    Succeeded,
    /// A tool names its version.
    Tool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    kind: MarkerKind,
    #[serde(default)]
    name: String,
    pattern: String,
}

/// A line that was found.
#[derive(Debug, Clone)]
pub(super) struct Marker {
    pub(super) kind: MarkerKind,
    /// First byte.
    pub(super) start: usize,
    /// Of a tool.
    pub(super) name: &'static str,
    captures: BTreeMap<&'static str, String>,
}

impl Marker {
    /// The text of a named capture.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.captures.get(name).map(String::as_str)
    }
}

struct Markers {
    rows: Vec<Row>,
    patterns: Vec<Regex>,
    set: RegexSet,
}

#[expect(clippy::expect_used, reason = "compiled in; every test of the room loads it")]
static MARKERS: LazyLock<Markers> = LazyLock::new(|| {
    let rows: Vec<Row> =
        serde_yaml::from_str(include_str!("markers.yml")).expect("markers.yml is valid");
    let patterns = rows
        .iter()
        .map(|row| RegexBuilder::new(&row.pattern).multi_line(true).unicode(false).build());
    let patterns = patterns.collect::<Result<_, _>>().expect("markers compile");
    let set = RegexSetBuilder::new(rows.iter().map(|row| &row.pattern))
        .multi_line(true)
        .unicode(false)
        .build()
        .expect("markers compile together");
    Markers { rows, patterns, set }
});

/// Every marker in clean text from a byte on, in the order of the text.
pub(super) fn markers(text: &[u8], from: usize) -> Vec<Marker> {
    let table: &'static Markers = &MARKERS;
    let mut found = Vec::new();
    for index in table.set.matches(&text[from..]) {
        let pattern = &table.patterns[index];
        let mut at = from;
        while let Some(captures) = pattern.captures_at(text, at) {
            let Some(whole) = captures.get(0) else { break };
            let named = pattern.capture_names().flatten().filter_map(|name| {
                let text = captures.name(name)?.as_bytes();
                Some((name, String::from_utf8_lossy(text).trim().to_owned()))
            });
            let row = &table.rows[index];
            found.push(Marker {
                kind: row.kind,
                start: whole.start(),
                name: &row.name,
                captures: named.collect(),
            });
            at = whole.end().max(whole.start() + 1);
            if at > text.len() {
                break;
            }
        }
    }
    found.sort_by_key(|marker| marker.start);
    found
}
