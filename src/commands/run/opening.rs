//! Which app is meant, and with which variables it is built.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    buildspec::Specification,
    cli::{GlobalOptions, RunOptions},
    commands::options::{absolute, variables},
    config::similar,
    env::console_file,
    project::{output::normalise, repository},
    report::{Evidence, Finding, FindingId, Location},
};

/// The variable with which Amplify names the app of a monorepo.
const ROOT_VARIABLE: &str = "AMPLIFY_MONOREPO_APP_ROOT";
/// Bytes of a value that the console takes: user guide, "Environment variables".
const LONGEST_VALUE: usize = 5500;

/// What is known before the session begins.
#[derive(Debug)]
pub(super) struct Opening {
    /// The app root.
    pub(super) project: PathBuf,
    /// The variables of the process, under those of `--env-file`.
    pub(super) variables: BTreeMap<String, String>,
    /// Those of `--env-file` and the app root alone.
    pub(super) own_variables: BTreeMap<String, String>,
    /// What to say, a line each.
    pub(super) notes: Vec<String>,
    /// Why nothing can be run.
    pub(super) refusal: Option<Box<Finding>>,
}

/// Reads the files of variables and finds the app.
pub(super) fn open(global: &GlobalOptions, options: &RunOptions) -> Opening {
    let mut opening = Opening {
        project: global.project.clone(),
        variables: variables(),
        own_variables: BTreeMap::new(),
        notes: Vec::new(),
        refusal: None,
    };
    for file in &options.env_file {
        match console_file(file) {
            Ok(variables) => opening.add(variables),
            Err(finding) => {
                opening.refusal = Some(finding);
                return opening;
            }
        }
    }
    if let Err(finding) = opening.find_app(options.app_root.as_deref()) {
        opening.refusal = Some(finding);
    }
    opening
}

impl Opening {
    fn add(&mut self, variables: BTreeMap<String, String>) {
        for (name, value) in &variables {
            if name.starts_with("AWS") {
                self.notes.push(format!("`{name}` cannot be set in the console: names that begin with `AWS` are Amplify's own"));
            }
            if value.len() > LONGEST_VALUE {
                self.notes.push(format!("the console takes no value as long as that of `{name}`: at most {LONGEST_VALUE} bytes"));
            }
        }
        self.variables.extend(variables.clone());
        self.own_variables.extend(variables);
    }

    /// `--app-root`, else the folder that one is in, else the variable, else the only app.
    fn find_app(&mut self, asked: Option<&str>) -> Result<(), Box<Finding>> {
        let folder = absolute(&self.project);
        let repository = repository::root(&folder);
        let specification = Specification::read(&folder, repository.as_deref(), &self.variables);
        let Some((file, spec)) = specification.spec() else {
            return self.take(repository.as_deref().unwrap_or(&folder), asked);
        };
        let above = file.path.parent().unwrap_or(&folder).to_path_buf();
        if !spec.monorepo {
            return self.take(&above, asked);
        }
        let plain = |root: &str| normalise(Path::new(""), root);
        let roots: Vec<String> =
            spec.apps.iter().filter_map(|app| Some(app.app_root.as_ref()?.value.clone())).collect();
        let find = |wanted: &str| roots.iter().find(|root| plain(root) == plain(wanted));
        let here = folder.strip_prefix(&above).ok().and_then(Path::to_str).and_then(find);
        let declared = specification.declared_root();
        // Another app's folder is no wish for this one.
        let only = roots.first().filter(|root| {
            let root = above.join(plain(root));
            roots.len() == 1 && (root.starts_with(&folder) || folder.starts_with(&root))
        });
        let chosen = match (asked, here, declared) {
            (Some(asked), ..) => find(asked).ok_or_else(|| unknown(asked, &roots))?,
            (None, Some(here), _) => here,
            // What is wrong with the variable is for the rules to say.
            (None, None, Some(declared)) => match find(declared) {
                Some(root) => root,
                None => return Ok(()),
            },
            (None, None, None) => match only {
                Some(root) => root,
                None if folder != above || roots.is_empty() => return Ok(()),
                None => return Err(undecided(&file.relative_path, &roots)),
            },
        };
        let root = above.join(plain(chosen));
        if !root.is_dir() {
            return Err(absent(&file.relative_path, chosen));
        }
        if root != folder {
            self.notes.push(format!("the app is `{chosen}`"));
        }
        self.project = root;
        let variable = BTreeMap::from([(ROOT_VARIABLE.to_owned(), chosen.clone())]);
        self.variables.extend(variable.clone());
        self.own_variables.extend(variable);
        Ok(())
    }

    /// The root as it was asked for, where no list of apps knows it.
    fn take(&mut self, above: &Path, asked: Option<&str>) -> Result<(), Box<Finding>> {
        let Some(asked) = asked else { return Ok(()) };
        let root = above.join(normalise(Path::new(""), asked));
        if !root.is_dir() {
            return Err(Box::new(Finding::new(
                FindingId::Usage,
                format!("`{asked}` is no folder of the repository"),
                "`--app-root` names the app's folder, relative to the repository's root",
            )));
        }
        self.project = root;
        self.variables.insert(ROOT_VARIABLE.to_owned(), asked.to_owned());
        self.own_variables.insert(ROOT_VARIABLE.to_owned(), asked.to_owned());
        Ok(())
    }
}

fn listed(roots: &[String]) -> String {
    roots.iter().map(|root| format!("`{root}`")).collect::<Vec<_>>().join(", ")
}

fn unknown(asked: &str, roots: &[String]) -> Box<Finding> {
    let finding = Finding::new(
        FindingId::Usage,
        format!("no `appRoot` of amplify.yml is `{asked}`"),
        format!("it lists {}", if roots.is_empty() { "none".to_owned() } else { listed(roots) }),
    );
    Box::new(match similar(asked, roots.iter().map(String::as_str)) {
        Some(close) => finding.hint(format!("did you mean `--app-root {close}`?")),
        None => finding,
    })
}

fn undecided(path: &str, roots: &[String]) -> Box<Finding> {
    let finding = Finding::new(
        FindingId::BuildspecAppRootMismatch,
        format!("`{path}` lists {} apps, and none is chosen", roots.len()),
        format!("it lists {}; name one, as Amplify does with `{ROOT_VARIABLE}`", listed(roots)),
    )
    .location(Location::file(path))
    .evidence(Evidence::new(
        "Amplify's build log",
        "Error: V2 amplify.yml found with multiple appRoots and no target appRoot set",
    ));
    Box::new(
        roots.iter().fold(finding, |finding, root| {
            finding.hint(format!("deployfix run --app-root {root}"))
        }),
    )
}

fn absent(path: &str, root: &str) -> Box<Finding> {
    Box::new(
        Finding::new(
            FindingId::BuildspecAppRootNotFound,
            format!("`appRoot` is `{root}`, and the repository has no such folder"),
            "the commands run there; correct the entry, or add the folder",
        )
        .location(Location::file(path)),
    )
}
