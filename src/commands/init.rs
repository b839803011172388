use std::{collections::BTreeMap, path::Path, sync::Arc};

use similar::TextDiff;

use super::{
    options::{absolute, printer, variables},
    secrets::mask,
};
use crate::{
    buildspec,
    cli::{FormatOption, GlobalOptions, InitOptions},
    config,
    generator::{
        PlaceError, Placement, PlanOptions, Repository, find_apps, place, prepare, specification,
    },
    project::{read_manifest, relative, repository},
    report::{
        ExitStatus, Finding, FindingId, Location,
        render::{Format, Printer},
    },
};

/// The name that Amplify does not open, but people write.
const MISSPELLED: &str = "amplify.yaml";

/// Writes an amplify.yml that fits the project, and a contract of its variables.
pub(super) fn run(global: &GlobalOptions, options: &InitOptions) -> ExitStatus {
    let variables = variables();
    let folder = absolute(&global.project);
    let mut output = global.clone();
    if options.print && matches!(global.format, FormatOption::Human) {
        // stdout is for the file alone.
        output.format = FormatOption::Json;
    }
    let printer = printer(&output, Arc::new(mask(&variables, &folder, None)));
    let done = resolve(global, options, &folder, &variables).and_then(|plan| {
        let write = !options.print && !global.dry_run;
        if write {
            for file in plan.files.iter().filter(|file| !file.is_current()) {
                place(file).map_err(|error| Box::new(refusal(&error)))?;
            }
        }
        Ok((plan, write))
    });
    match done {
        Ok((plan, written)) => {
            if options.print && matches!(global.format, FormatOption::Human) {
                printer.data(&plan.files[0].text);
                plan.say(&printer, &folder, written);
            } else if printer.format() == Format::Json {
                let _ = printer.json(&plan.document(written));
            } else {
                plan.say_files(&printer, &folder, written);
                plan.say(&printer, &folder, written);
            }
            ExitStatus::Success
        }
        Err(finding) => {
            printer.finding(&finding);
            ExitStatus::Usage
        }
    }
}

/// What is to be written, and what it was decided from.
struct Plan {
    repository: Repository,
    /// amplify.yml first.
    files: Vec<Placement>,
    findings: Vec<Finding>,
}

fn resolve(
    global: &GlobalOptions,
    options: &InitOptions,
    folder: &Path,
    variables: &BTreeMap<String, String>,
) -> Result<Plan, Box<Finding>> {
    let apps = find_apps(folder);
    if apps.is_empty() {
        return Err(Box::new(no_app(global, folder)));
    }
    let explicit = global.config.as_deref().filter(|_| apps.len() == 1);
    let branch = repository::head(folder).branch;
    let repository =
        Repository::read(&apps, variables, |app| config::load(app, explicit, branch.as_deref()))?;
    let plan_options = PlanOptions { with_deployfix: options.with_deployfix };
    let text = specification(&repository, plan_options).render();
    let path = repository.root.join(buildspec::FILE);
    let replace = options.force || options.print;
    let mut files = vec![
        prepare(&repository.root, path, text, replace)
            .map_err(|error| Box::new(refusal(&error)))?,
    ];
    for (path, text) in repository.apps.iter().filter_map(|app| app.contract()) {
        // Only where there is none: a contract is written by people.
        let contract = prepare(&repository.root, path, text.to_owned(), false);
        files.push(contract.map_err(|error| Box::new(refusal(&error)))?);
    }
    let findings = findings(&repository, options)?;
    Ok(Plan { repository, files, findings })
}

fn findings(repository: &Repository, options: &InitOptions) -> Result<Vec<Finding>, Box<Finding>> {
    let mut findings = Vec::new();
    let misspelled = repository.root.join(MISSPELLED);
    if misspelled.exists() {
        let finding = Finding::new(
            FindingId::BuildspecTwoFiles,
            format!("`{MISSPELLED}` is there, which Amplify does not open"),
            "two specifications contradict each other sooner or later; keep the one that Amplify reads",
        );
        if !options.force && !options.print {
            return Err(Box::new(
                finding
                    .hint(format!("git mv {MISSPELLED} {}", buildspec::FILE))
                    .hint("or `deployfix init --force`, then delete it"),
            ));
        }
        findings.push(finding.hint(format!("git rm {MISSPELLED}")));
    }
    if !repository.is_git {
        findings.push(Finding::new(
            FindingId::BuildspecMissing,
            format!("`{}` is in no git repository", repository.root.display()),
            "Amplify builds what a repository holds; the folder is taken for the root of one",
        ));
    }
    for app in &repository.apps {
        findings.extend(app.findings());
        let unread = app.root().join(buildspec::FILE);
        if app.root() != repository.root && unread.exists() {
            findings.push(
                Finding::new(
                    FindingId::BuildspecMissing,
                    format!("`{}` is not read by Amplify", relative(&repository.root, &unread)),
                    "only the file at the repository's root counts; delete this one, so that nobody edits it in vain",
                )
                .hint(format!("git rm {}", relative(&repository.root, &unread))),
            );
        }
    }
    Ok(findings)
}

