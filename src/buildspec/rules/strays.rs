//! Keys that stand where Amplify does not read them, and the keys that they were meant to be.

use super::{
    RuleContext,
    context::platform_message,
    keys::{Certainty, Home, Level, VARIABLE, home_of},
};
use crate::{
    buildspec::{
        model::App,
        node::{Node, Place, Spanned},
    },
    report::{Evidence, Severity},
};

/// What a key was meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A key of the same level.
    Misspelt(&'static str, Certainty),
    /// A key of another level.
    Misplaced(Home),
    /// Nothing that Amplify knows.
    Unknown,
}

/// A key that its level does not know.
#[derive(Debug)]
pub(super) struct Stray<'a> {
    pub(super) key: &'a Spanned<String>,
    /// The mapping that holds it.
    pub(super) owner: Owner<'a>,
    pub(super) meaning: Meaning,
}

/// A mapping with keys of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) node: &'a Spanned<Node>,
    pub(super) level: Level,
    /// The key whose value it is, and the mapping around that.
    pub(super) key: Option<(Place, &'a Spanned<Node>)>,
    /// The app it belongs to.
    pub(super) app: Option<&'a App>,
    /// What weighs what certainly fails in it.
    pub(super) severity: Severity,
}

/// What Amplify refuses to do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Required {
    Frontend,
    Artifacts,
    Files,
    AppRoot,
}

impl Required {
    /// What the build log says without it.
    pub(super) fn message(self) -> Evidence {
        platform_message(match self {
            Self::Frontend => "CustomerError: Missing frontend definition in buildspec",
            Self::Artifacts => {
                "CustomerError: The `artifacts` key was not provided in the build spec"
            }
            Self::Files => "CustomerError: Invalid artifact file paths provided in build spec",
            Self::AppRoot => {
                "CustomerError: : Invalid Monorepo spec provided. The \"appRoot\" key needs to be a string"
            }
        })
    }
}

/// Every stray key, in the file's order of mappings.
pub(super) fn find<'a>(context: &RuleContext<'a>) -> Vec<Stray<'a>> {
    owners(context).into_iter().flat_map(|owner| of(context, owner)).collect()
}

fn of<'a>(context: &RuleContext<'a>, owner: Owner<'a>) -> impl Iterator<Item = Stray<'a>> {
    let entries = owner.node.value.entries().iter();
    let strays = entries
        .filter(move |(key, _)| !owner.level.accepts(&key.value) && !is_private(context, key));
    strays.map(move |(key, value)| {
        if owner.level == Level::Env && is_variable(key, value) {
            return Stray { key, owner, meaning: Meaning::Misplaced(VARIABLE) };
        }
        let spelt_elsewhere = home_of(&key.value).filter(|home| home.key == key.value);
        let meaning = match (spelt_elsewhere, owner.level.meant(&key.value)) {
            (Some(home), _) => Meaning::Misplaced(home),
            (None, Some((right, certainty))) => Meaning::Misspelt(right, certainty),
            (None, None) => home_of(&key.value).map_or(Meaning::Unknown, Meaning::Misplaced),
        };
        Stray { key, owner, meaning }
    })
}

