use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) use super::workspace::repository_root as root;

/// What git has checked out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Name of the branch; absent when detached.
    pub(crate) branch: Option<String>,
    /// Full hash of the commit; absent before the first one.
    pub(crate) commit: Option<String>,
}

/// Reads what is checked out at or above a folder, without starting git.
pub(crate) fn head(folder: &Path) -> Head {
    let Some(git) = root(folder).and_then(|root| git_folder(&root.join(".git"))) else {
        return Head::default();
    };
    let Ok(text) = fs::read_to_string(git.join("HEAD")) else { return Head::default() };
    match text.trim().strip_prefix("ref: ") {
        Some(reference) => Head {
            branch: reference.strip_prefix("refs/heads/").map(str::to_owned),
            commit: commit_of(&git, reference),
        },
        None => Head { branch: None, commit: Some(text.trim().to_owned()) },
    }
}

/// `.git` is a folder, or in a linked worktree a file that names one.
fn git_folder(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.to_path_buf());
    }
    let text = fs::read_to_string(path).ok()?;
    Some(path.parent()?.join(text.trim().strip_prefix("gitdir: ")?))
}

fn commit_of(git: &Path, reference: &str) -> Option<String> {
    // A linked worktree keeps its branches in the main one.
    let common = fs::read_to_string(git.join("commondir"))
        .map_or_else(|_| git.to_path_buf(), |text| git.join(text.trim()));
    if let Ok(text) = fs::read_to_string(common.join(reference)) {
        return Some(text.trim().to_owned());
    }
    let packed = fs::read_to_string(common.join("packed-refs")).ok()?;
    packed.lines().find_map(|line| {
        let (commit, name) = line.split_once(' ')?;
        (name == reference).then(|| commit.to_owned())
    })
}
