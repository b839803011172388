//! The managers' install commands in the forms that recoveries need. They are derived from the frozen one, so that every
//! other argument of it stays. What the switches do was seen by running npm 11.19, pnpm 9.15, yarn 1.22 and 4.6, bun 1.2.

use std::ffi::OsString;

use crate::{process::CommandSpec, project::ManagerKind};

/// The install that begins with the lockfile as it is, changes as little of it as it must, and writes it.
pub(super) fn unfrozen(manager: ManagerKind, frozen: &CommandSpec) -> CommandSpec {
    match manager {
        // `package-lock=false` in .npmrc would leave nothing to compare with.
        ManagerKind::Npm => replaced(frozen, "ci", &["install", "--package-lock"]),
        ManagerKind::Pnpm => replaced(frozen, "--frozen-lockfile", &["--no-frozen-lockfile"]),
        ManagerKind::YarnBerry => replaced(frozen, "--immutable", &["--no-immutable"]),
        ManagerKind::YarnClassic | ManagerKind::Bun => replaced(frozen, "--frozen-lockfile", &[]),
    }
}

/// The command that writes into the lockfile what it lacks, and installs nothing; where the manager has one that does only that.
pub(super) fn complete_lockfile(manager: ManagerKind, frozen: &CommandSpec) -> Option<CommandSpec> {
    match manager {
        ManagerKind::Npm => Some(replaced(
            frozen,
            "ci",
            &["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"],
        )),
        ManagerKind::YarnBerry => {
            Some(replaced(frozen, "--immutable", &["--no-immutable", "--mode=update-lockfile"]))
        }
        // pnpm, yarn 1 and bun install from such a lockfile; what they leave out is looked for afterwards.
        ManagerKind::Pnpm | ManagerKind::YarnClassic | ManagerKind::Bun => None,
    }
}

/// The switch that installs although peer requirements contradict each other, where the manager has one.
pub(super) fn without_peer_check(manager: ManagerKind) -> Option<&'static str> {
    match manager {
        ManagerKind::Npm => Some("--legacy-peer-deps"),
        ManagerKind::Pnpm => Some("--no-strict-peer-dependencies"),
        // They only warn of peers.
        ManagerKind::YarnClassic | ManagerKind::YarnBerry | ManagerKind::Bun => None,
    }
}

/// The command for a person, that makes a recovery permanent.
pub(super) fn write_lockfile(manager: ManagerKind) -> &'static str {
    match manager {
        ManagerKind::Npm => "npm install --package-lock-only",
        ManagerKind::Pnpm => "pnpm install --lockfile-only",
        ManagerKind::YarnClassic | ManagerKind::YarnBerry => "yarn install",
        ManagerKind::Bun => "bun install",
    }
}

fn replaced(command: &CommandSpec, argument: &str, with: &[&str]) -> CommandSpec {
    let mut command = command.clone();
    if let Some(at) = command.arguments.iter().position(|present| present == argument) {
        command.arguments.splice(at..=at, with.iter().map(OsString::from));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_argument_stays() {
        for (manager, expected) in [
            (ManagerKind::Npm, "npm install --package-lock --ignore-scripts"),
            (ManagerKind::Pnpm, "pnpm install --no-frozen-lockfile --ignore-scripts"),
            (ManagerKind::YarnClassic, "yarn install --ignore-scripts"),
            (ManagerKind::YarnBerry, "yarn install --no-immutable --ignore-scripts"),
            (ManagerKind::Bun, "bun install --ignore-scripts"),
        ] {
            let [program, arguments @ ..] = manager.frozen_install() else { unreachable!() };
            let mut frozen = CommandSpec::new(*program, arguments, ".");
            frozen.arguments.push("--ignore-scripts".into());
            assert_eq!(unfrozen(manager, &frozen).display(), expected);
        }
    }
}
