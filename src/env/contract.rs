//! Which variables the project says it needs.

use std::{collections::BTreeMap, path::Path};

use super::{
    dotenv::{self, Entry},
    files,
};
use crate::{
    amplify::is_set_by_platform,
    config::{Config, Variable},
    report::Location,
};

/// Files that list the variables of a project, by custom.
const EXAMPLES: [&str; 3] = [".env.example", ".env.sample", ".env.template"];

/// Set by Next.js or the platform, whatever an example file lists.
const SET_BY_OTHERS: [&str; 5] = ["NODE_ENV", "PORT", "HOSTNAME", "CI", "NEXT_RUNTIME"];

/// A variable with what is declared about it.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    /// The declaration.
    pub variable: Variable,
    /// Where it stands.
    pub location: Location,
}

/// The variables of a project: declared ones, and names that an example file mentions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contract {
    pub(super) declared: BTreeMap<String, Declared>,
    pub(super) mentioned: BTreeMap<String, Location>,
}

impl Contract {
    /// The contract of deployfix.yml and the example files of the app root.
    pub(crate) fn new(config: &Config, app_root: &Path) -> Self {
        let path = config.path.as_deref().map_or_else(
            || "deployfix.yml".to_owned(),
            |path| path.strip_prefix(app_root).unwrap_or(path).to_string_lossy().into_owned(),
        );
        let mut contract = Self::default();
        for (name, variable) in &config.environment {
            let location = Location::line(&path, variable.line);
            contract.declare(name, variable.clone(), location);
        }
        for (example, entry) in example_entries(app_root) {
            contract.mention(&entry.name, Location::line(example, entry.line));
        }
        contract
    }

    /// Adds a declaration, of a schema in the code for example; an earlier one of the name stays.
    pub(crate) fn declare(&mut self, name: &str, variable: Variable, location: Location) {
        self.mentioned.remove(name);
        self.declared.entry(name.to_owned()).or_insert(Declared { variable, location });
    }

    /// Adds a name about which nothing more is known.
    pub(crate) fn mention(&mut self, name: &str, location: Location) {
        let others =
            SET_BY_OTHERS.contains(&name) || name.starts_with("VERCEL") || is_set_by_platform(name);
        if !others && !self.declared.contains_key(name) {
            self.mentioned.entry(name.to_owned()).or_insert(location);
        }
    }

    /// The declared variables, by name.
    pub(crate) fn declared(&self) -> impl Iterator<Item = (&str, &Declared)> {
        self.declared.iter().map(|(name, declared)| (name.as_str(), declared))
    }

    /// The names that only an example file mentions, and where.
    pub(crate) fn mentioned(&self) -> impl Iterator<Item = (&str, &Location)> {
        self.mentioned.iter().map(|(name, location)| (name.as_str(), location))
    }
}

/// The values that the example files show, by name; the first file's where several show one.
pub(crate) fn example_values(app_root: &Path) -> BTreeMap<String, String> {
    let entries = example_entries(app_root).into_iter().rev();
    entries.map(|(_, entry)| (entry.name, entry.value)).collect()
}

fn example_entries(app_root: &Path) -> Vec<(&'static str, Entry)> {
    let mut found = Vec::new();
    for example in EXAMPLES {
        // What is wrong with an example harms nobody.
        let Ok(Some(bytes)) = files::read(&app_root.join(example), example) else { continue };
        let entries = dotenv::parse(&String::from_utf8_lossy(&bytes)).entries;
        found.extend(entries.into_iter().map(|entry| (example, entry)));
    }
    found
}
