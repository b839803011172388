//! A fresh clone of HEAD, which holds what Amplify will see and nothing else.

use std::{
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    mask::MaskSet,
    process::{CommandSpec, Ended, Interrupt, Limits, Sink, run},
    report::{render::count, store::DIRECTORY},
};

/// Names of ignored files and folders that a build makes itself.
const PRODUCED: &[&str] = &[
    "node_modules",
    ".next",
    "out",
    "dist",
    "build",
    "coverage",
    DIRECTORY,
    ".turbo",
    ".vercel",
    ".swc",
    ".cache",
    ".npm",
    ".yarn",
    ".pnp.cjs",
    ".pnpm-store",
    ".amplify",
    ".amplify-hosting",
    "next-env.d.ts",
    ".DS_Store",
    ".idea",
    ".vscode",
    "target",
];
/// Paths named in a line; the rest is counted.
const NAMED: usize = 3;
/// An address that no command can reach, so that nothing is pushed into the user's repository.
const NO_ORIGIN: &str = "https://deployfix.invalid/local-clone.git";

/// No clone could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CloneError {
    /// There is nothing to clone.
    #[error("`--clean` builds what is committed, and {0}")]
    NothingCommitted(String),
    /// git refused.
    #[error("the clone failed: {0}")]
    Failed(String),
    /// The temporary folder cannot be made.
    #[error("no temporary folder: {0}")]
    Folder(#[from] std::io::Error),
    /// deployfix was asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// A clone in a temporary folder, removed when dropped.
#[derive(Debug)]
pub(crate) struct CleanClone {
    manifest: Option<Untouched>,
    folder: tempfile::TempDir,
    /// The clone itself.
    pub(crate) repository: PathBuf,
    /// The app root in it.
    pub(crate) app_root: PathBuf,
    /// The commit.
    pub(crate) commit: String,
    /// What the working tree has beyond the commit, and submodules that are not there, a line each.
    pub(crate) notes: Vec<String>,
}

impl CleanClone {
    /// Clones the repository that holds an app. The clone's state folder is that of the app, so that reports, logs and
    /// history outlive it.
    pub(crate) async fn make(
        app_root: &Path,
        mask: &MaskSet,
        interrupt: &Interrupt,
    ) -> Result<Self, CloneError> {
        let repository = ask(app_root, &["rev-parse", "--show-toplevel"]).map_err(|reason| {
            CloneError::NothingCommitted(format!("this is no git repository: {reason}"))
        })?;
        let repository = PathBuf::from(repository.trim_end_matches('\n'));
        let commit = ask(app_root, &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
            .map_err(|_| {
                CloneError::NothingCommitted("the repository has no commit yet".to_owned())
            })?;
        let commit = commit.trim().to_owned();
        let real_root = app_root.canonicalize()?;
        let below = real_root.strip_prefix(&repository).unwrap_or(Path::new("")).to_path_buf();

        let folder = tempfile::Builder::new().prefix("deployfix-clean-").tempdir()?;
        // Tools name things after the folder they are in.
        let name = repository.file_name().unwrap_or("repository".as_ref());
        let target = folder.path().join(name);
        let git = Git { mask, interrupt };
        let (from, to) = (repository.as_os_str(), target.as_os_str());
        let options =
            ["clone", "--quiet", "--no-hardlinks", "--no-checkout", "--"].map(AsRef::as_ref);
        git.run(folder.path(), options.into_iter().chain([from, to])).await?;
        git.run(&target, ["checkout", "--quiet", "--detach", &commit].map(AsRef::as_ref)).await?;
        let mut notes = left_out(&repository);
        if target.join(".gitmodules").is_file() {
            notes.extend(git.submodules(&repository, &target).await?);
        }
        git.run(&target, ["remote", "set-url", "origin", NO_ORIGIN].map(AsRef::as_ref)).await?;
        let mut clone = Self {
            manifest: None,
            app_root: target.join(below),
            folder,
            repository: target,
            commit,
            notes,
        };
        if !clone.app_root.is_dir() {
            return Err(CloneError::NothingCommitted(format!(
                "`{}` is in no commit",
                app_root.display()
            )));
        }
        clone.share_state(&real_root)?;
        Ok(clone)
    }

    fn share_state(&mut self, app_root: &Path) -> Result<(), CloneError> {
        let link = self.app_root.join(DIRECTORY);
        let state = app_root.join(DIRECTORY);
        if state.is_dir() && fs::symlink_metadata(&link).is_err() {
            self.manifest = Some(Untouched::remember(state.join("manifest.json")));
            symlink(state, link)?;
            let exclude = self.repository.join(".git/info/exclude");
            fs::create_dir_all(self.repository.join(".git/info"))?;
            let known = fs::read_to_string(&exclude).unwrap_or_default();
            fs::write(exclude, format!("{known}\n{DIRECTORY}\n"))?;
        }
        Ok(())
    }

    /// Leaves the folder behind; says where it is.
    pub(crate) fn keep(self) -> PathBuf {
        let _ = self.folder.keep();
        self.repository
    }
}

/// A file that describes the user's own build, put back as it was in the end.
#[derive(Debug)]
struct Untouched {
    path: PathBuf,
    bytes: Option<Vec<u8>>,
}

impl Untouched {
    fn remember(path: PathBuf) -> Self {
        Self { bytes: fs::read(&path).ok(), path }
    }
}

impl Drop for Untouched {
    fn drop(&mut self) {
        // It only saves a later comparison from a wrong answer.
        let _ = match &self.bytes {
            Some(bytes) => fs::write(&self.path, bytes),
            None => fs::remove_file(&self.path),
        };
    }
}

/// git with its output kept for the error.
struct Git<'a> {
    mask: &'a MaskSet,
    interrupt: &'a Interrupt,
}

impl Git<'_> {
    async fn run<'s>(
        &self,
        directory: &Path,
        arguments: impl IntoIterator<Item = &'s std::ffi::OsStr>,
    ) -> Result<(), CloneError> {
        let ended = self.run_to_end(directory, arguments).await;
        if self.interrupt.signal().is_some() {
            return Err(CloneError::Interrupted);
        }
        if ended.succeeded() { Ok(()) } else { Err(CloneError::Failed(reason(&ended))) }
    }

    async fn run_to_end<'s>(
        &self,
        directory: &Path,
        arguments: impl IntoIterator<Item = &'s std::ffi::OsStr>,
    ) -> Ended {
        // The user's hooks are not part of a clone on Amplify.
        let options = ["-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false"]
            .map(AsRef::as_ref);
        let mut spec = CommandSpec::new("git", options.into_iter().chain(arguments), directory);
        spec.variables.insert("GIT_TERMINAL_PROMPT".into(), "0".into());
        spec.removed = git_variables();
        let sink = Sink { printer: None, mask: self.mask, log: None };
        run(&spec, sink, Limits::default(), self.interrupt).await
    }

    /// Takes each submodule from the user's own copy, else from where it comes; one that cannot be had stays empty.
    async fn submodules(
        &self,
        repository: &Path,
        target: &Path,
    ) -> Result<Vec<String>, CloneError> {
        let listed = ask(
            target,
            &["config", "--file", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$"],
        );
        let git_folder = ask(repository, &["rev-parse", "--git-common-dir"]).unwrap_or_default();
        let modules = repository.join(git_folder.trim()).join("modules");
        let origin = ask(repository, &["remote", "get-url", "origin"]).ok();
        if let Some(origin) = &origin {
            // Relative addresses are relative to it.
            self.run(target, ["remote", "set-url", "origin", origin.trim()].map(AsRef::as_ref))
                .await?;
        }
        let mut notes = Vec::new();
        for line in listed.unwrap_or_default().lines() {
            let Some((key, path)) = line.split_once(' ') else { continue };
            let name = key.trim_start_matches("submodule.").trim_end_matches(".path");
            let own = modules.join(name);
            let address = format!("submodule.{name}.url={}", own.display());
            let local = if own.is_dir() {
                vec!["-c", "protocol.file.allow=always", "-c", &address]
            } else {
                Vec::new()
            };
            let arguments = local.into_iter().chain([
                "submodule",
                "--quiet",
                "update",
                "--init",
                "--recursive",
                "--",
                path,
            ]);
            let ended = self.run_to_end(target, arguments.map(AsRef::as_ref)).await;
            if self.interrupt.signal().is_some() {
                return Err(CloneError::Interrupted);
            }
            if !ended.succeeded() {
                notes.push(format!(
                    "the submodule `{path}` is empty, as it could not be fetched: {}",
                    reason(&ended)
                ));
            }
        }
        Ok(notes)
    }
}

