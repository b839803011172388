//! `overrides` of the root manifest (`override-set.js`).

use serde_json::{Map, Value};

use super::specification::Specification;
use crate::project::range::{Reading, VersionRange};

/// One rule; the first is the root and stands for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) name: String,
    /// The range behind the name: `*` for none.
    pub(super) key: String,
    /// What is asked for instead; the key where the rule only holds others.
    pub(super) value: String,
    pub(super) parent: usize,
    children: Vec<usize>,
}

/// The rules of a project.
#[derive(Debug, Clone, Default)]
pub(super) struct Overrides {
    rules: Vec<Rule>,
}

impl Overrides {
    /// Deeper than anyone nests; below it rules are not read.
    const DEEPEST: usize = 16;

    pub(super) fn read(manifest: &Map<String, Value>) -> Self {
        let mut overrides = Self::default();
        if let Some(Value::Object(table)) = manifest.get("overrides")
            && !table.is_empty()
        {
            overrides.rules.push(Rule {
                name: String::new(),
                key: String::new(),
                value: String::new(),
                parent: 0,
                children: Vec::new(),
            });
            overrides.add(0, table, 0);
        }
        overrides
    }

    fn add(&mut self, parent: usize, table: &Map<String, Value>, depth: usize) {
        for (key, value) in table.iter().filter(|(key, _)| *key != ".") {
            let end = key.char_indices().skip(1).find(|(_, character)| *character == '@');
            let (name, range) =
                end.map_or((key.as_str(), "*"), |(end, _)| (&key[..end], &key[end + 1..]));
            let own = match value {
                Value::String(text) => Some(text.as_str()),
                Value::Object(table) => table.get(".").and_then(Value::as_str),
                _ => continue,
            };
            let index = self.rules.len();
            self.rules.push(Rule {
                name: name.to_owned(),
                key: range.to_owned(),
                value: match own {
                    Some("") => "*",
                    Some(own) => own,
                    None => range,
                }
                .to_owned(),
                parent,
                children: Vec::new(),
            });
            self.rules[parent].children.push(index);
            if let Value::Object(table) = value
                && depth < Self::DEEPEST
            {
                self.add(index, table, depth + 1);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether rules hold everywhere alike.
    pub(super) fn is_flat(&self) -> bool {
        self.rules.iter().all(|rule| rule.parent == 0)
    }

    pub(super) fn rule(&self, index: usize) -> &Rule {
        &self.rules[index]
    }

    /// Whether one rule lies within the other or is the other.
    pub(super) fn is_within(&self, mut inner: usize, outer: usize) -> bool {
        while inner != outer {
            if inner == 0 {
                return false;
            }
            inner = self.rules[inner].parent;
        }
        true
    }

    /// The rule that holds for what a package in the scope of `scope` asks for; `scope` itself where none does.
    pub(super) fn rule_for(&self, scope: usize, name: &str, asked: &Specification) -> usize {
        let mut at = scope;
        loop {
            let own = (at != 0).then_some(at);
            let candidates = self.rules[at].children.iter().copied().chain(own);
            for index in candidates {
                if self.rules[index].name == name && self.fits(index, asked) {
                    return index;
                }
            }
            if at == 0 {
                return scope;
            }
            at = self.rules[at].parent;
        }
    }

    fn fits(&self, index: usize, asked: &Specification) -> bool {
        let key = &self.rules[index].key;
        if key == "*" {
            return true;
        }
        let asked = match asked.target() {
            Specification::Any => "*".to_owned(),
            Specification::Range(text) => text,
            Specification::Git(git) => match git.range {
                Some(range) => range,
                None => return false,
            },
            _ => return true,
        };
        let range = |text: &str| VersionRange::parse(text, Reading::Dependency);
        matches!((range(&asked), range(key)), (Some(asked), Some(key)) if asked.meets(&key))
    }

    /// What a rule asks for instead, `$name` read from the manifest; nothing where it changes nothing.
    pub(super) fn replacement(
        &self,
        index: usize,
        name: &str,
        manifest: &Map<String, Value>,
    ) -> Option<String> {
        let rule = self.rules.get(index).filter(|rule| rule.name == name && rule.value != "*")?;
        let Some(reference) = rule.value.strip_prefix('$') else {
            return Some(rule.value.clone());
        };
        ["devDependencies", "optionalDependencies", "dependencies", "peerDependencies"]
            .iter()
            .find_map(|section| manifest.get(*section)?.get(reference)?.as_str())
            .map(ToOwned::to_owned)
    }
}
