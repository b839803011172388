use std::{collections::BTreeMap, ffi::OsString};

use super::{MemoryPlan, cache::BuildCache, generator::Generator};
use crate::{
    diagnose::Stage,
    process::{CommandSpec, Ended},
    project::{Known, Project},
    recovery::{Attemptable, Remedy, Review, free_build_cache},
    report::{Finding, FindingId},
};

/// What Next says when the workers that render pages begin.
const RENDERING: &[&str] = &["Collecting page data", "Generating static pages"];

/// The build as it is to be run next.
pub(crate) struct BuildPlan<'a> {
    command: CommandSpec,
    memory: MemoryPlan,
    project: &'a Project,
    cache: Option<BuildCache>,
    /// What runs before the build, once.
    generator: Option<Generator>,
    failure: Failure,
    mended: Vec<Mended>,
}

/// A recovery that was applied.
#[derive(Debug, Clone)]
pub(crate) struct Mended {
    /// What had failed.
    pub(super) id: FindingId,
    pub(super) remedy: Remedy,
    /// What was run or removed, where that is part of the permanent fix.
    pub(super) detail: Option<String>,
}

/// The last failure, as far as recoveries ask about it.
#[derive(Debug, Default)]
struct Failure {
    id: Option<FindingId>,
    is_of_prisma: bool,
    in_worker: bool,
}

impl<'a> BuildPlan<'a> {
    /// Plans the first attempt. `defaults` are declared defaults of variables that are not set.
    pub(crate) fn new(
        mut command: CommandSpec,
        memory: MemoryPlan,
        defaults: &BTreeMap<String, String>,
        project: &'a Project,
    ) -> Self {
        let dist_directory = match &project.next_config.dist_dir {
            // With a static export `distDir` is the folder of the export.
            Known::Value(folder) if !project.next_config.may_export() => folder.as_str(),
            _ => ".next",
        };
        let cache = BuildCache::new(&command.directory, dist_directory);
        command.variables.extend(defaults.clone());
        // A shell line names programs as package scripts do; a manager sets this for its scripts itself.
        if command.is_shell() {
            add_project_binaries(&mut command);
        }
        let (generator, failure, mended) = (None, Failure::default(), Vec::new());
        Self { command, memory, project, cache, generator, failure, mended }
    }

    /// What the memory is now.
    pub(crate) fn memory(&self) -> &MemoryPlan {
        &self.memory
    }

    /// The recoveries that were applied, in their order.
    pub(crate) fn mended(&self) -> &[Mended] {
        &self.mended
    }

    fn generate(&mut self) -> Result<String, String> {
        let generator = if self.failure.is_of_prisma {
            Generator::of_prisma(self.project)
        } else {
            Generator::by_name(self.project)
        };
        let generator = generator
            .ok_or("package.json declares no generator, neither as a script nor by a dependency")?;
        let reason = format!("runs `{}`, which the project declares", generator.line());
        self.generator = Some(generator);
        Ok(reason)
    }

    fn change(&mut self, remedy: Remedy) -> Result<String, String> {
        match remedy {
            Remedy::RaiseHeap => self.memory.raise(self.failure.in_worker),
            Remedy::LowerMemory => self.memory.lower(),
            Remedy::FreeCaches => free_build_cache(&self.command.directory.join(".next")),
            Remedy::ClearCache => match &self.cache {
                Some(cache) => cache.clear(),
                None => Err("the dist dir is the app itself, nothing in it may be removed".into()),
            },
            Remedy::RunGenerator => self.generate(),
            Remedy::RetryWithBackoff => Ok("waits, because the other side may come back".into()),
            Remedy::RetryOnce | Remedy::PreferOnline | Remedy::FreshCache => {
                Ok("runs the same once more".into())
            }
            Remedy::FallbackRegistry
            | Remedy::PlatformPackages
            | Remedy::Reinstall
            | Remedy::ResolveOnce
            | Remedy::UnfrozenInstall
            | Remedy::LegacyPeerDeps => {
                Err("a build does not install: run `deployfix install` before it".into())
            }
        }
    }

    /// The generator in the environment of the build.
    fn generating(&self, generator: &Generator) -> CommandSpec {
        let mut command = self.command.clone();
        let manager = self.project.manager.kind;
        let line = match generator {
            Generator::Script(name, _) => manager.run_script(name),
            Generator::Program(line) => ["sh", "-c", line].map(ToOwned::to_owned).to_vec(),
        };
        if let [program, arguments @ ..] = line.as_slice() {
            command.program = program.into();
            command.arguments = arguments.iter().map(OsString::from).collect();
        }
        if command.is_shell() {
            add_project_binaries(&mut command);
        }
        command
    }
}

impl Attemptable for BuildPlan<'_> {
    const STAGE: Stage = Stage::Build;

    fn command(&self) -> CommandSpec {
        if let Some(generator) = &self.generator {
            return self.generating(generator);
        }
        let mut command = self.command.clone();
        for (name, value) in self.memory.variables() {
            command.set(name, value);
        }
        command
    }

    fn review(&mut self, _: &Ended, finding: Option<Finding>, log: &str) -> Review {
        if let Some(generator) = self.generator.take() {
            return match finding {
                None => {
                    Review::Continue(format!("`{}` is done, the build follows", generator.line()))
                }
                Some(mut finding) => {
                    finding.id = FindingId::ClientNotGenerated;
                    Review::Reject(Box::new(finding))
                }
            };
        }
        let Some(finding) = finding else { return Review::of(None) };
        let in_worker = RENDERING.iter().any(|words| log.contains(words));
        let quoted = finding.evidence.iter().map(|evidence| &evidence.text);
        let is_of_prisma = quoted
            .chain([&finding.message])
            .any(|text| text.to_ascii_lowercase().contains("prisma"));
        self.failure = Failure { id: Some(finding.id), is_of_prisma, in_worker };
        Review::of(Some(finding))
    }

    fn apply(&mut self, remedy: Remedy, _: &Ended) -> Result<String, String> {
        let change = self.change(remedy)?;
        if let Some(id) = self.failure.id {
            let detail = self.generator.as_ref().map(|generator| generator.line().to_owned());
            self.mended.push(Mended { id, remedy, detail });
        }
        Ok(change)
    }
}

/// Puts every `node_modules/.bin` from the command's folder upwards in front of its `PATH`, as package managers do.
fn add_project_binaries(command: &mut CommandSpec) {
    let Ok(absolute) = std::path::absolute(&command.directory) else { return };
    let binaries = absolute.ancestors().map(|folder| folder.join("node_modules/.bin"));
    let path =
        command.variables.get("PATH").map(OsString::from).or_else(|| std::env::var_os("PATH"));
    let path = path.unwrap_or_default();
    if let Ok(path) = std::env::join_paths(binaries.chain(std::env::split_paths(&path))) {
        command.variables.insert("PATH".into(), path.to_string_lossy().into_owned());
    }
}
