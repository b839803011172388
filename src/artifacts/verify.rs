use std::{collections::BTreeMap, path::Path, time::Instant};

use super::{
    base_directory, denied, export,
    listing::{Entry, ListingError, list},
    manifest, requirements, sizes, traces,
};
use crate::{
    project::output::{BuildOutput, OutputMode, detect},
    report::{Artifact, Finding, FindingId, Location, Milliseconds, Severity},
};

/// What to verify.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The folder of the app's package.json.
    pub(crate) app_root: &'a Path,
    /// `baseDirectory` of amplify.yml, relative to the app root (with `buildPath` it is written relative to that).
    pub(crate) base_directory: Option<&'a str>,
    /// `artifacts.budget` of deployfix.yml, bytes.
    pub(crate) budget: Option<u64>,
    /// `artifacts.deny` of deployfix.yml, globs.
    pub(crate) deny: &'a [String],
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Verified {
    /// Problems; a healthy output has none.
    pub(crate) findings: Vec<Finding>,
    /// The section of the report; absent without a finished build.
    pub(crate) artifact: Option<Artifact>,
    /// Figures of the phase.
    pub(crate) metrics: BTreeMap<String, u64>,
}

/// Verifies a finished build. Without errors among the findings the manifest is written, and only then.
pub(crate) fn verify(request: &Request) -> Verified {
    examine(request, true)
}

/// The same without a manifest: nothing is written.
pub(crate) fn inspect(request: &Request) -> Verified {
    examine(request, false)
}

fn examine(request: &Request, writes_manifest: bool) -> Verified {
    if let Some(directory) = request.base_directory
        && base_directory::is_adapter_output(request.app_root, directory)
    {
        return adapter_output(directory);
    }
    let mut output = match detect(request.app_root, request.base_directory) {
        Ok(output) => output,
        Err(error) => return Verified { findings: vec![error.into()], ..Verified::default() },
    };
    let mut findings = Vec::new();
    if let Some(given) = request.base_directory {
        base_directory::follow_moved_export(request.app_root, &mut output, given);
        findings.extend(base_directory::check(request.app_root, &output, given));
    }
    findings.extend(base_directory::newer_builds(&output));
    match Listed::read(request.app_root, &output) {
        Ok(listed) => listed.verify(request, &output, findings, writes_manifest),
        Err(error) => {
            findings.push(unlisted(&error));
            Verified { findings, ..Verified::default() }
        }
    }
}

/// The files below the base directory, the dist dir's cache apart.
struct Listed {
    entries: Vec<Entry>,
    cache: Vec<Entry>,
}

impl Listed {
    fn read(app_root: &Path, output: &BuildOutput) -> Result<Self, ListingError> {
        let cache = format!("{}/cache", output.dist_dir);
        if !app_root.join(&output.base_directory).is_dir() {
            return Ok(Self { entries: Vec::new(), cache: Vec::new() });
        }
        let entries = list(app_root, &output.base_directory, std::slice::from_ref(&cache))?;
        // The cache of an export lies outside of what is deployed; a missing one weighs nothing.
        let cache = match output.mode {
            OutputMode::Export => Vec::new(),
            _ => list(app_root, &cache, &[]).unwrap_or_default(),
        };
        Ok(Self { entries, cache })
    }

    fn verify(
        &self,
        request: &Request,
        output: &BuildOutput,
        mut findings: Vec<Finding>,
        writes_manifest: bool,
    ) -> Verified {
        let Request { app_root, budget, deny, .. } = *request;
        let entries = &self.entries;
        let mut traced = traces::Traced::default();
        if output.mode == OutputMode::Export {
            findings.extend(export::check(app_root, output, entries));
        } else {
            traced = traces::read(app_root, output, entries);
            findings.extend(requirements::check(app_root, output, entries, &mut traced));
        }
        let sizes = sizes::measure(app_root, output, entries, &self.cache, &traced);
        findings.extend(sizes::judge(output, &sizes, budget));
        findings.extend(denied::check(output, entries, deny));

        let mut metrics = BTreeMap::from([
            ("totalBytes".to_owned(), sizes.total),
            ("countedBytes".to_owned(), sizes.counted),
            ("leftoverBytes".to_owned(), sizes.leftovers),
            ("cacheBytes".to_owned(), sizes.cache),
            ("files".to_owned(), (entries.len() + self.cache.len()) as u64),
            ("traces".to_owned(), traced.traces as u64),
            ("tracedFiles".to_owned(), traced.files.len() as u64),
        ]);
        let mut written = None;
        if writes_manifest && !findings.iter().any(Finding::is_error) {
            let begin = Instant::now();
            match manifest::write(app_root, output, entries) {
                Ok(()) => written = Some(manifest::path()),
                Err(error) => findings.push(error.into()),
            }
            metrics.insert(
                "fingerprintMilliseconds".to_owned(),
                Milliseconds::from(begin.elapsed()).0,
            );
        }
        let artifact = Artifact {
            mode: output.mode.as_str().to_owned(),
            base_directory: output.base_directory.clone(),
            build_id: Some(output.build_id.clone()),
            total_size: sizes.total,
            compute_size: sizes.counted,
            size_limit: sizes.limit,
            files: (entries.len() + self.cache.len()) as u64,
            offenders: sizes.offenders,
            manifest: written,
        };
        Verified { findings, artifact: Some(artifact), metrics }
    }
}

fn unlisted(error: &ListingError) -> Finding {
    Finding::new(
        FindingId::ArtifactIncomplete,
        error.to_string(),
        "the build output must be readable for the user that deploys it",
    )
    .location(Location::file(&error.path))
}

fn adapter_output(directory: &str) -> Verified {
    let finding = Finding::new(
        FindingId::ArtifactMissing,
        format!(
            "`{directory}` holds a `deploy-manifest.json`, so Next's own output was not verified"
        ),
        "Amplify deploys what the framework adapter wrote there, by its own manifest",
    )
    .severity(Severity::Info);
    Verified { findings: vec![finding], ..Verified::default() }
}