fn reason(ended: &Ended) -> String {
    let said = ended.start_error.clone().unwrap_or_else(|| ended.tail.clone());
    let telling =
        said.lines().rfind(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    telling
        .or_else(|| said.lines().rfind(|line| !line.trim().is_empty()))
        .unwrap_or("git failed")
        .to_owned()
}

/// Set inside of git's hooks, where they would name another repository.
fn git_variables() -> Vec<String> {
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"]
        .map(str::to_owned)
        .to_vec()
}

/// What git answers at once; the error is its last line.
fn ask(directory: &Path, arguments: &[&str]) -> Result<String, String> {
    ask_bytes(directory, arguments).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn ask_bytes(directory: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let mut command = Command::new("git");
    for name in git_variables() {
        command.env_remove(name);
    }
    let output = command
        // Looking must not write into the user's index.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`git` did not start: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("git failed").to_owned())
}

/// What the working tree has and the commit has not.
fn left_out(repository: &Path) -> Vec<String> {
    let status = ask_bytes(
        repository,
        &["status", "--porcelain=v1", "-z", "--untracked-files=normal", "--no-renames"],
    );
    let (mut changed, mut untracked) = (Vec::new(), Vec::new());
    for entry in status.unwrap_or_default().split(|byte| *byte == 0).filter(|entry| entry.len() > 3)
    {
        let path = String::from_utf8_lossy(&entry[3..]).into_owned();
        if entry.starts_with(b"??") { untracked.push(path) } else { changed.push(path) }
    }
    let ignored = ask_bytes(
        repository,
        &["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"],
    );
    let ignored = ignored
        .unwrap_or_default()
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| Path::new(std::ffi::OsStr::from_bytes(path)))
        .filter(|path| {
            let produced = |part: &std::ffi::OsStr| PRODUCED.iter().any(|name| part == *name);
            !path.iter().any(produced)
                && path
                    .extension()
                    .is_none_or(|extension| extension != "tsbuildinfo" && extension != "log")
        })
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    untracked.retain(|path: &String| !Path::new(path).iter().any(|part| part == DIRECTORY));
    [(changed, "uncommitted change"), (untracked, "untracked file"), (ignored, "git-ignored file")]
        .into_iter()
        .filter(|(paths, _)| !paths.is_empty())
        .map(|(paths, noun)| {
            format!(
                "left out, as Amplify will not have it: {} ({})",
                count(paths.len(), noun),
                listed(&paths)
            )
        })
        .collect()
}

fn listed(paths: &[String]) -> String {
    let named: Vec<_> = paths.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
    let rest = paths.len().saturating_sub(NAMED);
    if rest == 0 { named.join(", ") } else { format!("{} and {rest} more", named.join(", ")) }
}
