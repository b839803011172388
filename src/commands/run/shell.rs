//! The one bash that runs the script of amplify.yml.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::{
    buildspec::Specification,
    commands::{identity::RUN_ID, session::Session},
    diagnose::Stage,
    process::{CommandSpec, Ended},
    recovery::{Attemptable, Remedy},
};

/// The script, relative to the state folder.
const SCRIPT: &str = "amplify.sh";

/// The commands of amplify.yml as one attempt: nothing is mended between them from outside.
pub(super) struct Shell {
    pub(super) command: CommandSpec,
}

impl Attemptable for Shell {
    const STAGE: Stage = Stage::Shell;

    fn command(&self) -> CommandSpec {
        self.command.clone()
    }

    fn apply(&mut self, _: Remedy, _: &Ended) -> Result<String, String> {
        Err("the commands of amplify.yml run once, as on Amplify; `deployfix install` and `deployfix build` recover".into())
    }
}

/// One bash without the user's start-up files, with what Amplify sets and this binary on `PATH`.
pub(super) fn command(
    session: &Session,
    specification: &Specification,
    own_variables: &BTreeMap<String, String>,
    script: &Path,
) -> CommandSpec {
    let mut command = CommandSpec::new(
        "bash",
        ["--noprofile".as_ref(), "--norc".as_ref(), script.as_os_str()],
        specification.directory(),
    );
    let branch = session.identity.branch.clone().unwrap_or_else(|| "main".into());
    let commit = session.identity.commit_id.clone().unwrap_or_else(|| "HEAD".into());
    let app = "dlocal0000000";
    let defaults = [
        ("AWS_APP_ID", app.to_owned()),
        ("AWS_BRANCH", branch.clone()),
        (
            "AWS_BRANCH_ARN",
            format!("arn:aws:amplify:us-east-1:000000000000:apps/{app}/branches/{branch}"),
        ),
        ("AWS_CLONE_URL", session.app_root.display().to_string()),
        ("AWS_COMMIT_ID", commit),
        ("AWS_JOB_ID", "0000000001".to_owned()),
    ];
    for (name, value) in defaults {
        if !session.variables.contains_key(name) {
            command.variables.insert(name.into(), value);
        }
    }
    command.variables.extend(own_variables.clone());
    let from_spec = specification.app().into_iter().flat_map(|app| &app.env_variables);
    command
        .variables
        .extend(from_spec.map(|(name, value)| (name.value.clone(), value.value.clone())));
    if let Some(root) = specification.app().and_then(|app| app.app_root.as_ref()) {
        command.variables.insert("AMPLIFY_MONOREPO_APP_ROOT".into(), root.value.clone());
    }
    command.variables.insert(RUN_ID.into(), session.identity.id.clone());
    // Where a phase runs decides its app, as on Amplify.
    command.removed = vec!["DEPLOYFIX_PROJECT".into(), "BASH_ENV".into()];
    if let Some(path) = &session.explicit_config {
        command.variables.insert("DEPLOYFIX_CONFIG".into(), path.display().to_string());
    }
    let path = command.variables.get("PATH").or_else(|| session.variables.get("PATH"));
    if let Some(path) = path_with_this_binary(path.map_or("", String::as_str)) {
        command.variables.insert("PATH".into(), path);
    }
    command
}

fn path_with_this_binary(path: &str) -> Option<String> {
    let binary = std::env::current_exe().ok()?;
    let folders =
        std::iter::once(binary.parent()?.to_path_buf()).chain(std::env::split_paths(path));
    Some(std::env::join_paths(folders).ok()?.to_string_lossy().into_owned())
}

/// Readable by this user alone: commands may hold what they should not.
pub(super) fn write_script(folder: &Path, script: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(SCRIPT);
    let context = || format!("cannot write `{}`", path.display());
    fs::create_dir_all(folder).with_context(context)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(context)?;
    file.write_all(script.as_bytes()).with_context(context)?;
    file.persist(&path).with_context(context)?;
    Ok(path)
}
