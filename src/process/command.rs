use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

/// What is to be started, before it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandSpec {
    /// Program, found on `PATH` unless it is a path.
    pub(crate) program: OsString,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// Where it runs.
    pub(crate) directory: PathBuf,
    /// Variables set for it on top of the inherited ones.
    pub(crate) variables: BTreeMap<String, String>,
    /// Inherited variables that it does not get.
    pub(crate) removed: Vec<String>,
    /// Which of `variables` the report shows; the others only matter to the child.
    pub(crate) reported: Vec<String>,
    /// The folder of the memory control group that it runs in, where it gets one of its own.
    pub(crate) memory_group: Option<PathBuf>,
}

impl CommandSpec {
    /// A program with arguments.
    pub(crate) fn new(
        program: impl Into<OsString>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        directory: impl Into<PathBuf>,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            directory: directory.into(),
            variables: BTreeMap::new(),
            removed: Vec::new(),
            reported: Vec::new(),
            memory_group: None,
        }
    }

    /// A command line for the shell.
    pub(crate) fn shell(line: &str, directory: impl Into<PathBuf>) -> Self {
        Self::new("sh", ["-c", line], directory)
    }

    /// Whether it is a command line for the shell.
    pub(crate) fn is_shell(&self) -> bool {
        self.program == "sh" && self.arguments.len() == 2 && self.arguments[0] == "-c"
    }

    /// Sets a variable that the report shows.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.insert(name.to_owned(), value.into());
        if !self.reported.iter().any(|reported| reported == name) {
            self.reported.push(name.to_owned());
        }
    }

    /// The command line as a person would type it.
    pub(crate) fn display(&self) -> String {
        if self.is_shell() {
            return self.arguments[1].to_string_lossy().into_owned();
        }
        std::iter::once(&self.program)
            .chain(&self.arguments)
            .map(|part| quoted(&part.to_string_lossy()))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The variables that the report shows.
    pub(crate) fn reported_variables(&self) -> BTreeMap<String, String> {
        self.reported
            .iter()
            .filter_map(|name| Some((name.clone(), self.variables.get(name)?.clone())))
            .collect()
    }
}

fn quoted(part: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./:@%+,".contains(&byte);
    if !part.is_empty() && part.bytes().all(plain) {
        part.to_owned()
    } else {
        format!("'{}'", part.replace('\'', r"'\''"))
    }
}
