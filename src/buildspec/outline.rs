use std::{
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
};

use super::node::{Node, Place, Spanned};

/// Whether an outline tells where in the tree each key and value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ways {
    /// With the keys above it.
    Told,
    /// Only that it is there, and in which order.
    Untold,
}

/// The keys and values of a tree that stand outside some ranges: equal outlines before and after an
/// edit mean that it changed nothing else. Keys inside the ranges count as any key on the way, so
/// that a key can be renamed; nothing is told apart from an absent value.
pub(super) fn outline(root: &Spanned<Node>, ranges: &[Range<usize>], ways: Ways) -> Vec<u64> {
    let mut outline = Outline { ranges, ways, found: Vec::new() };
    outline.visit(root, 0);
    outline.found
}

/// The number of keys inside the ranges.
pub(super) fn keys(root: &Spanned<Node>, ranges: &[Range<usize>]) -> usize {
    let of_entries = root
        .value
        .entries()
        .iter()
        .map(|(key, value)| usize::from(touches(ranges, key.place)) + keys(value, ranges));
    let of_items = root.value.items().iter().map(|item| keys(item, ranges));
    of_entries.chain(of_items).sum()
}

/// Whether each of the ranges is exactly one text.
pub(super) fn holds_texts(root: &Spanned<Node>, ranges: &[Range<usize>]) -> bool {
    fn visit(node: &Spanned<Node>, ranges: &[Range<usize>], found: &mut usize) {
        let is_text = matches!(node.value, Node::String(_));
        let at = ranges.binary_search_by_key(&node.place.start, |range| range.start);
        if is_text && at.is_ok_and(|index| ranges[index].end == node.place.end) {
            *found += 1;
        }
        node.value.entries().iter().for_each(|(_, value)| visit(value, ranges, found));
        node.value.items().iter().for_each(|item| visit(item, ranges, found));
    }
    let mut found = 0;
    visit(root, ranges, &mut found);
    found == ranges.len()
}

struct Outline<'a> {
    ranges: &'a [Range<usize>],
    ways: Ways,
    found: Vec<u64>,
}

impl Outline<'_> {
    fn visit(&mut self, node: &Spanned<Node>, way: u64) {
        let way = if self.ways == Ways::Told { way } else { 0 };
        match &node.value {
            Node::Mapping(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    let edited = touches(self.ranges, key.place);
                    if !edited {
                        self.found.push(hash(&(way, "key", &key.value)));
                    }
                    let step = if edited { "" } else { key.value.as_str() };
                    self.visit(value, hash(&(way, "in", step)));
                }
            }
            Node::Sequence(items) if !items.is_empty() => {
                let way = hash(&(way, "item"));
                for item in items {
                    self.visit(item, way);
                }
            }
            Node::Null => {}
            _ if touches(self.ranges, node.place) => {}
            value => {
                let text = match value {
                    Node::String(text) | Node::Number(text) => text.as_str(),
                    Node::Boolean(true) => "true",
                    _ => "",
                };
                self.found.push(hash(&(way, value.kind(), text)));
            }
        }
    }
}

/// Whether a place shares a byte or an end with one of the ranges, which are in order.
fn touches(ranges: &[Range<usize>], place: Place) -> bool {
    let next = ranges.partition_point(|range| range.end < place.start);
    ranges.get(next).is_some_and(|range| range.start <= place.end)
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
