use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A place in the build specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    /// Line, from 1.
    pub(crate) line: u64,
    /// Column in characters, from 1.
    pub(crate) column: u64,
    /// First byte in the file's text, which begins after a byte order mark.
    pub(crate) start: usize,
    /// First byte after it; equals `start` for collections, whose end the parser does not know.
    pub(crate) end: usize,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spanned<T> {
    /// The value.
    pub(crate) value: T,
    /// Its place; for an alias the place of the alias.
    pub(crate) place: Place,
}

/// One YAML value with the places of everything in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`; `yes` and `on` are strings, as for js-yaml.
    Boolean(bool),
    /// An integer or a float, in normal form.
    Number(String),
    /// Text.
    String(String),
    /// A list.
    Sequence(Vec<Spanned<Node>>),
    /// A mapping in the file's order; keys are text, as JavaScript makes them.
    Mapping(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl Node {
    /// What it is, with its article.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }

    /// The text, where it is text.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entries, where it is a mapping.
    pub(crate) fn entries(&self) -> &[(Spanned<String>, Spanned<Node>)] {
        match self {
            Self::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items, where it is a list.
    pub(crate) fn items(&self) -> &[Spanned<Node>] {
        match self {
            Self::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Spanned<Self>> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A key and its value.
    pub(crate) fn entry(&self, key: &str) -> Option<(&Spanned<String>, &Spanned<Self>)> {
        self.entries().iter().find(|(name, _)| name.value == key).map(|(name, value)| (name, value))
    }

    /// The text that JavaScript makes of a key.
    fn into_key(self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Boolean(value) => value.to_string(),
            Self::Number(text) | Self::String(text) => text,
            Self::Sequence(items) => {
                items.into_iter().map(|item| item.value.into_key()).collect::<Vec<_>>().join(",")
            }
            Self::Mapping(_) => "[object Object]".to_owned(),
        }
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Node, E> {
        Ok(Node::String(text))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Node, E> {
        Ok(Node::String(String::from_utf8_lossy(bytes).into_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element::<serde_saphyr::Spanned<Node>>()? {
            items.push(item.into());
        }
        Ok(Node::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<serde_saphyr::Spanned<Node>>()? {
            let value = access.next_value::<serde_saphyr::Spanned<Node>>()?;
            let key = Spanned::<Node>::from(key);
            let key = Spanned { value: key.value.into_key(), place: key.place };
            entries.push((key, value.into()));
        }
        Ok(Node::Mapping(entries))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

impl From<serde_saphyr::Spanned<Node>> for Spanned<Node> {
    fn from(spanned: serde_saphyr::Spanned<Node>) -> Self {
        let location = spanned.referenced;
        let span = location.span();
        let start = span.byte_offset().map_or(0, to_index);
        let collection = matches!(spanned.value, Node::Sequence(_) | Node::Mapping(_));
        let length = if collection { 0 } else { span.byte_len().map_or(0, to_index) };
        Self {
            value: spanned.value,
            place: Place {
                line: location.line(),
                column: location.column(),
                start,
                end: start.saturating_add(length),
            },
        }
    }
}

fn to_index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
