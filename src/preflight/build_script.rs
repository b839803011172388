use super::Context;
use crate::report::{Finding, FindingId, Location, Severity};

/// Whether there is something to build with.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let Some(manifest) = &context.project.manifest.manifest else { return Vec::new() };
    if context.build_command.is_some() || manifest.scripts.contains_key("build") {
        return Vec::new();
    }
    let finding = Finding::new(
        FindingId::BuildScriptMissing,
        "`package.json` has no `build` script",
        "Amplify also tells a Next.js app by that script; add it",
    )
    .location(Location::file("package.json"))
    .hint("\"scripts\": { \"build\": \"next build\" }");
    if context.uses_next() {
        return vec![
            finding
                .severity(Severity::Warning)
                .recovery("`deployfix build` runs `next build`, because `next` is a dependency"),
        ];
    }
    let runs_it = context.spec_commands().is_none_or(|commands| commands.runs_build_script);
    vec![if runs_it { finding } else { finding.severity(Severity::Warning) }]
}
