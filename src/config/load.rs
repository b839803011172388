//! From the file on disk to a checked [`Config`].

use std::{
    fs, io,
    io::Read,
    path::{Path, PathBuf},
};

use super::{
    branches,
    invalid::{Invalid, InvalidKind},
    model::{Config, Recovery},
    node::{self, Position},
    sections,
};
use crate::report::Finding;

const NAMES: [&str; 2] = ["deployfix.yml", "deployfix.yaml"];
const MAXIMUM_BYTES: u64 = 1_000_000;

/// Reads `explicit`, or deployfix.yml in the app root; without a file everything has its default.
///
/// `branch` decides which overrides hold and, where the file says nothing, whether recovery is
/// strict. Overrides of other branches are checked as well: their mistakes would otherwise be
/// found by the deployment of that branch.
pub(crate) fn load(
    app_root: &Path,
    explicit: Option<&Path>,
    branch: Option<&str>,
) -> Result<Config, Box<Finding>> {
    let fail =
        |path: &Path, invalid: Invalid| Box::new(invalid.into_finding(&shown(app_root, path)));
    let path = match explicit {
        Some(path) => Some(path.to_path_buf()),
        None => find(app_root).map_err(|invalid| fail(&app_root.join(NAMES[0]), invalid))?,
    };
    let Some(path) = path else {
        let recovery = Recovery { mode: branches::default_mode(branch), ..Recovery::default() };
        return Ok(Config { recovery, ..Config::default() });
    };
    let mut config = read(&path, &shown(app_root, &path))
        .and_then(|text| parse(&text, branch))
        .map_err(|invalid| fail(&path, invalid))?;
    config.path = Some(path);
    Ok(config)
}

/// The text of a file as a configuration for a branch.
pub(crate) fn parse(text: &str, branch: Option<&str>) -> Result<Config, Invalid> {
    let mode = branches::default_mode(branch);
    let root = node::parse(text).map_err(|invalid| match *invalid.kind {
        InvalidKind::Syntax { .. } => plainer(text).unwrap_or(invalid),
        _ => invalid,
    })?;
    let Some(root) = root else {
        return Ok(Config {
            recovery: Recovery { mode, ..Recovery::default() },
            ..Config::default()
        });
    };
    let (base, profiles) = branches::split(&root)?;
    sections::read(&base, mode)?;
    let mut merged = base.clone();
    for profile in &profiles {
        sections::read(&profile.over(&base), mode)?;
        if branch.is_some_and(|branch| profile.matches(branch)) {
            merged = profile.over(&merged);
        }
    }
    sections::read(&merged, mode)
}

/// The cause of a syntax error where YAML's own messages explain it badly.
fn plainer(text: &str) -> Option<Invalid> {
    text.lines().zip(1..).find_map(|(line, number)| {
        if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") {
            return Some(InvalidKind::MergeConflict.at(Position { line: number, column: 1 }));
        }
        let content = line.trim_start_matches([' ', '\t']);
        if content.trim().is_empty() || content.starts_with('#') {
            return None;
        }
        let tab = line.get(..line.len() - content.len())?.find('\t')? as u64;
        Some(InvalidKind::Tab.at(Position { line: number, column: tab + 1 }))
    })
}

fn find(app_root: &Path) -> Result<Option<PathBuf>, Invalid> {
    // A broken symlink is a file that cannot be read, not the absence of one.
    let present = |name: &&str| fs::symlink_metadata(app_root.join(name)).is_ok();
    let [first, second] = NAMES;
    match (present(&first), present(&second)) {
        (true, true) => {
            Err(InvalidKind::Two { first: first.into(), second: second.into() }.whole())
        }
        (true, false) => Ok(Some(app_root.join(first))),
        (false, true) => Ok(Some(app_root.join(second))),
        (false, false) => Ok(None),
    }
}

fn read(path: &Path, shown: &str) -> Result<String, Invalid> {
    let file = shown.to_owned();
    let unreadable = |error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound if fs::symlink_metadata(path).is_err() => {
            InvalidKind::Missing { file: file.clone() }.whole()
        }
        _ => InvalidKind::Unreadable { file: file.clone(), reason: reason(error) }.whole(),
    };
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if metadata.is_dir() {
        return Err(InvalidKind::Directory { file }.whole());
    }
    if metadata.len() > MAXIMUM_BYTES {
        return Err(InvalidKind::TooLarge { file }.whole());
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|opened| opened.take(MAXIMUM_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > MAXIMUM_BYTES {
        return Err(InvalidKind::TooLarge { file }.whole());
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(InvalidKind::Utf16.whole());
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |index| index + 1);
        let line = before.split(|byte| *byte == b'\n').count() as u64;
        let column = String::from_utf8_lossy(before.get(start..).unwrap_or_default());
        InvalidKind::NotUtf8.at(Position { line, column: column.chars().count() as u64 + 1 })
    })
}

/// The system's words without their error number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string().to_lowercase();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn shown(app_root: &Path, path: &Path) -> String {
    path.strip_prefix(app_root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
