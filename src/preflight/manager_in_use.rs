use super::Context;
use crate::{
    buildspec::Commands,
    project::{ManagerKind, ManagerProgram, requested_manager},
};

/// The manager as amplify.yml calls it.
pub(super) struct ManagerInUse {
    /// Its version, or as much of it as is known: `9`.
    pub(super) version: String,
    /// It installs, and does not only run scripts.
    pub(super) installs: bool,
    /// An option says that it is to go on whatever it finds.
    pub(super) is_forced: bool,
}

impl ManagerInUse {
    /// Nothing where another manager may do the work, or any version.
    pub(super) fn of(context: &Context<'_>) -> Option<Self> {
        let kind = context.project.manager.kind;
        let program = kind.program();
        let commands = context.spec_commands().unwrap_or_default();
        let mut fetched = Vec::new();
        let (mut is_called, mut installs) = (context.app().is_none(), context.app().is_none());
        let mut is_forced = false;
        let invocations = context.app().map(|app| Commands::read(app, "").invocations);
        let mut provides = commands.provides_manager && kind != ManagerKind::Npm;
        let mut uses_corepack = false;
        for invocation in invocations.into_iter().flatten() {
            let words = invocation.words.iter().map(|word| word.text.as_str());
            fetched.extend(
                words
                    .filter_map(|word| word.strip_prefix(program)?.strip_prefix('@'))
                    .map(ToOwned::to_owned),
            );
            let is_global = ["-g", "--global", "global"].iter().any(|word| invocation.has(word));
            provides |= is_global && invocation.has(program);
            uses_corepack |= invocation.runs("corepack");
            let is_call = invocation.runs(program) && !is_global;
            is_called |= is_call;
            installs |= is_call
                && ["ci", "clean-install", "install", "i"].iter().any(|word| invocation.has(word));
            is_forced |= invocation.runs(program)
                && ["--force", "-f", "--ignore-engines"].iter().any(|word| invocation.has(word));
        }
        is_called |= commands.deployfix_installs || commands.deployfix_builds;
        installs |= commands.deployfix_installs;
        let requested = requested_manager(context.project)
            .and_then(|requested| Some(requested.version?.to_string()));
        let version = match fetched.as_slice() {
            [version] => version.clone(),
            [] if uses_corepack => requested.clone()?,
            [] if provides => return None,
            [] => {
                let path = context.variables.get("PATH").map(String::as_str);
                match ManagerProgram::find(kind, path, &context.project.root) {
                    ManagerProgram::Package(version) => version.to_string(),
                    ManagerProgram::Corepack => requested.clone()?,
                    ManagerProgram::Missing | ManagerProgram::Unknown => return None,
                }
            }
            _ => return None,
        };
        // Most hand over to the version that is asked for, or refuse to run as another.
        let is_certain =
            kind == ManagerKind::Npm || requested.is_none_or(|requested| requested == version);
        (is_called && is_certain).then_some(Self { version, installs, is_forced })
    }
}
