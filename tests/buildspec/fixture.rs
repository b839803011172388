//! One fixture: where it lies, what it asks for, the real binary run on it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::linted::Linted;

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/buildspec")
}

/// The fixtures of `bad` or `good`, by name.
pub fn all(kind: &str) -> Vec<Fixture> {
    let mut paths: Vec<_> = files(kind)
        .filter(|path| Path::new(path).extension().is_some_and(|ending| ending == "yml"))
        .collect();
    paths.sort();
    paths.into_iter().map(Fixture::read).collect()
}

/// The files of a folder, relative to that of the tests.
pub fn files(kind: &str) -> impl Iterator<Item = String> {
    fs::read_dir(folder().join(kind))
        .unwrap()
        .map(move |entry| format!("{kind}/{}", entry.unwrap().file_name().to_str().unwrap()))
}

pub struct Fixture {
    /// Relative to the folder of the tests.
    pub path: String,
    pub text: Vec<u8>,
    project: Option<String>,
    app: String,
    variables: Vec<(String, String)>,
}

impl Fixture {
    fn read(path: String) -> Self {
        let text = fs::read(folder().join(&path)).unwrap();
        let mut fixture =
            Self { path, project: None, app: String::new(), variables: Vec::new(), text };
        let text = String::from_utf8_lossy(&fixture.text).into_owned();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let Some((name, value)) =
                line.strip_prefix('#').and_then(|comment| comment.split_once(':'))
            else {
                break;
            };
            let value = value.trim().to_owned();
            match name.trim() {
                "project" => fixture.project = Some(value),
                "app" => fixture.app = value,
                "env" => {
                    let (name, value) = value.split_once('=').expect("`# env: NAME=value`");
                    fixture.variables.push((name.into(), value.into()));
                }
                // A comment of the fixture itself.
                _ => break,
            }
        }
        fixture
    }

    /// The rule that it is about, without `configuration/buildspec-`.
    pub fn rule(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap();
        let (rule, number) =
            name.trim_end_matches(".yml").rsplit_once('-').expect("<rule>-<n>.yml");
        assert!(number.parse::<u32>().is_ok(), "{}: not <rule>-<n>.yml", self.path);
        rule
    }

    /// The file beside it with another ending.
    pub fn beside(&self, ending: &str) -> PathBuf {
        folder().join(&self.path).with_extension(ending)
    }

    /// What the binary says of it: alone, or as the amplify.yml of its project.
    pub fn lint(&self, options: &[&str]) -> Linted {
        let Some(shape) = &self.project else {
            assert!(self.app.is_empty(), "{}: `# app:` without `# project:`", self.path);
            return self.run(&folder(), &["--buildspec", &self.path], options);
        };
        let repository = tempfile::tempdir().unwrap();
        copy(&folder().join("projects").join(shape), repository.path());
        // A boundary, so that nothing above the folder is looked at.
        fs::create_dir_all(repository.path().join(".git")).unwrap();
        fs::write(repository.path().join("amplify.yml"), &self.text).unwrap();
        let depth = Path::new(&self.app).components().count();
        let file = format!("{}amplify.yml", "../".repeat(depth));
        let app = repository.path().join(&self.app);
        assert!(app.is_dir(), "{}: no folder `{}` in project `{shape}`", self.path, self.app);
        self.run(&app, &["--project", ".", "--buildspec", &file], options)
    }

    fn run(&self, directory: &Path, file: &[&str], options: &[&str]) -> Linted {
        let output = Command::new(env!("CARGO_BIN_EXE_deployfix"))
            .arg("validate")
            .args(file)
            .args(options)
            .current_dir(directory)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Linted::new(&output)
    }
}

fn copy(source: &Path, target: &Path) {
    fs::create_dir_all(target).unwrap();
    let entries =
        fs::read_dir(source).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
    for entry in entries.map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), target.join(entry.file_name())).unwrap();
        }
    }
}
