//! The contract held against what is set.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    contract::{Contract, Declared},
    files::{Environment, Origin, load_environment},
    leaks::{has_password, looks_secret},
};
use crate::report::{Evidence, Finding, FindingId, Location, Severity};

/// What browsers receive.
const PUBLIC: &str = "NEXT_PUBLIC_";

/// What is held against each other.
pub(crate) struct CheckRequest<'a> {
    /// What the project needs.
    pub contract: &'a Contract,
    /// The environment of the command.
    pub process: &'a BTreeMap<String, String>,
    /// The folder of the app.
    pub app_root: &'a Path,
    /// Names that amplify.yml sets; their values are not known before the build.
    pub set_by_spec: &'a BTreeSet<String>,
}

/// Everything that is wrong with the variables, errors of the contract first.
pub(crate) fn check(request: &CheckRequest<'_>) -> Vec<Finding> {
    let environment = load_environment(request.app_root, request.process);
    let mut findings = Vec::new();
    for (name, declared) in request.contract.declared() {
        if declared.variable.secret && name.starts_with(PUBLIC) {
            findings.push(declared_public_secret(name, declared));
        }
        if !request.set_by_spec.contains(name) {
            findings.extend(check_declared(name, declared, &environment));
        }
    }
    findings.extend(mentioned(request, &environment));
    for (name, setting) in &environment.variables {
        let declared = request.contract.declared.get(name);
        if name.starts_with(PUBLIC)
            && !declared.is_some_and(|declared| declared.variable.secret)
            && let Some(what) = looks_secret(&setting.value)
        {
            findings.push(public_secret(name, what, &setting.origin));
        }
    }
    findings.extend(environment.findings);
    findings
}

fn check_declared(name: &str, declared: &Declared, environment: &Environment) -> Option<Finding> {
    let Declared { variable, location } = declared;
    let setting = environment.variables.get(name);
    let value = setting
        .map(|setting| setting.value.as_str())
        .filter(|value| !value.is_empty() || variable.allows_empty());
    let Some(value) = value else {
        let state = if setting.is_some() { "is set to the empty string" } else { "is not set" };
        return missing(name, declared, state);
    };
    let misfit = variable.check(value).err()?;
    let mut finding = Finding::new(
        FindingId::InvalidVariable,
        format!("`{name}` {misfit}"),
        "code that relies on the declaration fails with this value; correct the value, or the declaration",
    )
    .location(location.clone())
    .hint(where_to_set(name, setting.map(|setting| &setting.origin)));
    // A URL may carry a password although nobody declared it secret.
    if !variable.secret && !has_password(value) && looks_secret(value).is_none() {
        let source = match setting.map(|setting| &setting.origin) {
            Some(Origin::File { path, .. }) => path,
            _ => "environment",
        };
        let shown: String = value.escape_debug().take(200).collect();
        finding = finding.evidence(Evidence::new(source, format!("{name}={shown}")));
    }
    Some(finding)
}

fn missing(name: &str, declared: &Declared, state: &str) -> Option<Finding> {
    let Declared { variable, location } = declared;
    if variable.default.is_none() && !variable.required {
        return None;
    }
    let purpose = variable
        .description
        .as_deref()
        .map(|description| format!(" ({})", description.trim().trim_end_matches('.')))
        .unwrap_or_default();
    let resolution = if variable.default.is_some() {
        format!("its declared default is used{purpose}; set it where another value is meant")
    } else {
        format!("the project declares that it needs it{purpose}; set it for the app or the branch")
    };
    let finding = Finding::new(FindingId::MissingVariable, format!("`{name}` {state}"), resolution)
        .location(location.clone())
        .hint(where_to_set(name, None));
    Some(match &variable.default {
        None => finding,
        Some(_) if variable.secret => {
            finding.severity(Severity::Info).recovery("uses the declared default")
        }
        Some(default) => finding
            .severity(Severity::Info)
            .recovery(format!("uses the declared default `{default}`")),
    })
}

fn where_to_set(name: &str, origin: Option<&Origin>) -> String {
    match origin {
        Some(Origin::File { path, line }) => format!("change `{name}` in {path}:{line}"),
        _ => format!("Amplify console > Hosting > Environment variables > `{name}`"),
    }
}

/// One finding for all names that only an example file mentions.
fn mentioned(request: &CheckRequest<'_>, environment: &Environment) -> Option<Finding> {
    let unset: Vec<(&String, &Location)> = request
        .contract
        .mentioned
        .iter()
        .filter(|(name, _)| !environment.variables.contains_key(*name))
        .filter(|(name, _)| !request.set_by_spec.contains(*name))
        .collect();
    let (_, location) = unset.iter().min_by_key(|(_, at)| (&at.path, at.line))?;
    let names: Vec<String> = unset.iter().map(|(name, _)| format!("`{name}`")).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    Some(
        Finding::new(
            FindingId::MissingVariable,
            format!("{} {verb} listed in `{}` and not set", names.join(", "), location.path),
            "code may need what the example lists; set what this deployment uses, and declare it in deployfix.yml so that its absence is an error",
        )
        .severity(Severity::Warning)
        .location((*location).clone()),
    )
}

fn declared_public_secret(name: &str, declared: &Declared) -> Finding {
    let private = name.strip_prefix(PUBLIC).unwrap_or(name);
    Finding::new(
        FindingId::PublicSecret,
        format!("`{name}` is declared secret and has a name that makes it public"),
        "Next.js writes every `NEXT_PUBLIC_` value into the files that browsers download; rename the variable and read it on the server only, or do not declare it secret",
    )
    .location(declared.location.clone())
    .hint(format!("rename it to `{private}`"))
}

fn public_secret(name: &str, what: &str, origin: &Origin) -> Finding {
    let private = name.strip_prefix(PUBLIC).unwrap_or(name);
    let finding = Finding::new(
        FindingId::PublicSecret,
        format!("the value of `{name}` looks like {what}"),
        "Next.js writes every `NEXT_PUBLIC_` value into the files that browsers download; replace the secret where it was issued, and read it on the server only",
    )
    .severity(Severity::Warning)
    .hint(format!("rename it to `{private}`"));
    match origin {
        Origin::Process => finding,
        Origin::File { path, line } => finding.location(Location::line(*path, *line)),
    }
}
