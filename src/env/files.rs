//! What `next build` sees: the process's variables and the `.env` files it loads.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    io::Read,
    path::Path,
};

use super::{
    block, dotenv,
    expand::{Endless, expand},
    problem::{Problem, ProblemKind},
};
use crate::report::Finding;

/// The files of a production build, the first to set a name wins.
pub(crate) const PRODUCTION_FILES: [&str; 4] =
    [".env.production.local", ".env.local", ".env.production", ".env"];

const MAXIMUM_BYTES: u64 = 1_000_000;

/// Where a variable comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The environment of the command, which wins over every file.
    Process,
    /// An assignment in a file.
    File {
        /// Relative to the app root.
        path: &'static str,
        /// From 1.
        line: u64,
    },
}

/// One variable as Next.js sees it.
#[derive(Clone)]
pub(crate) struct Setting {
    /// After expansion.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// All variables that a production build sees.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    /// By name.
    pub variables: BTreeMap<String, Setting>,
    /// What in the files is not read as it was meant.
    pub findings: Vec<Finding>,
}

/// Loads the files of a production build over the variables of the process, as `@next/env`
/// does. What deployfix itself wrote into `.env.production` is left out: it is a result of
/// these variables, not a source of them.
pub(crate) fn load_environment(app_root: &Path, process: &BTreeMap<String, String>) -> Environment {
    let mut environment = Environment::default();
    // The library changes the process's environment from file to file.
    let mut current = process.clone();
    let mut from_files: BTreeMap<String, Setting> = BTreeMap::new();
    let mut expanded_names = BTreeSet::new();
    for path in PRODUCTION_FILES {
        let mut problems = Vec::new();
        let text = match read(&app_root.join(path), path) {
            Ok(Some(bytes)) => decode(&bytes, path, &mut problems),
            Ok(None) => continue,
            Err(problem) => {
                problems.push(problem);
                String::new()
            }
        };
        let parsed = dotenv::parse(&block::without(&text));
        problems.extend(parsed.problems);
        let line_of = |name: &str| {
            parsed
                .entries
                .iter()
                .rev()
                .find(|entry| entry.name == name)
                .map_or(1, |entry| entry.line)
        };
        match expand(&parsed.entries, &current) {
            Err(Endless { name }) => {
                let line = line_of(&name);
                problems.push(ProblemKind::Endless { name }.at(line));
            }
            Ok(expanded) => {
                for name in expanded.unset {
                    let line = line_of(&name);
                    problems.push(ProblemKind::UnsetReference { name }.at(line));
                }
                for (name, value) in expanded.values {
                    let line = line_of(&name);
                    if let Some(own) = process.get(&name) {
                        if *own != value && expanded_names.insert(name.clone()) {
                            problems
                                .push(ProblemKind::ExpandedProcess { name: name.clone() }.at(line));
                        }
                    } else {
                        from_files.entry(name.clone()).or_insert_with(|| Setting {
                            value: value.clone(),
                            origin: Origin::File { path, line },
                        });
                    }
                    current.insert(name, value);
                }
            }
        }
        problems.sort_by_key(|problem| problem.line);
        environment.findings.extend(problems.into_iter().map(|problem| problem.into_finding(path)));
    }
    for name in process.keys() {
        let value = current.remove(name).unwrap_or_default();
        environment.variables.insert(name.clone(), Setting { value, origin: Origin::Process });
    }
    environment.variables.extend(from_files);
    environment
}

/// The bytes of a file of variables; nothing when there is none.
pub(super) fn read(path: &Path, name: &str) -> Result<Option<Vec<u8>>, Problem> {
    let file = name.to_owned();
    let unreadable = |error: &io::Error| {
        ProblemKind::Unreadable { file: file.clone(), reason: reason(error) }.whole()
    };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A symlink to nothing: Next.js reads nothing and says nothing.
            return if fs::symlink_metadata(path).is_ok() {
                Err(unreadable(&error))
            } else {
                Ok(None)
            };
        }
        Err(error) => return Err(unreadable(&error)),
    };
    if metadata.is_dir() {
        return Err(ProblemKind::Directory { file }.whole());
    }
    // A pipe would block for ever.
    if !metadata.is_file() {
        return Ok(None);
    }
    if metadata.len() > MAXIMUM_BYTES {
        return Err(ProblemKind::TooLarge { file }.whole());
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|opened| opened.take(MAXIMUM_BYTES).read_to_end(&mut bytes))
        .map_err(|error| unreadable(&error))?;
    Ok(Some(bytes))
}

/// The text that Node.js decodes. It keeps a byte order mark, which the parser skips as white space.
pub(super) fn decode(bytes: &[u8], name: &str, problems: &mut Vec<Problem>) -> String {
    if is_utf16(bytes) {
        problems.push(ProblemKind::Utf16 { file: name.to_owned() }.whole());
        return String::new();
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count() as u64;
        problems.push(ProblemKind::NotUtf8.at(line));
    }
    String::from_utf8_lossy(bytes).into_owned()
}

pub(super) fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
}

/// The system's words without their error number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string().to_lowercase();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
