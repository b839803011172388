//! The `branches` section: which overrides a branch gets.

use regex::Regex;

use super::{
    fields::mapping,
    invalid::{Invalid, InvalidKind},
    model::RecoveryMode,
    node::{Key, Node, Value},
};

/// Branches whose deployments are taken for production unless the file says otherwise.
const PRODUCTION: &[&str] = &["main", "master", "production", "prod", "release"];

/// The mode of recovery where the file says nothing.
pub(super) fn default_mode(branch: Option<&str>) -> RecoveryMode {
    match branch {
        Some(branch) if PRODUCTION.contains(&branch) => RecoveryMode::Strict,
        _ => RecoveryMode::Lenient,
    }
}

/// The overrides of one pattern.
pub(super) struct Profile {
    pattern: Regex,
    /// More literal characters are more specific; an exact name beats every pattern.
    specificity: (bool, usize),
    overrides: Node,
}

/// Splits the file into what holds for all branches and the profiles, least specific first.
pub(super) fn split(root: &Node) -> Result<(Node, Vec<Profile>), Invalid> {
    let mut base = root.clone();
    let Value::Mapping(entries) = &mut base.value else { return Ok((base, Vec::new())) };
    let Some(index) = entries.iter().position(|(key, _)| key.text == "branches") else {
        return Ok((base, Vec::new()));
    };
    let (_, branches) = entries.remove(index);
    let mut profiles = Vec::new();
    for (key, overrides) in mapping(&branches, "branches")? {
        let entries = mapping(overrides, &format!("branches.{}", key.text))?;
        let misplaced = |key: &&(Key, Node)| matches!(key.0.text.as_str(), "branches" | "version");
        if let Some((misplaced, _)) = entries.iter().find(misplaced) {
            let key = misplaced.text.clone();
            return Err(InvalidKind::NotInBranch { key }.at(misplaced.position));
        }
        let literal = key.text.chars().filter(|c| !matches!(c, '*' | '?')).count();
        profiles.push(Profile {
            pattern: glob(key)?,
            specificity: (literal == key.text.chars().count(), literal),
            overrides: overrides.clone(),
        });
    }
    profiles.sort_by_key(|profile| profile.specificity);
    Ok((base, profiles))
}

impl Profile {
    /// Whether it holds for a branch.
    pub(super) fn matches(&self, branch: &str) -> bool {
        self.pattern.is_match(branch)
    }

    /// The file with these overrides.
    pub(super) fn over(&self, base: &Node) -> Node {
        merge(base.clone(), &self.overrides)
    }
}

/// Mappings are merged key by key; everything else is replaced.
fn merge(mut base: Node, over: &Node) -> Node {
    match (&mut base.value, &over.value) {
        (Value::Mapping(entries), Value::Mapping(overrides)) => {
            for (key, node) in overrides {
                match entries.iter_mut().find(|(known, _)| known.text == key.text) {
                    Some((_, value)) => *value = merge(value.clone(), node),
                    None => entries.push((key.clone(), node.clone())),
                }
            }
            base
        }
        // An override that is empty, its entries commented out perhaps, changes nothing.
        (Value::Mapping(_), _) if over.is_null() => base,
        _ => over.clone(),
    }
}

/// A branch pattern as a regular expression.
fn glob(key: &Key) -> Result<Regex, Invalid> {
    let invalid = || InvalidKind::BranchGlob { glob: key.text.clone() }.at(key.position);
    if key.text.is_empty() || key.text.contains(['[', ']', '{', '}', ' ', '\\', '!']) {
        return Err(invalid());
    }
    let source = regex::escape(&key.text)
        .replace(r"\*\*", ".*")
        .replace(r"\*", "[^/]*")
        .replace(r"\?", "[^/]");
    Regex::new(&format!("^(?:{source})$")).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::node::Position;

    #[test]
    fn globs() {
        for (pattern, branch, expected) in [
            ("main", "main", true),
            ("main", "maintenance", false),
            ("feature/*", "feature/login", true),
            ("feature/*", "feature/a/b", false),
            ("feature/**", "feature/a/b", true),
            ("*", "dev", true),
            ("*", "a/b", false),
            ("**", "a/b", true),
            ("v?.x", "v1.x", true),
            ("v?.x", "v1ax", false),
        ] {
            let key = Key { text: pattern.into(), position: Position { line: 1, column: 1 } };
            assert_eq!(glob(&key).unwrap().is_match(branch), expected, "{pattern} {branch}");
        }
    }
}
