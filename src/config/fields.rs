//! One mapping of deployfix.yml: which keys it knows, and what each must be.

use std::time::Duration;

use super::{
    invalid::{Invalid, InvalidKind, similar},
    node::{Key, Node, Position, Value},
    scalars,
};

/// The entries of a mapping whose keys are all known.
pub(super) struct Fields<'a> {
    entries: &'a [(Key, Node)],
    /// Full path of the mapping, empty at the top.
    place: String,
    position: Position,
}

impl<'a> Fields<'a> {
    /// Opens a mapping; nothing at all counts as an empty one.
    pub(super) fn open(
        node: &'a Node,
        place: &str,
        known: &'static [&'static str],
    ) -> Result<Self, Invalid> {
        let entries = mapping(node, place)?;
        for (key, _) in entries {
            if !known.contains(&key.text.as_str()) {
                return Err(InvalidKind::UnknownKey {
                    key: key.text.clone(),
                    place: place.to_owned(),
                    known,
                    similar: similar(&key.text, known.iter().copied()),
                }
                .at(key.position));
            }
        }
        Ok(Self { entries, place: place.to_owned(), position: node.position })
    }

    /// The value of a key, unless it is absent or empty.
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries
            .iter()
            .find(|(k, _)| k.text == key)
            .map(|(_, node)| node)
            .filter(|n| !n.is_null())
    }

    /// The full path of a key.
    pub(super) fn path(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }

    /// The complaint that a key is absent.
    pub(super) fn missing(&self, key: &'static str, example: &'static str) -> Invalid {
        InvalidKind::MissingKey { key, place: self.place.clone(), example }.at(self.position)
    }

    /// Any scalar, as written.
    pub(super) fn text(&self, key: &str, example: &str) -> Result<Option<&'a str>, Invalid> {
        self.get(key).map(|node| text(node, &self.path(key), example)).transpose()
    }

    /// Text with at least one visible character.
    pub(super) fn filled(&self, key: &str, example: &str) -> Result<Option<String>, Invalid> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let value = text(node, &self.path(key), example)?;
        if value.trim().is_empty() {
            return Err(wrong(node, &self.path(key), "text that is not empty", example));
        }
        Ok(Some(value.to_owned()))
    }

    pub(super) fn boolean(&self, key: &str) -> Result<Option<bool>, Invalid> {
        let Some(node) = self.get(key) else { return Ok(None) };
        match &node.value {
            Value::Scalar { text, plain: true } if text == "true" => Ok(Some(true)),
            Value::Scalar { text, plain: true } if text == "false" => Ok(Some(false)),
            _ => {
                let example = format!("{key}: true");
                Err(wrong(node, &self.path(key), "`true` or `false`", &example))
            }
        }
    }

    pub(super) fn integer(
        &self,
        key: &str,
        expected: &str,
        example: &str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<usize>, Invalid> {
        let Some(node) = self.get(key) else { return Ok(None) };
        match &node.value {
            Value::Scalar { text, plain: true } => {
                text.parse().ok().filter(|number| range.contains(number))
            }
            _ => None,
        }
        .map(Some)
        .ok_or_else(|| wrong(node, &self.path(key), expected, example))
    }

    /// A duration above zero.
    pub(super) fn duration(&self, key: &str, example: &str) -> Result<Option<Duration>, Invalid> {
        let Some(node) = self.get(key) else { return Ok(None) };
        match &node.value {
            Value::Scalar { text, .. } => scalars::duration(text),
            _ => None,
        }
        .filter(|duration| !duration.is_zero())
        .map(Some)
        .ok_or_else(|| {
            wrong(node, &self.path(key), "a duration such as `25m`, `10s` or `1h30m`", example)
        })
    }

    /// A size of at least `least` bytes: fewer are a forgotten unit.
    pub(super) fn size(
        &self,
        key: &str,
        least: u64,
        expected: &str,
        example: &str,
    ) -> Result<Option<u64>, Invalid> {
        let Some(node) = self.get(key) else { return Ok(None) };
        match &node.value {
            Value::Scalar { text, .. } => scalars::size(text),
            _ => None,
        }
        .filter(|bytes| *bytes >= least)
        .map(Some)
        .ok_or_else(|| wrong(node, &self.path(key), expected, example))
    }

    /// The items of a list; none when the key is absent.
    pub(super) fn list(&self, key: &str, example: &str) -> Result<&'a [Node], Invalid> {
        match self.get(key) {
            None => Ok(&[]),
            Some(Node { value: Value::Sequence(items), .. }) => Ok(items),
            Some(node) => Err(wrong(node, &self.path(key), "a list", example)),
        }
    }
}

/// The entries of a mapping; nothing at all counts as an empty one.
pub(super) fn mapping<'a>(node: &'a Node, place: &str) -> Result<&'a [(Key, Node)], Invalid> {
    match &node.value {
        Value::Mapping(entries) => Ok(entries),
        _ if node.is_null() => Ok(&[]),
        _ if place.is_empty() => Err(wrong(node, "deployfix.yml", "a mapping", "version: 1")),
        _ => {
            let last = place.rsplit('.').next().unwrap_or(place);
            // An item of a list has no key of its own.
            let key = if last.ends_with(']') { String::new() } else { format!("{last}: ") };
            Err(wrong(node, place, "a mapping", &format!("{key}{{ … }}")))
        }
    }
}

/// The text of a scalar.
pub(super) fn text<'a>(node: &'a Node, path: &str, example: &str) -> Result<&'a str, Invalid> {
    match &node.value {
        Value::Scalar { text, .. } if !node.is_null() => Ok(text),
        _ => Err(wrong(node, path, "text", example)),
    }
}

/// The complaint that a value has not the expected form.
pub(super) fn wrong(node: &Node, path: &str, expected: &str, example: &str) -> Invalid {
    InvalidKind::Value {
        key: path.to_owned(),
        expected: expected.to_owned(),
        found: node.found(),
        example: example.to_owned(),
        similar: None,
    }
    .at(node.position)
}

/// One of some words, each with its meaning.
pub(super) fn choice<T: Clone>(
    node: &Node,
    path: &str,
    choices: &[(&str, T)],
) -> Result<T, Invalid> {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    let written = match &node.value {
        Value::Scalar { text, .. } => text.as_str(),
        _ => "",
    };
    if let Some((_, meaning)) = choices.iter().find(|(name, _)| *name == written) {
        return Ok(meaning.clone());
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let last = path.rsplit('.').next().unwrap_or(path);
    Err(InvalidKind::Value {
        key: path.to_owned(),
        expected: format!("one of {}", quoted.join(", ")),
        found: node.found(),
        example: format!("{last}: {}", names.first().unwrap_or(&"")),
        similar: similar(written, names),
    }
    .at(node.position))
}
