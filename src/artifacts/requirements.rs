use std::path::Path;

use super::{
    listing::{Entry, Kind, relative},
    problem::read_json,
    references,
    traces::{Absent, Traced},
};
use crate::{
    project::output::{BuildOutput, OutputMode},
    report::{Evidence, Finding, FindingId, Location, Severity, render::count},
};

/// Files named in a message or as evidence; the rest is counted.
const NAMED: usize = 10;

/// What a path must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Folder,
    Json,
}

/// Something every server build has below its dist dir, seen in Next 14.2, 15.5 and 16.4.
struct Requirement {
    path: &'static str,
    form: Form,
    /// What happens without it.
    consequence: &'static str,
    /// What Amplify says then, where it is known.
    amplify: Option<&'static str>,
}

const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        path: "required-server-files.json",
        form: Form::Json,
        consequence: "Amplify reads it to bundle the server",
        amplify: Some(
            "CustomerError: Can't find required-server-files.json in build output directory",
        ),
    },
    Requirement {
        path: "server",
        form: Form::Folder,
        consequence: "Amplify assembles the server from it",
        amplify: Some(
            "Build output not found in .../amplify-compute-bundle-output/compute/default/.next/server",
        ),
    },
    Requirement {
        path: "routes-manifest.json",
        form: Form::Json,
        consequence: "the server does not start without it",
        amplify: None,
    },
    Requirement {
        path: "prerender-manifest.json",
        form: Form::Json,
        consequence: "the server does not start without it",
        amplify: None,
    },
    Requirement {
        path: "build-manifest.json",
        form: Form::Json,
        consequence: "the server cannot render a page without it",
        amplify: None,
    },
];

/// What a build for a server lacks.
pub(super) fn check(
    app_root: &Path,
    output: &BuildOutput,
    entries: &[Entry],
    traced: &mut Traced,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = REQUIREMENTS
        .iter()
        .filter_map(|requirement| required(app_root, output, requirement))
        .collect();
    // A manifest that cannot be parsed would be named twice.
    for finding in references::check(app_root, output) {
        if !findings.iter().any(|known| known.location == finding.location) {
            findings.push(finding);
        }
    }
    findings.extend(traced.errors.drain(..).map(Finding::from));
    findings.extend(traces(app_root, output, traced));
    findings.extend(next_package(app_root));
    findings.extend(linked_packages(output, entries));
    if output.mode == OutputMode::Standalone {
        findings.extend(standalone(app_root, output));
    }
    findings
}

fn required(app_root: &Path, output: &BuildOutput, requirement: &Requirement) -> Option<Finding> {
    let path = format!("{}/{}", output.dist_dir, requirement.path);
    let finding = match requirement.form {
        Form::Folder if app_root.join(&path).is_dir() => return None,
        Form::Folder => {
            Finding::new(FindingId::ArtifactIncomplete, format!("`{path}` does not exist"), "")
                .location(Location::file(&path))
        }
        Form::Json => Finding::from(read_json(app_root, &path).err()?),
    };
    let finding = Finding {
        resolution: format!(
            "every finished Next build has it, and {}; look for what changed the folder after the build, and build again",
            requirement.consequence
        ),
        ..finding
    };
    Some(match requirement.amplify {
        Some(message) => finding.evidence(Evidence::new("Amplify's message for it", message)),
        None => finding,
    })
}

