use crate::project::Project;

/// How a script that generates is usually called.
const NAMES: &[&str] =
    &["generate", "codegen", "prisma:generate", "db:generate", "graphql:codegen"];
/// What a script that only generates does not do.
const OTHER_WORK: &[&str] = &[
    "&", "|", ";", "migrate", "push", "seed", "reset", "deploy", "watch", "next ", "publish", "rm ",
];

/// A command of the project that writes generated code, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Generator {
    /// A script of package.json, by name, with its line.
    Script(String, String),
    /// A program of a dependency, as a line for the shell.
    Program(String),
}

impl Generator {
    /// What is to be run before the build, as people write it.
    pub(super) fn line(&self) -> &str {
        match self {
            Self::Script(_, line) | Self::Program(line) => line,
        }
    }

    /// The generator of Prisma's client, where the project declares one.
    pub(super) fn of_prisma(project: &Project) -> Option<Self> {
        let manifest = project.manifest.manifest.as_ref()?;
        let is_prisma = |line: &str| {
            let line = line.strip_prefix("npx ").unwrap_or(line);
            line == "prisma generate" || line.starts_with("prisma generate ")
        };
        let script = manifest
            .scripts
            .iter()
            .find(|(_, line)| is_prisma(line.trim()) && only_generates(line));
        if let Some((name, line)) = script {
            return Some(Self::Script(name.clone(), line.clone()));
        }
        manifest.range_of("prisma").map(|_| Self::Program("prisma generate".into()))
    }

    /// The one script of the project that generates code; of several nobody can tell which is meant.
    pub(super) fn by_name(project: &Project) -> Option<Self> {
        let manifest = project.manifest.manifest.as_ref()?;
        let mut scripts = manifest
            .scripts
            .iter()
            .filter(|(name, line)| NAMES.contains(&name.as_str()) && only_generates(line));
        let (name, line) = scripts.next()?;
        scripts.next().is_none().then(|| Self::Script(name.clone(), line.clone()))
    }
}

fn only_generates(line: &str) -> bool {
    !OTHER_WORK.iter().any(|work| line.contains(work))
}
