//! The values that the declared variables have in the end.

use std::{collections::BTreeMap, fmt, path::Path};

use super::{
    contract::Contract,
    expand::expand_in_process,
    files::{Origin, load_environment},
};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The environment, or a file that Next.js loads.
    Set(Origin),
    /// The declaration.
    Default,
}

/// A declared variable that has a value.
#[derive(Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent answers, each asked by another caller"
)]
pub(crate) struct ResolvedVariable {
    /// The variable.
    pub name: String,
    /// Its value; a secret when `secret` says so.
    pub value: String,
    /// Where the value comes from.
    pub source: Source,
    /// Never to be shown.
    pub secret: bool,
    /// Read by server code at run time.
    pub runtime: bool,
    /// The value is the declared default, so the build's children must be given it.
    pub from_default: bool,
    /// Next.js would change the value of the process's variable once `.env.production` names it
    /// as well, because it expands `$` in it. A child that is Next.js itself must be started
    /// without this variable; it then reads the exact value from the file.
    pub withhold_from_next: bool,
}

impl fmt::Debug for ResolvedVariable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}=*** ({:?}, runtime: {})", self.name, self.source, self.runtime)
    }
}

impl ResolvedVariable {
    /// Whether it belongs into `.env.production`: what a file holds reaches the server already.
    pub(crate) fn needs_production_file(&self) -> bool {
        self.runtime && !matches!(self.source, Source::Set(Origin::File { .. }))
    }
}

/// The declared variables that have a value, by name.
pub(crate) fn resolved(
    contract: &Contract,
    process: &BTreeMap<String, String>,
    app_root: &Path,
) -> Vec<ResolvedVariable> {
    let environment = load_environment(app_root, process);
    let mut resolved = Vec::new();
    for (name, declared) in contract.declared() {
        let variable = &declared.variable;
        let set = environment
            .variables
            .get(name)
            .filter(|setting| !setting.value.is_empty() || variable.allows_empty());
        let (value, source) = match (set, &variable.default) {
            (Some(setting), _) => {
                // Not what Next.js makes of it: the value as it was set.
                let value = match setting.origin {
                    Origin::Process => process.get(name).unwrap_or(&setting.value),
                    Origin::File { .. } => &setting.value,
                };
                (value.clone(), Source::Set(setting.origin.clone()))
            }
            (None, Some(default)) => (default.clone(), Source::Default),
            (None, None) => continue,
        };
        let mut variable = ResolvedVariable {
            name: name.to_owned(),
            from_default: source == Source::Default,
            secret: variable.secret,
            runtime: variable.runtime,
            withhold_from_next: false,
            value,
            source,
        };
        variable.withhold_from_next = variable.needs_production_file()
            && expand_in_process(name, &variable.value, process).as_ref() != Some(&variable.value);
        resolved.push(variable);
    }
    resolved
}
