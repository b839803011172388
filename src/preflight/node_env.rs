use super::Context;
use crate::report::{Finding, FindingId, Severity};

/// `NODE_ENV`, which package managers and Next read for themselves.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let from_spec = context.app().into_iter().flat_map(|app| &app.env_variables);
    let value = from_spec
        .filter(|(name, _)| name.value == "NODE_ENV")
        .map(|(_, value)| value.value.as_str())
        .next_back()
        .or_else(|| context.variables.get("NODE_ENV").map(String::as_str))
        .unwrap_or_default();
    let skips_dev_dependencies = value == "production"
        && context
            .project
            .manifest
            .manifest
            .as_ref()
            .is_some_and(|manifest| !manifest.dev_dependencies.is_empty());
    let (message, resolution) = match value {
        "production" if skips_dev_dependencies => (
            "`NODE_ENV` is `production` while dependencies are installed".to_owned(),
            "package managers then leave out `devDependencies`, where TypeScript, Tailwind and ESLint often stand",
        ),
        "" | "test" | "production" => return Vec::new(),
        other if context.uses_next() => (
            format!("`NODE_ENV` is `{other}`"),
            "`next build` means `production`; with another value pages fail in ways that do not name it",
        ),
        _ => return Vec::new(),
    };
    let finding = Finding::new(FindingId::InvalidVariable, message, resolution);
    vec![finding.severity(Severity::Warning).hint("unset `NODE_ENV`: `next build` sets it itself")]
}
