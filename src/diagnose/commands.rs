//! What a failure is called of which only the command is known.

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use crate::report::FindingId;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: FindingId,
    pattern: String,
}

#[expect(clippy::expect_used, reason = "compiled in; the tests load it")]
static COMMANDS: LazyLock<Vec<(FindingId, Regex)>> = LazyLock::new(|| {
    let rows: Vec<Row> =
        serde_yaml::from_str(include_str!("commands.yml")).expect("commands.yml is valid");
    let compile = |row: Row| (row.id, Regex::new(&row.pattern).expect("commands compile"));
    rows.into_iter().map(compile).collect()
});

/// The name of an unknown failure of a command, where the command tells more than that something failed.
pub(super) fn failure_of(command: &str) -> Option<FindingId> {
    COMMANDS.iter().find(|(_, pattern)| pattern.is_match(command)).map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_tells_what_failed() {
        for command in ["amplifyPush --simple", "npx ampx pipeline-deploy --branch main"] {
            assert_eq!(failure_of(command), Some(FindingId::BackendFailed), "{command}");
        }
        for command in ["npm ci", "yarn", "yarn install --frozen-lockfile", "corepack pnpm i"] {
            assert_eq!(failure_of(command), Some(FindingId::InstallFailed), "{command}");
        }
        for command in ["npm run build", "yarn build", "npm run install:check", "npx next build"] {
            assert_eq!(failure_of(command), None, "{command}");
        }
    }
}
