use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use crate::{
    config::{Config, VariableType, parse_config},
    env::{Contract, example_values, load_environment},
    mask::{is_connection_name, is_secret_name},
};

/// The contract's file, in the app root.
pub(crate) const FILE: &str = "deployfix.yml";
/// What browsers receive.
const PUBLIC: &str = "NEXT_PUBLIC_";

/// The variables of an app.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables {
    /// Every name that the contract or an example file lists.
    pub(crate) names: Vec<String>,
    /// Those that server code reads at run time.
    pub(crate) runtime: Vec<String>,
    /// Where they are listed.
    pub(crate) because: Option<String>,
    /// A contract to be written, where there is none and an example file lists variables.
    pub(crate) contract: Option<String>,
}

impl Variables {
    /// Reads the contract of an app, else its example file.
    pub(super) fn read(
        app_root: &Path,
        config: &Config,
        process: &BTreeMap<String, String>,
        serves: bool,
    ) -> Self {
        let contract = Contract::new(config, app_root);
        let mentioned: Vec<&str> =
            contract.mentioned().map(|(name, _)| name).filter(|name| is_name(name)).collect();
        let declared_runtime = contract
            .declared()
            .filter(|(_, declared)| declared.variable.runtime)
            .map(|(name, _)| name);
        let mut runtime: Vec<String> = declared_runtime
            .chain(mentioned.iter().copied().filter(|name| !name.starts_with(PUBLIC)))
            .filter(|_| serves)
            .map(ToOwned::to_owned)
            .collect();
        runtime.sort();
        let mut names: Vec<String> = contract
            .declared()
            .map(|(name, _)| name)
            .chain(mentioned.iter().copied())
            .map(ToOwned::to_owned)
            .collect();
        names.sort();
        let example = contract.mentioned().map(|(_, location)| location.path.clone()).next();
        let because = config.path.as_ref().map(|_| FILE.to_owned()).or_else(|| example.clone());
        let text = example
            .filter(|_| config.path.is_none() && !mentioned.is_empty())
            .map(|example| render(&example, &mentioned, app_root, process, serves));
        // A contract that deployfix itself could not read would be a bug of this file; better none.
        let contract = text.filter(|text| parse_config(text, None).is_ok());
        Self { because: because.filter(|_| !names.is_empty()), names, runtime, contract }
    }
}

fn render(
    example: &str,
    names: &[&str],
    app_root: &Path,
    process: &BTreeMap<String, String>,
    serves: bool,
) -> String {
    let set = load_environment(app_root, process).variables;
    let examples = example_values(app_root);
    let mut text = format!(
        "# The variables of this app, as {example} lists them; `deployfix validate` checks them before every build.\n\
         # secret: never shown, never sent to browsers. runtime: server code reads it, so the build hands it on.\n\
         # The list does not tell what is required: delete `required: false` where nothing works without it.\n\
         version: 1\n\
         environment:\n"
    );
    for name in names {
        let is_public = name.starts_with(PUBLIC);
        let mut fields = Vec::new();
        let fits = |kind: VariableType| {
            let value = set.get(*name).map(|setting| setting.value.as_str());
            value.is_none_or(|value| value.is_empty() || kind.accepts(value))
        };
        let is_url = (name.ends_with("_URL") || name.ends_with("_URI"))
            && examples.get(*name).is_some_and(|value| VariableType::Url.accepts(value));
        if is_url && fits(VariableType::Url) {
            fields.push("type: url");
        }
        let holds_password = name.starts_with("DATABASE_") || is_connection_name(name);
        if !is_public && (is_secret_name(name) || holds_password) {
            fields.push("secret: true");
        }
        if !is_public && serves {
            fields.push("runtime: true");
        }
        fields.push("required: false");
        let _ = writeln!(text, "  {name}: {{ {} }}", fields.join(", "));
    }
    text
}

/// Whether a shell could set a variable of this name.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
