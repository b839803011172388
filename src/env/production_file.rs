//! Hands runtime variables to the server: Amplify's server functions do not see the variables
//! of the console, only what `.env.production` held when the app was built.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{
    block::{self, Damaged},
    dotenv::{self, Entry},
    encode::encode,
    expand::{Endless, expand},
    files::{is_utf16, read, reason},
    problem::ProblemKind,
    resolve::ResolvedVariable,
};
use crate::report::{Finding, FindingId, Location, Severity};

/// The file that Next.js loads for production, in the build and at run time.
pub(crate) const PRODUCTION_FILE: &str = ".env.production";

/// It holds secrets from now on.
const MODE: u32 = 0o600;

/// Writes the runtime variables into a marked block of `.env.production`, replacing the block of
/// an earlier run; without such variables the block is removed. Everything else in the file
/// stays byte for byte. Returns whether the file's content changed.
pub(crate) fn write_production_file(
    app_root: &Path,
    variables: &[ResolvedVariable],
) -> Result<bool, Box<Finding>> {
    let path = app_root.join(PRODUCTION_FILE);
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .filter(|variable| variable.needs_production_file())
        .map(|variable| (variable.name.as_str(), variable.value.as_str()))
        .collect();
    let existing = read(&path, PRODUCTION_FILE).map_err(|problem| {
        Box::new(problem.into_finding(PRODUCTION_FILE).severity(Severity::Error))
    })?;
    let next = content(existing.as_deref().unwrap_or_default(), &variables)?;
    if next == existing.as_deref().unwrap_or_default() {
        if !variables.is_empty() {
            restrict(&path).map_err(|error| unwritable(&error))?;
        }
        return Ok(false);
    }
    if next.is_empty() && fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
        fs::remove_file(&path).map_err(|error| unwritable(&error))?;
        return Ok(true);
    }
    replace(&path, &next, existing.is_some())?;
    Ok(true)
}

/// The file's content with the block of these variables.
fn content(existing: &[u8], variables: &[(&str, &str)]) -> Result<Vec<u8>, Box<Finding>> {
    let file = || PRODUCTION_FILE.to_owned();
    if is_utf16(existing) {
        let finding = ProblemKind::Utf16 { file: file() }.whole().into_finding(PRODUCTION_FILE);
        return Err(Box::new(finding.severity(Severity::Error)));
    }
    let old = block::find(existing).map_err(|Damaged { line }| {
        Box::new(ProblemKind::Damaged { file: file() }.at(line).into_finding(PRODUCTION_FILE))
    })?;
    let mut own = existing.to_vec();
    if let Some(range) = old {
        own.drain(range);
    }
    if variables.is_empty() {
        return Ok(own);
    }
    let joined = own.last().is_some_and(|byte| *byte != b'\n');
    let mut lines = Vec::from([block::START.to_owned()]);
    for (name, value) in variables {
        lines.push(encode(name, value).ok_or_else(|| Box::new(inexpressible(name)))?);
    }
    lines.push(if joined { block::END_JOINED } else { block::END }.to_owned());
    let mut next = own.clone();
    if joined {
        next.push(b'\n');
    }
    next.extend_from_slice(lines.join("\n").as_bytes());
    next.push(b'\n');
    // A self-reference makes Next.js drop the whole file, the block with it.
    let user_entries = dotenv::parse(&String::from_utf8_lossy(&own)).entries;
    if let Err(Endless { name }) = expand(&user_entries, &BTreeMap::new()) {
        let line = user_entries.iter().rev().find(|entry| entry.name == name).map_or(1, |e| e.line);
        let finding = ProblemKind::Endless { name }.at(line).into_finding(PRODUCTION_FILE);
        return Err(Box::new(finding));
    }
    if !reads_as_meant(&user_entries, &next, variables) {
        let finding = ProblemKind::Entangled { file: file() }.whole().into_finding(PRODUCTION_FILE);
        return Err(Box::new(finding));
    }
    Ok(next)
}

/// Whether the user's lines mean what they did, and ours what they should.
fn reads_as_meant(before: &[Entry], next: &[u8], variables: &[(&str, &str)]) -> bool {
    let after = dotenv::parse(&String::from_utf8_lossy(next)).entries;
    if !after.starts_with(before) || after.len() != before.len() + variables.len() {
        return false;
    }
    let Ok(expanded) = expand(&after, &BTreeMap::new()) else { return false };
    variables
        .iter()
        .all(|(name, value)| expanded.values.iter().any(|(n, v)| n == name && v == value))
}

fn inexpressible(name: &str) -> Finding {
    Finding::new(
        FindingId::VariableNotAtRuntime,
        format!("the value of `{name}` cannot be written to `{PRODUCTION_FILE}`"),
        "the format of `.env` files has no way to express it, because it holds every kind of quote together with `#` or line breaks, or characters that end a line; give the value without them, encoded in base64 for example",
    )
    .severity(Severity::Error)
    .location(Location::file(PRODUCTION_FILE))
    .hint(format!("set `{name}` to the base64 form of its value and decode it in the code"))
}

fn unwritable(error: &io::Error) -> Box<Finding> {
    let kind = ProblemKind::Unwritable { file: PRODUCTION_FILE.to_owned(), reason: reason(error) };
    Box::new(kind.whole().into_finding(PRODUCTION_FILE))
}

fn restrict(path: &Path) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    if metadata.permissions().mode() & 0o777 == MODE {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(MODE))
}

fn replace(path: &Path, content: &[u8], exists: bool) -> Result<(), Box<Finding>> {
    // The file behind a symlink is replaced, not the link.
    let target: PathBuf = if exists {
        fs::canonicalize(path).map_err(|error| unwritable(&error))?
    } else {
        path.to_path_buf()
    };
    if exists && fs::metadata(&target).is_ok_and(|metadata| metadata.permissions().readonly()) {
        let kind = ProblemKind::ReadOnly { file: PRODUCTION_FILE.to_owned() };
        return Err(Box::new(kind.whole().into_finding(PRODUCTION_FILE)));
    }
    let folder = target.parent().unwrap_or_else(|| Path::new("."));
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".env.production.")
            .permissions(fs::Permissions::from_mode(MODE))
            .tempfile_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|error| error.error)?;
        restrict(&target)
    };
    write().map_err(|error| unwritable(&error))
}
