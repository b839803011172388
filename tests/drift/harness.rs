//! Runs deployfix and a real manager over the same projects and compares what they say.
//!
//! A test of a manager makes lockfiles with [`Manager::run`], edits them into [`Case`]s, and hands all
//! to [`compare`], which fails with a table of every disagreement.

use std::{
    fmt::Write as _,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{files::Files, managers, world::World};

/// Nothing a test starts may run longer.
const LONGEST: Duration = Duration::from_mins(2);
/// Cases at once.
const THREADS: usize = 2;
/// The findings that stand for drift.
const DRIFT: [&str; 2] = ["dependency/lockfile-out-of-sync", "dependency/platform-binary-missing"];

/// A real package manager of one version.
#[derive(Clone)]
pub struct Manager {
    /// As tables show it: `npm@10.9.4`.
    pub name: String,
    /// Its folders in front of `PATH`.
    pub programs: Vec<PathBuf>,
    /// The frozen install, run dry where the manager can: `["npm", "ci", "--dry-run"]`.
    pub frozen: Vec<String>,
    /// Variables for it and for deployfix.
    pub variables: Vec<(String, String)>,
    /// Whether what the frozen install printed, having failed, says that manifest and lockfile differ.
    pub refuses: fn(&str) -> bool,
}

impl Manager {
    /// A manager from the registry: `npm@10.9.4`, with words of its refusal.
    pub fn new(specification: &str, frozen: &[&str], refuses: fn(&str) -> bool) -> Self {
        Self {
            name: specification.to_owned(),
            programs: vec![managers::package(specification)],
            frozen: frozen.iter().map(|word| (*word).to_owned()).collect(),
            variables: Vec::new(),
            refuses,
        }
    }

    /// With a variable, for the manager and for deployfix.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Runs a command of the manager over files, and gives the files that it leaves; it must succeed.
    #[track_caller]
    pub fn run(&self, world: &World, files: &Files, words: &[&str]) -> Files {
        let copy = Copy::of(files);
        let (code, output) = copy.run(self, world, words);
        assert_eq!(code, Some(0), "{} {words:?}: {output}", self.name);
        Files::read_from(&copy.app())
    }
}

/// A project and what was done to it.
pub struct Case {
    /// `npm@10.9.4 v3: range outside the locked version`
    pub name: String,
    /// The project after the mutation.
    pub files: Files,
    /// Why the files alone cannot tell, where they cannot: deployfix must then be silent, whatever the manager says.
    pub undecided: Option<&'static str>,
}

/// A project and an edit of it.
pub fn case(name: &str, base: &Files, edit: impl FnOnce(&mut Files)) -> Case {
    let mut files = base.clone();
    edit(&mut files);
    Case { name: name.to_owned(), files, undecided: None }
}

/// The same, where the files alone cannot tell.
pub fn undecided(
    name: &str,
    reason: &'static str,
    base: &Files,
    edit: impl FnOnce(&mut Files),
) -> Case {
    Case { undecided: Some(reason), ..case(name, base, edit) }
}

/// What the real manager said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Installs,
    /// Manifest and lockfile differ.
    Refuses,
    /// It fails for another reason; the last line says for which.
    Fails(String),
}

/// Runs every case through both, prints what was undecided, and fails with a table of disagreements.
///
/// Where the manager fails for another reason, nobody can say what it would have said of the lockfile: a case in which
/// deployfix is silent then counts as a disagreement, unless it is marked undecided.
#[track_caller]
pub fn compare(world: &Arc<World>, manager: &Manager, cases: &[Case]) {
    // The managers are slow: every second mutation each, with `DEPLOYFIX_ALL_DRIFT` all; neighbours differ in which.
    let is_thinned = std::env::var_os("DEPLOYFIX_ALL_DRIFT").is_none();
    let first = manager.name.bytes().map(usize::from).sum::<usize>() % 2;
    let cases: Vec<_> = if is_thinned {
        cases.iter().skip(first).step_by(2).collect()
    } else {
        cases.iter().collect()
    };
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = (
                        *case,
                        judge(world, manager, &case.files),
                        deployfix(world, manager, &case.files),
                    );
                    results.lock().unwrap().push(result);
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    assert_eq!(results.len(), cases.len());
    results.sort_by_key(|(case, ..)| &case.name);
    let mut table = String::new();
    let (mut refused, mut undecided) = (0, 0);
    for (case, (outcome, words), findings) in &results {
        refused += usize::from(*outcome == Outcome::Refuses);
        if let Some(reason) = case.undecided {
            undecided += 1;
            println!("undecided: {}: {} {outcome:?}; {reason}", case.name, manager.name);
        }
        let agrees = match case.undecided {
            Some(_) => findings.is_empty(),
            None => match outcome {
                Outcome::Installs => findings.is_empty(),
                // Both stop the install; what the manager would have said of the lockfile is not known.
                Outcome::Refuses | Outcome::Fails(_) => !findings.is_empty(),
            },
        };
        if !agrees {
            writeln!(
                table,
                "\n## {}\n{}: {outcome:?}\n{}",
                case.name,
                manager.name,
                indented(words)
            )
            .unwrap();
            writeln!(table, "deployfix:\n{}", indented(&findings.join("\n"))).unwrap();
        }
    }
    println!("{}: {} cases, {refused} refused, {undecided} undecided", manager.name, cases.len());
    assert!(table.is_empty(), "{} and deployfix disagree:\n{table}", manager.name);
}

