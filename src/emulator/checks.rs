//! What Amplify looks at after the commands, before it deploys.

use std::path::Path;

use semver::Version;

use crate::{
    amplify::{Support, server_runtime_support},
    artifacts::{self, Request},
    project::{
        Project,
        output::{OutputMode, detect, normalise},
    },
    report::{Artifact, Evidence, Finding, FindingId, Location, Severity},
};

/// The `platform` of an Amplify app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    /// Static files.
    Web,
    /// Rendered by a server.
    WebCompute,
}

impl Platform {
    /// As the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Web => "WEB",
            Self::WebCompute => "WEB_COMPUTE",
        }
    }
}

/// What was looked at, and what it was found to be.
#[derive(Debug)]
pub(crate) struct AfterBuild {
    /// The platform that the checks are for.
    pub(crate) platform: Platform,
    /// Why this one.
    pub(crate) reason: &'static str,
    /// Problems.
    pub(crate) findings: Vec<Finding>,
    /// The deployable output, where Next wrote it.
    pub(crate) artifact: Option<Artifact>,
}

/// The Node that the commands left in use.
#[derive(Debug)]
pub(crate) struct NodeAtEnd {
    /// Its version.
    pub(crate) version: Version,
    /// Whether a command chose it; else Amplify uses its own.
    pub(crate) chosen: bool,
}

/// Looks at the output as Amplify does. `base_directory` is relative to the app root.
pub(crate) fn after_build(
    project: &Project,
    base_directory: Option<&str>,
    wanted: Option<Platform>,
    node: Option<&NodeAtEnd>,
) -> AfterBuild {
    let root = &project.root;
    let output = detect(root, base_directory);
    let uses_next = project
        .manifest
        .manifest
        .as_ref()
        .is_some_and(|manifest| manifest.range_of("next").is_some());
    let is_export = output.as_ref().is_ok_and(|output| output.mode == OutputMode::Export);
    let (platform, reason) = match (wanted, &output) {
        (Some(platform), _) => (platform, "as `--platform` says"),
        (None, Ok(_)) if is_export => (Platform::Web, "the build is a static export"),
        (None, Ok(_)) => (Platform::WebCompute, "the build is for a server"),
        (None, Err(_)) if uses_next => (Platform::WebCompute, "the app depends on `next`"),
        (None, Err(_)) => (Platform::Web, "the app does not depend on `next`"),
    };
    let mut after = AfterBuild { platform, reason, findings: Vec::new(), artifact: None };
    if let Some(base) = base_directory
        && !root.join(base).is_dir()
    {
        after.findings.push(no_base_directory(base));
        return after;
    }
    if platform == Platform::Web && !is_export {
        return after;
    }
    if platform == Platform::WebCompute {
        after.findings.extend(missing_next(project, base_directory));
        if let (Ok(output), true) = (&output, is_export)
            && base_directory.is_some_and(|base| normalise(root, base) != output.dist_dir)
        {
            after.findings.push(export_on_compute(&output.base_directory));
            return after;
        }
    }
    let verified =
        artifacts::inspect(&Request { app_root: root, base_directory, budget: None, deny: &[] });
    after.findings.extend(verified.findings);
    after.artifact = verified.artifact;
    if platform == Platform::WebCompute {
        after.findings.extend(node.and_then(unsupported_node));
    }
    after
}

fn no_base_directory(base: &str) -> Finding {
    Finding::new(
        FindingId::ArtifactMissing,
        format!("`{base}` does not exist after the build"),
        "make `baseDirectory` in amplify.yml the folder that the build writes",
    )
    .location(Location::file(base))
    .evidence(message(format!("CustomerError: Artifact directory doesn't exist: {base}")))
}

/// What Amplify reads of package.json right after the clone of an app for a server.
pub(crate) fn missing_next(project: &Project, base_directory: Option<&str>) -> Option<Finding> {
    let manifest = project.manifest.manifest.as_ref();
    let has_next = manifest.is_some_and(|manifest| manifest.range_of("next").is_some());
    // A framework adapter brings its own server.
    let adapter = base_directory.is_some_and(|base| Path::new(base).ends_with(".amplify-hosting"));
    (!has_next && !adapter).then(|| {
        Finding::new(
            FindingId::FrameworkMismatch,
            "package.json of the app root names no `next`",
            "on the platform WEB_COMPUTE Amplify reads its version before it runs anything; name the app's folder, or use the platform WEB",
        )
        .location(Location::file("package.json"))
        .evidence(message("CustomerError: Cannot read 'next' version in package.json. If you are using monorepo, please ensure that AMPLIFY_MONOREPO_APP_ROOT is set correctly.".to_owned()))
    })
}

fn export_on_compute(folder: &str) -> Finding {
    Finding::new(
        FindingId::FrameworkMismatch,
        format!("`{folder}` is a static export, and the platform is WEB_COMPUTE"),
        "Amplify looks for a server there; use the platform WEB, or remove `output: \"export\"` from next.config",
    )
    .location(Location::file(folder))
    .evidence(message("CustomerError: Can't find required-server-files.json in build output directory".to_owned()))
}

fn unsupported_node(node: &NodeAtEnd) -> Option<Finding> {
    let NodeAtEnd { version, chosen } = node;
    let support = server_runtime_support(version.major);
    if support == Support::Supported {
        return None;
    }
    let certain = *chosen && support == Support::Unsupported;
    let resolution = if *chosen {
        "Amplify refuses a server-rendered app after the whole build; build with Node 20 or 22"
    } else {
        "no command chooses a Node, so this one is the machine's own; Amplify's image has 22"
    };
    Some(
        Finding::new(
            FindingId::NodeVersionUnsupported,
            format!("the app was built with Node {version}, which Amplify's server runtime {} take", if support == Support::Doubtful { "may not" } else { "does not" }),
            resolution,
        )
        .severity(if certain { Severity::Error } else { Severity::Warning })
        .evidence(message(format!("CustomerError: Unsupported NodeJS version: v{version}. Supported versions are 20 and 22.")))
        .hint("nvm install 22 && nvm use 22"),
    )
}

fn message(text: String) -> Evidence {
    Evidence::new("Amplify's build log", text)
}
