use std::{
    ffi::OsString,
    io,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{BuildLayout, standalone};
use crate::{
    project::output::OutputMode,
    report::{Finding, FindingId},
};

/// A server to start; deployfix's process supervisor starts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServeCommand {
    /// The program.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// Variables to set beside the inherited ones.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Where it runs.
    pub(crate) directory: PathBuf,
}

/// How the build comes to be served.
#[derive(Debug)]
pub(crate) enum Launch {
    /// By a child. `copy` is what it runs in, removed when dropped.
    Child {
        /// The child.
        command: ServeCommand,
        /// A temporary copy of the standalone output.
        copy: Option<TempDir>,
    },
    /// By a `StaticServer` of this folder.
    Files(PathBuf),
}

/// Why the build cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaunchError {
    /// No `next` from the app root upward.
    #[error("`next` is not installed in `{0}` or above it")]
    NextNotInstalled(PathBuf),
    /// `output: "standalone"` without its server.
    #[error("`{0}` has no `server.js`")]
    StandaloneServerMissing(PathBuf),
    /// `output: "export"` without its folder.
    #[error("the exported folder `{0}` does not exist")]
    ExportMissing(PathBuf),
    /// The temporary copy failed.
    #[error("the standalone output cannot be copied to `{path}`: {source}")]
    Copy {
        /// Where it failed.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl From<LaunchError> for Finding {
    fn from(error: LaunchError) -> Self {
        let message = error.to_string();
        match error {
            LaunchError::NextNotInstalled(_) => Self::new(
                FindingId::ServerStartFailed,
                message,
                "the built app is served by the `next` of its own dependencies; install them before the health check",
            )
            .hint("deployfix install"),
            LaunchError::StandaloneServerMissing(_) => Self::new(
                FindingId::ArtifactMissing,
                message,
                "the build did not finish, or was not made with `output: \"standalone\"`; build again and keep the folder as it is",
            )
            .hint("deployfix build"),
            LaunchError::ExportMissing(_) => Self::new(
                FindingId::ArtifactMissing,
                message,
                "the build did not finish, or was not made with `output: \"export\"`; build again",
            )
            .hint("deployfix build"),
            LaunchError::Copy { .. } => Self::new(
                FindingId::ServerStartFailed,
                message,
                "the standalone server is checked in a temporary copy, so that the artifact stays untouched; the temporary folder needs room for it",
            )
            .hint("set `TMPDIR` to a folder on a disk with free space"),
        }
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Decides how the build is served on a port of this machine.
pub(crate) fn plan_launch(
    layout: &BuildLayout,
    node: &Path,
    port: u16,
) -> Result<Launch, LaunchError> {
    match layout.mode {
        OutputMode::Server => {
            Ok(Launch::Child { command: next_start(layout, node, port)?, copy: None })
        }
        OutputMode::Standalone => {
            let (copy, directory) = standalone::prepare(layout)?;
            let command = ServeCommand {
                program: node.to_owned(),
                arguments: vec![directory.join("server.js").into()],
                variables: variables(port),
                directory,
            };
            Ok(Launch::Child { command, copy: Some(copy) })
        }
        OutputMode::Export => {
            let folder = layout.export();
            if folder.is_dir() {
                Ok(Launch::Files(folder))
            } else {
                Err(LaunchError::ExportMissing(folder))
            }
        }
    }
}

fn next_start(layout: &BuildLayout, node: &Path, port: u16) -> Result<ServeCommand, LaunchError> {
    let start = ["start", "-p", &port.to_string(), "-H", "127.0.0.1"].map(OsString::from);
    let found = |path: &str| {
        layout.app_root.ancestors().map(|folder| folder.join(path)).find(|path| path.is_file())
    };
    // The script itself: `.bin/next` is a shell script under pnpm and may be missing in a restored cache.
    let (program, mut arguments) = if let Some(next) = found("node_modules/next/dist/bin/next") {
        (node.to_owned(), vec![next.into()])
    } else if let Some(next) = found("node_modules/.bin/next") {
        (next, Vec::new())
    } else if found(".pnp.cjs").is_some() {
        (PathBuf::from("yarn"), vec!["run".into(), "next".into()])
    } else {
        return Err(LaunchError::NextNotInstalled(layout.app_root.clone()));
    };
    arguments.extend(start);
    let directory = layout.app_root.clone();
    Ok(ServeCommand { program, arguments, variables: variables(port), directory })
}

fn variables(port: u16) -> Vec<(&'static str, String)> {
    vec![
        ("NODE_ENV", "production".to_owned()),
        ("PORT", port.to_string()),
        ("HOSTNAME", "127.0.0.1".to_owned()),
        ("NEXT_TELEMETRY_DISABLED", "1".to_owned()),
    ]
}