fn no_app(global: &GlobalOptions, folder: &Path) -> Finding {
    if !folder.is_dir() {
        return Finding::new(
            FindingId::Usage,
            format!("`{}` is not a folder", global.project.display()),
            "`--project` names an app, or the repository that holds apps",
        );
    }
    let manifest = read_manifest(folder);
    let broken = manifest.findings.into_iter().find(|finding| {
        finding.is_error() && (manifest.manifest.is_none() || !has_manifest(folder))
    });
    let finding = match broken {
        Some(finding) if has_manifest(folder) => return finding,
        Some(_) => Finding::new(
            FindingId::Usage,
            "there is no Next.js app in or below this folder",
            "`init` looks for a `package.json` that depends on `next`; run it in the folder of the app",
        ),
        None => Finding::new(
            FindingId::Usage,
            "`package.json` does not depend on `next`",
            "`init` writes the specification of Next.js apps only, and Amplify itself looks for `next` there; run it in the folder of the app, or add the dependency",
        )
        .location(Location::file("package.json")),
    };
    match app_above(folder) {
        Some(command) => finding.hint(command),
        None => finding,
    }
}

/// The command for the app that a folder is a part of.
fn app_above(folder: &Path) -> Option<String> {
    let above = folder.ancestors().skip(1).find(|above| has_manifest(above))?;
    if !find_apps(above).iter().any(|app| app == above) {
        return None;
    }
    let path = relative(&absolute(Path::new(".")), above);
    Some(match path.trim_end_matches('/') {
        "" => "deployfix init".to_owned(),
        path => format!("deployfix init --project {path}"),
    })
}

/// The same finding of several apps as one, which names the places of all.
fn once(findings: &[Finding]) -> Vec<Finding> {
    let mut merged: Vec<(Finding, Vec<&str>)> = Vec::new();
    for finding in findings {
        let same = merged.iter_mut().find(|(first, _)| {
            first.id == finding.id
                && first.message == finding.message
                && first.resolution == finding.resolution
                && first.location.is_some()
        });
        match (same, &finding.location) {
            (Some((_, others)), Some(location)) => others.push(&location.path),
            _ => merged.push((finding.clone(), Vec::new())),
        }
    }
    merged
        .into_iter()
        .map(|(finding, others)| match others.as_slice() {
            [] => finding,
            others => finding.hint(format!("the same holds for `{}`", others.join("`, `"))),
        })
        .collect()
}

fn has_manifest(folder: &Path) -> bool {
    folder.join("package.json").symlink_metadata().is_ok()
}

fn refusal(error: &PlaceError) -> Finding {
    let finding = |resolution| Finding::new(FindingId::Usage, error.to_string(), resolution);
    match error {
        PlaceError::Exists { .. } => finding("`init` overwrites nothing unless it is told to")
            .hint("`deployfix validate` checks the one that is there")
            .hint("`deployfix init --print` shows what would be written")
            .hint("`deployfix init --force` replaces it, and shows what changed"),
        PlaceError::NotRegular { .. } => {
            finding("`init` writes regular files only; remove what stands there")
        }
        PlaceError::Unreadable { .. } => {
            finding("what cannot be read is not replaced; remove it, or make it readable")
        }
        PlaceError::Unwritable { .. } => {
            finding("make the folder writable; `deployfix init --print` shows the text")
        }
    }
}

impl Plan {
    fn say_files(&self, printer: &Printer, folder: &Path, written: bool) {
        for file in &self.files {
            let path = relative(folder, &file.path);
            let verb = match (file.is_current(), written, &file.old) {
                (true, _, _) => "unchanged",
                (false, true, None) => "wrote",
                (false, true, Some(_)) => "replaced",
                (false, false, None) => "would write",
                (false, false, Some(_)) => "would replace",
            };
            printer.important(&format!("{verb} `{path}`"));
            if let Some(old) = file.old.as_ref().filter(|_| !file.is_current()) {
                let diff = TextDiff::from_lines(old, &file.text);
                let diff = diff.unified_diff().header(&path, &path).to_string();
                printer.important(diff.trim_end());
            }
        }
    }

    fn say(&self, printer: &Printer, folder: &Path, written: bool) {
        for app in &self.repository.apps {
            let name = if app.path.is_empty() { "the app" } else { &app.path };
            printer.line(&format!("\ndetected in {name}:"));
            let decisions = app.decisions();
            let width = decisions.iter().map(|decision| decision.topic.len()).max().unwrap_or(0);
            for decision in decisions {
                printer.line(&format!(
                    "  {:width$}  {} ({})",
                    decision.topic, decision.value, decision.because
                ));
            }
            printer.line("to be set in the Amplify console:");
            for setting in app.settings() {
                printer.line(&format!("  {setting}"));
            }
        }
        for finding in once(&self.findings) {
            printer.finding(&finding);
        }
        if !written {
            return;
        }
        let project = self.repository.apps.first().map(|app| relative(folder, app.root()));
        let option =
            project.filter(|path| !path.is_empty()).map(|path| format!(" --project {path}"));
        printer.line(&format!("\nnext: deployfix validate{}", option.unwrap_or_default()));
    }

    fn document(&self, written: bool) -> serde_json::Value {
        let files: Vec<_> = self
            .files
            .iter()
            .map(|file| {
                serde_json::json!({
                    "path": file.shown,
                    "content": file.text,
                    "written": written && !file.is_current(),
                })
            })
            .collect();
        let apps: Vec<_> = self
            .repository
            .apps
            .iter()
            .map(|app| {
                serde_json::json!({
                    "path": app.path,
                    "detected": app.decisions(),
                    "console": app.settings(),
                })
            })
            .collect();
        serde_json::json!({ "files": files, "apps": apps, "findings": self.findings })
    }
}