fn traces(app_root: &Path, output: &BuildOutput, traced: &Traced) -> Vec<Finding> {
    let dist_dir = &output.dist_dir;
    if traced.traces == 0 {
        let finding = Finding::new(
            FindingId::ArtifactIncomplete,
            format!("`{dist_dir}` holds no trace (`*.nft.json`) of what the server needs"),
            "Amplify bundles the server from these traces, which Next writes last: the build ended early, or they were removed",
        )
        .location(Location::file(dist_dir))
        .evidence(Evidence::new(
            "Amplify's message for it",
            format!("CustomerError: Server trace files are not found in {dist_dir}, please check your build artifacts path"),
        ));
        return vec![finding];
    }
    // What lies in the dist dir was written by this build; packages are pruned on purpose here and there.
    let (own, foreign): (Vec<&Absent>, Vec<&Absent>) =
        traced.absent.iter().partition(|absent| absent.path.starts_with(app_root.join(dist_dir)));
    let mut findings = Vec::new();
    if let Some(finding) = absent_files(app_root, &own, "of the build") {
        findings.push(finding.severity(Severity::Error));
    }
    if let Some(finding) = absent_files(app_root, &foreign, "outside of the build") {
        let finding = finding.severity(Severity::Warning).evidence(Evidence::new(
            "Amplify's message for it",
            "Required dependency file not found",
        ));
        findings.push(finding);
    }
    findings
}

fn absent_files(app_root: &Path, absent: &[&Absent], whose: &str) -> Option<Finding> {
    let first = absent.first()?;
    let finding = Finding::new(
        FindingId::ArtifactIncomplete,
        format!(
            "the traces name {} {whose} that {} not exist",
            count(absent.len(), "file"),
            if absent.len() == 1 { "does" } else { "do" }
        ),
        "the server needs them at run time; keep `node_modules` and the build output as the build left them, or build again \
         after changing them",
    )
    .location(Location::file(&first.trace));
    Some(absent.iter().take(NAMED).fold(finding, |finding, absent| {
        finding.evidence(Evidence::new(&absent.trace, relative(app_root, &absent.path)))
    }))
}

fn next_package(app_root: &Path) -> Option<Finding> {
    let found =
        app_root.ancestors().any(|folder| folder.join("node_modules/next/package.json").is_file());
    if found {
        return None;
    }
    Some(
        Finding::new(
            FindingId::ArtifactIncomplete,
            "`next` is in no `node_modules` of the app root or the folders above it",
            "Amplify copies `next` from `node_modules` into the server after the build: do not remove it, and use a linker that \
             fills `node_modules`",
        )
        .location(Location::file("node_modules/next"))
        .evidence(Evidence::new(
            "Amplify's message for it",
            "CustomerError: The 'node_modules' folder is missing the 'next' dependency.",
        ))
        .hint("pnpm: `node-linker=hoisted` in `.npmrc`")
        .hint("yarn: `nodeLinker: node-modules` in `.yarnrc.yml`"),
    )
}

/// Turbopack links packages that stay external into the dist dir; Amplify's bundler failed on such links
/// (aws-amplify/amplify-hosting#4074, closed without a word on the cause).
fn linked_packages(output: &BuildOutput, entries: &[Entry]) -> Option<Finding> {
    let folder = format!("{}/node_modules", output.dist_dir);
    let link = entries.iter().find(|entry| {
        matches!(entry.kind, Kind::Link(_)) && Path::new(&entry.path).starts_with(&folder)
    })?;
    Some(
        Finding::new(
            FindingId::ArtifactIncomplete,
            format!("`{folder}` holds links to packages, as `{}`", link.path),
            "Amplify's bundler has failed on such links with `EEXIST: file already exists`; should it do so here, build with webpack",
        )
        .severity(Severity::Info)
        .location(Location::file(&link.path))
        .hint("next build --webpack"),
    )
}

/// Amplify does not use `standalone`, so its absence stops nothing there.
fn standalone(app_root: &Path, output: &BuildOutput) -> Option<Finding> {
    let folder = format!("{}/standalone", output.dist_dir);
    let server = ["/", &output.relative_app_dir, "/server.js"].concat().replace("//", "/");
    let path = format!("{folder}{server}");
    if app_root.join(&path).is_file() {
        return None;
    }
    Some(
        Finding::new(
            FindingId::ArtifactIncomplete,
            format!("`{path}` does not exist, although the build was configured with `output: \"standalone\"`"),
            "Amplify bundles from traces and does not need it; to serve the standalone output, build again and keep the folder",
        )
        .severity(Severity::Warning)
        .location(Location::file(path)),
    )
}