/// `env: { NODE_ENV: production }`
fn is_variable(key: &Spanned<String>, value: &Spanned<Node>) -> bool {
    let is_scalar = !matches!(value.value, Node::Mapping(_) | Node::Sequence(_));
    is_scalar && key.value.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Keys that hold something for the rest of the file, and those that the parser itself reads.
fn is_private(context: &RuleContext<'_>, key: &Spanned<String>) -> bool {
    let after = context.file.text.content.get(key.place.end..).unwrap_or_default();
    let line = after.lines().next().unwrap_or_default();
    let holds_anchor =
        line.split_once(':').is_some_and(|(_, value)| value.trim_start().starts_with('&'));
    key.value == "<<" || key.value.starts_with("x-") || key.value.starts_with('.') || holds_anchor
}

fn owners<'a>(context: &RuleContext<'a>) -> Vec<Owner<'a>> {
    let mut owners = Vec::new();
    if context.spec.monorepo {
        owners.push(Owner {
            node: &context.spec.root,
            level: Level::MonorepoRoot,
            key: None,
            app: None,
            severity: Severity::Warning,
        });
    }
    for (app, severity) in context.apps() {
        let level = if context.spec.monorepo { Level::Application } else { Level::Root };
        let top = Owner { node: &app.node, level, key: None, app: Some(app), severity };
        owners.push(top);
        owners.extend(below(top, "env", Level::Env));
        for (name, level) in
            [("backend", Level::Backend), ("frontend", Level::Frontend), ("test", Level::Test)]
        {
            let Some(section) = below(top, name, level) else { continue };
            owners.push(section);
            let (phases, artifacts) = match level {
                Level::Test => (Level::TestPhases, Level::TestArtifacts),
                _ => (Level::BuildPhases, Level::Artifacts),
            };
            if let Some(phases) = below(section, "phases", phases) {
                owners.push(phases);
                let names = phases.level.documented();
                owners.extend(names.filter_map(|name| below(phases, name, Level::Phase)));
            }
            if level != Level::Backend {
                owners.extend(below(section, "artifacts", artifacts));
            }
            if level == Level::Frontend {
                owners.extend(below(section, "cache", Level::Cache));
            }
        }
    }
    owners
}

fn below<'a>(owner: Owner<'a>, key: &str, level: Level) -> Option<Owner<'a>> {
    let (key, node) = owner.node.value.entry(key)?;
    let is_mapping = matches!(node.value, Node::Mapping(_));
    is_mapping.then_some(Owner { node, level, key: Some((key.place, owner.node)), ..owner })
}

impl Stray<'_> {
    /// The key that it was meant to be.
    pub(super) fn meant(&self) -> Option<&'static str> {
        match self.meaning {
            Meaning::Misspelt(right, _) => Some(right),
            Meaning::Misplaced(home) => Some(home.key),
            Meaning::Unknown => None,
        }
    }

    /// The level at which that key belongs.
    fn meant_level(&self) -> Option<Level> {
        match self.meaning {
            Meaning::Misspelt(..) => Some(self.owner.level),
            Meaning::Misplaced(home) => Some(home.level),
            Meaning::Unknown => None,
        }
    }

    /// What Amplify lacks because of it.
    pub(super) fn lacking(&self) -> Option<Required> {
        let app = self.owner.app?;
        let meant = self.meant()?;
        let level = self.meant_level()?;
        let frontend = app.frontend.as_ref();
        let artifacts = frontend.and_then(|frontend| frontend.artifacts.as_ref());
        if matches!(self.owner.level, Level::Test | Level::TestPhases | Level::TestArtifacts) {
            return None;
        }
        match (level, meant) {
            (Level::Root | Level::Application, "frontend") => {
                frontend.is_none().then_some(Required::Frontend)
            }
            (Level::Application, "appRoot") => app.app_root.is_none().then_some(Required::AppRoot),
            (Level::Frontend, _) if frontend.is_none() => Some(Required::Frontend),
            (Level::Frontend, "artifacts") if artifacts.is_none() => Some(Required::Artifacts),
            (Level::Artifacts, _) if frontend.is_some() && artifacts.is_none() => {
                Some(Required::Artifacts)
            }
            (Level::Artifacts, "files") => artifacts
                .is_some_and(|artifacts| artifacts.files.is_empty())
                .then_some(Required::Files),
            _ => None,
        }
    }
}

impl RuleContext<'_> {
    /// Whether a stray key of the app stands for what is lacking; then its own finding says so.
    pub(super) fn is_stray(&self, app: &App, required: Required) -> bool {
        self.strays_of(app).any(|stray| stray.lacking() == Some(required))
    }

    /// Whether a key of the app was meant to be this one.
    pub(super) fn is_meant(&self, app: &App, keys: &[&str]) -> bool {
        self.strays_of(app).any(|stray| stray.meant().is_some_and(|meant| keys.contains(&meant)))
    }

    fn strays_of(&self, app: &App) -> impl Iterator<Item = &Stray<'_>> {
        self.strays()
            .iter()
            .filter(move |stray| stray.owner.app.is_some_and(|other| std::ptr::eq(other, app)))
    }
}
