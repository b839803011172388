//! What js-yaml refuses although it is YAML to this parser.

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::{
    node::{Node, Place, Spanned},
    parse::SyntaxError,
};
use crate::project;

const CORE: &str = "tag:yaml.org,2002:";
/// The types of js-yaml's default schema.
const TYPES: &[&str] = &[
    "str",
    "int",
    "float",
    "bool",
    "null",
    "map",
    "seq",
    "set",
    "omap",
    "pairs",
    "binary",
    "timestamp",
    "merge",
];

/// The first place at which js-yaml stops.
pub(super) fn refused(content: &str, root: &Spanned<Node>) -> Option<SyntaxError> {
    let mut search = Search { content, first: None };
    if content.contains(['\t', '\n', ':']) {
        search.node(root, false);
    }
    if content.contains('!') {
        search.tags();
    }
    let (byte, reason, platform_reason) = search.first?;
    let (line, column) = project::position(content, byte);
    Some(SyntaxError { reason, platform_reason, line, column, certain: true })
}

struct Search<'a> {
    content: &'a str,
    first: Option<(usize, String, Option<&'static str>)>,
}

impl Search<'_> {
    fn found(&mut self, byte: usize, reason: impl Into<String>, platform: Option<&'static str>) {
        if self.first.as_ref().is_none_or(|(first, ..)| byte < *first) {
            self.first = Some((byte, reason.into(), platform));
        }
    }

    fn node(&mut self, node: &Spanned<Node>, inside: bool) {
        let text = self.content.get(node.place.start..).unwrap_or_default();
        let is_flow = inside || text.starts_with(['{', '[']);
        for (key, value) in node.value.entries() {
            if is_flow {
                self.flow_key(key.place);
            } else {
                self.block_key(key.place);
            }
            let is_plain =
                || self.content.get(key.place.start..).is_some_and(|text| text.starts_with("<<"));
            if key.value == "<<" && value.value == Node::Null && is_plain() {
                let platform = "cannot merge mappings; the provided source object is unacceptable";
                self.found(key.place.start, "`<<` merges nothing", Some(platform));
            }
            self.node(value, is_flow);
        }
        for item in node.value.items() {
            if !is_flow {
                self.indentation(item.place.start);
            }
            self.node(item, is_flow);
        }
    }

    /// Tabs before the first entry of a line; without a `?`, a key that is nothing.
    fn block_key(&mut self, key: Place) {
        self.indentation(key.start);
        let (before, after) = self.content.split_at_checked(key.start).unwrap_or_default();
        let is_nothing = key.start == key.end && after.starts_with(':');
        if is_nothing && self.first.is_none() && is_bare(before) && !self.has_question() {
            let platform = "incomplete explicit mapping pair; a key node is missed; or followed by a non-tabulated empty line";
            self.found(key.start, "a `:` without a key before it", Some(platform));
        }
    }

    fn has_question(&self) -> bool {
        self.content.lines().any(|line| line.trim_start_matches([' ', '-']).starts_with('?'))
    }

    /// A key over several lines; only a `?` allows it.
    fn flow_key(&mut self, key: Place) {
        let Some(own) = self.content.get(key.start..key.end) else { return };
        let after = &self.content[key.end..];
        let rest = after.trim_start();
        let is_longer = own.contains('\n') || after[..after.len() - rest.len()].contains('\n');
        let is_asked = || self.content[..key.start].trim_end().ends_with('?');
        if is_longer && rest.starts_with(':') && !is_asked() {
            let platform = "missed comma between flow collection entries";
            self.found(key.start, "a key that goes on in the next line", Some(platform));
        }
    }

    /// A tab in the indentation of a line that begins an entry.
    fn indentation(&mut self, byte: usize) {
        let before = self.content.get(..byte).unwrap_or_default();
        let start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
        let line = &before[start..];
        let entry = line.trim_start_matches([' ', '\t']);
        let indentation = &line[..line.len() - entry.len()];
        let begins = entry.chars().all(|character| matches!(character, ' ' | '\t' | '-' | '?'));
        if let (Some(tab), true) = (indentation.find('\t'), begins) {
            self.found(
                start + tab,
                "a tab in the indentation",
                Some("bad indentation of a mapping entry"),
            );
        }
    }

    /// Types that js-yaml does not know.
    fn tags(&mut self) {
        for event in Parser::new_from_str(self.content) {
            let Ok((event, span)) = event else { return };
            let (tag, is_empty_text) = match &event {
                Event::Scalar(text, style, _, Some(tag)) => {
                    (tag, text.is_empty() && *style != ScalarStyle::Plain)
                }
                Event::SequenceStart(.., Some(tag)) | Event::MappingStart(.., Some(tag)) => {
                    (tag, false)
                }
                _ => continue,
            };
            let name = name(tag);
            if is_known(&name) && !(is_empty_text && name == format!("{CORE}null")) {
                continue;
            }
            let end = span.start.byte_offset().unwrap_or_default().min(self.content.len());
            let byte = self.content[..end].rfind('!').unwrap_or(end);
            self.found(byte, format!("the unknown type `{name}`"), None);
        }
    }
}

/// Whether nothing but dashes stands before a place on its line.
fn is_bare(before: &str) -> bool {
    let line = before.rsplit(['\n', '\r']).next().unwrap_or_default();
    line.chars().all(|character| matches!(character, ' ' | '-'))
}

/// The tag in full.
fn name(tag: &Tag) -> String {
    format!("{}{}", tag.handle(), tag.suffix())
}

fn is_known(name: &str) -> bool {
    name == "!" || name.strip_prefix(CORE).is_some_and(|name| TYPES.contains(&name))
}
