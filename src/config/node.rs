//! YAML as a tree in which every key and value knows its place.
//!
//! Scalars stay text: which type a value has is decided by the key that it
//! belongs to, so `default: 1.10` keeps its zero and `no` is never a boolean
//! by surprise.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::invalid::{Invalid, InvalidKind};

/// Far more than a settings file holds; stops aliases that multiply.
const MAXIMUM_NODES: usize = 20_000;
/// Deeper than any settings file; bounds the recursion of every reader.
const MAXIMUM_DEPTH: usize = 50;

/// A place in the file; both numbers count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// Line.
    pub line: u64,
    /// Column in characters.
    pub column: u64,
}

impl From<Marker> for Position {
    fn from(marker: Marker) -> Self {
        Self { line: marker.line() as u64, column: marker.col() as u64 + 1 }
    }
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) position: Position,
}

/// What stands at a place.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// `plain` is false for quoted and block text.
    Scalar {
        text: String,
        plain: bool,
    },
    Sequence(Vec<Node>),
    Mapping(Vec<(Key, Node)>),
}

/// The key of an entry and its place.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) position: Position,
}

impl Node {
    /// Whether nothing is given: an empty value, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What the value is, as a noun phrase for messages.
    pub(crate) fn found(&self) -> String {
        match &self.value {
            _ if self.is_null() => "nothing".into(),
            Value::Scalar { text, .. } if text.chars().count() > 60 || text.contains('\n') => {
                "a long text".into()
            }
            Value::Scalar { text, .. } if text.trim().is_empty() => "an empty text".into(),
            Value::Scalar { text, plain: true } => format!("`{text}`"),
            Value::Scalar { text, .. } => format!("the text `{text}`"),
            Value::Sequence(items) if items.is_empty() => "an empty list".into(),
            Value::Sequence(_) => "a list".into(),
            Value::Mapping(_) => "a mapping".into(),
        }
    }
}

/// Reads the one document of a file; nothing when there is none.
pub(crate) fn parse(text: &str) -> Result<Option<Node>, Invalid> {
    let mut builder =
        Builder { events: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0 };
    let mut root = None;
    while let Some((event, position)) = builder.next()? {
        match event {
            Event::DocumentStart(..) if root.is_some() => {
                return Err(InvalidKind::SecondDocument.at(position));
            }
            Event::StreamStart
            | Event::DocumentStart(..)
            | Event::DocumentEnd
            | Event::StreamEnd => {}
            other => root = Some(builder.node(other, position, 0)?),
        }
    }
    Ok(root.filter(|root| !root.is_null()))
}

struct Builder<'input, T: serde_saphyr::granit_parser::BorrowedInput<'input>> {
    events: Parser<'input, T>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

impl<'input, T: serde_saphyr::granit_parser::BorrowedInput<'input>> Builder<'input, T> {
    fn next(&mut self) -> Result<Option<(Event<'input>, Position)>, Invalid> {
        loop {
            match self.events.next_event() {
                None => return Ok(None),
                Some(Err(error)) => return Err(syntax(&error)),
                Some(Ok((Event::Comment(..) | Event::Anchor(..), _))) => {}
                Some(Ok((event, span))) => return Ok(Some((event, span.start.into()))),
            }
        }
    }

    fn expect(&mut self, position: Position) -> Result<(Event<'input>, Position), Invalid> {
        self.next()?.ok_or_else(|| {
            InvalidKind::Syntax { problem: "the file ends too early".into() }.at(position)
        })
    }

    fn node(
        &mut self,
        event: Event<'input>,
        position: Position,
        depth: usize,
    ) -> Result<Node, Invalid> {
        self.count(1, position)?;
        if depth > MAXIMUM_DEPTH {
            return Err(InvalidKind::TooComplex.at(position));
        }
        let before = self.nodes;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tagged = check_tag(tag.as_deref(), position)?;
                let plain = style == ScalarStyle::Plain && !tagged;
                (Value::Scalar { text: text.into_owned(), plain }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                check_tag(tag.as_deref(), position)?;
                (self.sequence(position, depth)?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                check_tag(tag.as_deref(), position)?;
                (self.mapping(position, depth)?, anchor)
            }
            Event::Alias(id) => {
                // An alias inside its own anchor is not known yet either.
                let Some((node, size)) = self.anchors.get(&id).cloned() else {
                    return Err(InvalidKind::TooComplex.at(position));
                };
                self.count(size, position)?;
                return Ok(Node { value: node.value, position });
            }
            _ => {
                return Err(
                    InvalidKind::Syntax { problem: "unexpected content".into() }.at(position)
                );
            }
        };
        let node = Node { value, position };
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), self.nodes - before + 1));
        }
        Ok(node)
    }

    fn sequence(&mut self, position: Position, depth: usize) -> Result<Value, Invalid> {
        let mut items = Vec::new();
        loop {
            match self.expect(position)? {
                (Event::SequenceEnd, _) => return Ok(Value::Sequence(items)),
                (event, place) => items.push(self.node(event, place, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, position: Position, depth: usize) -> Result<Value, Invalid> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut places: HashMap<String, u64> = HashMap::new();
        loop {
            let (event, place) = self.expect(position)?;
            if event == Event::MappingEnd {
                return Ok(Value::Mapping(entries));
            }
            let key = self.node(event, place, depth + 1)?;
            let Value::Scalar { text, .. } = key.value else {
                return Err(InvalidKind::KeyNotText.at(place));
            };
            if text == "<<" {
                return Err(InvalidKind::MergeKey.at(place));
            }
            if let Some(first) = places.insert(text.clone(), place.line) {
                return Err(InvalidKind::DuplicateKey { key: text, first }.at(place));
            }
            let (event, value_place) = self.expect(place)?;
            let value = self.node(event, value_place, depth + 1)?;
            entries.push((Key { text, position: place }, value));
        }
    }

    fn count(&mut self, nodes: usize, position: Position) -> Result<(), Invalid> {
        self.nodes += nodes;
        if self.nodes > MAXIMUM_NODES {
            return Err(InvalidKind::TooComplex.at(position));
        }
        Ok(())
    }
}

/// Whether a tag makes a scalar text; foreign tags are refused.
fn check_tag(tag: Option<&Tag>, position: Position) -> Result<bool, Invalid> {
    match tag {
        Some(tag) if tag.core_suffix().is_none() => {
            Err(InvalidKind::Tag { tag: tag.original() }.at(position))
        }
        Some(tag) => Ok(tag.core_suffix() == Some("str")),
        None => Ok(false),
    }
}

fn syntax(error: &ScanError) -> Invalid {
    let problem = error.kind().to_string();
    InvalidKind::Syntax { problem }.at((*error.marker()).into())
}