/// What the real manager says of the files, and its words.
pub fn judge(world: &World, manager: &Manager, files: &Files) -> (Outcome, String) {
    let copy = Copy::of(files);
    let words: Vec<_> = manager.frozen.iter().map(String::as_str).collect();
    let (code, output) = copy.run(manager, world, &words);
    let outcome = match code {
        Some(0) => Outcome::Installs,
        _ if (manager.refuses)(&output) => Outcome::Refuses,
        _ => Outcome::Fails(
            output.lines().rfind(|line| !line.is_empty()).unwrap_or_default().to_owned(),
        ),
    };
    (outcome, output)
}

/// deployfix's errors of drift over the files, with their evidence.
#[track_caller]
pub fn deployfix(world: &World, manager: &Manager, files: &Files) -> Vec<String> {
    let all = drift_findings(world, manager, files);
    let errors = all.iter().filter(|finding| finding["severity"] == "error");
    errors
        .map(|finding| {
            let evidence = finding["evidence"].as_array().into_iter().flatten();
            let lines: Vec<_> = evidence
                .map(|line| {
                    format!(
                        "  {}: {}",
                        line["source"].as_str().unwrap(),
                        line["text"].as_str().unwrap()
                    )
                })
                .collect();
            format!("{}\n{}", finding["message"].as_str().unwrap(), lines.join("\n"))
        })
        .collect()
}

/// The findings of drift, of any severity.
#[track_caller]
pub fn drift_findings(world: &World, manager: &Manager, files: &Files) -> Vec<Value> {
    let all = findings(world, manager, files).into_iter();
    all.filter(|finding| DRIFT.iter().any(|id| finding["id"] == *id)).collect()
}

/// What `validate` finds, as the report holds it.
#[track_caller]
pub fn findings(world: &World, manager: &Manager, files: &Files) -> Vec<Value> {
    let copy = Copy::of(files);
    let (_, output) = copy.run(
        manager,
        world,
        &[env!("CARGO_BIN_EXE_deployfix"), "validate", "--format", "json"],
    );
    let report = fs::read_to_string(copy.app().join(".deployfix/report.json"))
        .unwrap_or_else(|error| panic!("no report ({error}): {output}"));
    let report: Value = serde_json::from_str(&report).unwrap();
    let phases = report["phases"].as_array().unwrap();
    phases.iter().flat_map(|phase| phase["findings"].as_array().unwrap()).cloned().collect()
}

/// A fresh copy of files.
struct Copy(tempfile::TempDir);

impl Copy {
    fn of(files: &Files) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A repository boundary, so that nothing above the folder is looked at.
        fs::create_dir_all(folder.path().join("app/.git")).unwrap();
        files.write_to(&folder.path().join("app"));
        Self(folder)
    }

    fn app(&self) -> PathBuf {
        self.0.path().join("app")
    }

    /// Runs a program in the app; nothing of the machine's settings reaches it.
    fn run(&self, manager: &Manager, world: &World, words: &[&str]) -> (Option<i32>, String) {
        let log = self.0.path().join("log");
        let output = File::create(&log).unwrap();
        let path = std::env::join_paths(
            manager
                .programs
                .iter()
                .cloned()
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        )
        .unwrap();
        let mut child = Command::new(find(words[0], &path))
            .args(&words[1..])
            .current_dir(self.app())
            .env_clear()
            .env("PATH", &path)
            .env("HOME", world.home())
            .env("CI", "1")
            .env("NO_COLOR", "1")
            .envs(manager.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let until = Instant::now() + LONGEST;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > until {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{words:?} still running after {LONGEST:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        (status.code(), String::from_utf8_lossy(&fs::read(log).unwrap()).into_owned())
    }
}

/// A program on a path of folders; what has a folder in its name is that program.
fn find(program: &str, path: &std::ffi::OsStr) -> PathBuf {
    if Path::new(program).is_absolute() {
        return program.into();
    }
    std::env::split_paths(path)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("no {program} on the path"))
}

fn indented(text: &str) -> String {
    format!("    {}\n", text.trim_end().replace('\n', "\n    "))
}
