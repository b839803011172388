use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex},
    time::{Duration, SystemTime},
};

use nodejs_semver::Version;
use regex::Regex;

use crate::project::ask::ask;

/// A Node that has not told its version by then never will.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The Node that the children of a build run under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeInUse {
    /// The program on PATH.
    pub(crate) program: PathBuf,
    /// Its version.
    pub(crate) version: Version,
}

/// Where nvm, fnm, volta, mise, asdf and n keep their Nodes, each in a folder that is named after its version.
#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static MANAGED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"/(?:versions/node|node-versions|installs/node|installs/nodejs|image/node)/v?(\d+\.\d+\.\d+)/(?:installation/)?bin/node$",
    )
    .unwrap()
});

/// The first Node on the PATH of an environment; nothing where there is none or it does not answer.
pub(crate) fn in_use(environment: &BTreeMap<String, String>, folder: &Path) -> Option<NodeInUse> {
    let program = which::which_in("node", environment.get("PATH"), folder).ok()?;
    let version = by_path(&program).or_else(|| asked_once(&program, environment, folder))?;
    Some(NodeInUse { program, version })
}

/// A program and the folder it is asked in: some stand-ins answer by the folder.
type Asked = (PathBuf, PathBuf, u64, Option<SystemTime>);
/// What was answered in this process; asking costs some 40 ms, and a phase wants to know several times.
static ANSWERS: Mutex<BTreeMap<Asked, Version>> = Mutex::new(BTreeMap::new());

fn asked_once(
    program: &Path,
    environment: &BTreeMap<String, String>,
    folder: &Path,
) -> Option<Version> {
    let metadata = program.metadata().ok()?;
    let key =
        (program.to_path_buf(), folder.to_path_buf(), metadata.len(), metadata.modified().ok());
    let mut answers = ANSWERS.lock().ok()?;
    if let Some(version) = answers.get(&key) {
        return Some(version.clone());
    }
    let version = by_asking(program, environment, folder)?;
    answers.insert(key, version.clone());
    Some(version)
}

/// The Node at a path; nothing where it does not start here, as one built against a newer C library.
pub(crate) fn at(
    program: &Path,
    environment: &BTreeMap<String, String>,
    folder: &Path,
) -> Option<NodeInUse> {
    let version = by_asking(program, environment, folder)?;
    Some(NodeInUse { program: program.to_path_buf(), version })
}

fn by_path(program: &Path) -> Option<Version> {
    let real = program.canonicalize().ok()?;
    Version::parse(&MANAGED.captures(real.to_str()?)?[1]).ok()
}

fn by_asking(
    program: &Path,
    environment: &BTreeMap<String, String>,
    folder: &Path,
) -> Option<Version> {
    let answer = ask(program, &["--version"], environment, folder, TIME_LIMIT)?;
    Version::parse(answer.strip_prefix('v')?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn with_node(path: &Path, script: &str) -> BTreeMap<String, String> {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        BTreeMap::from([("PATH".into(), path.parent().unwrap().display().to_string())])
    }

    #[test]
    fn the_version_is_asked_for_where_the_path_does_not_tell() {
        let folder = tempfile::tempdir().unwrap();
        let version = |environment: &BTreeMap<String, String>| {
            in_use(environment, folder.path()).map(|node| node.version.to_string())
        };
        let plain = folder.path().join("bin/node");
        assert_eq!(version(&with_node(&plain, "echo v20.1.2")).as_deref(), Some("20.1.2"));
        assert_eq!(version(&with_node(&plain, "echo v20.1.2; exit 1")), None);
        assert_eq!(version(&with_node(&plain, "echo nonsense")), None);
        let managed = folder.path().join("versions/node/v22.3.4/bin/node");
        assert_eq!(version(&with_node(&managed, "exit 1")).as_deref(), Some("22.3.4"));
        assert_eq!(version(&BTreeMap::new()), None);
    }
}
