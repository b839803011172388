use std::{collections::BTreeMap, fs, path::Path};

use super::{
    layout::{Part, part},
    listing::{Entry, list, relative},
    traces::Traced,
};
use crate::{
    amplify::{ARTIFACT_SIZE, COMPUTE_SIZE},
    project::output::{BuildOutput, OutputMode},
    report::{Evidence, Finding, FindingId, Location, Offender, Severity, render::format_bytes},
};

/// The largest that are named.
const OFFENDERS: usize = 10;
/// Percent of a limit from which it is near.
const NEAR_PERCENT: u64 = 90;
/// Packages that every server needs.
const NEEDED: &[&str] = &["next", "react", "react-dom"];
/// Bytes from which a package is worth a hint.
const WORTH_EXCLUDING: u64 = 5 * 1024 * 1024;
/// Files of the app root that are copied beside the server.
const BESIDE_THE_SERVER: &[&str] = &[".env", ".env.production", "package.json"];

/// What the output weighs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Bytes below the base directory, the cache included.
    pub(super) total: u64,
    /// Bytes that certainly count against [`Sizes::limit`]. Amplify's exact sum is not published.
    pub(super) counted: u64,
    /// Bytes of build leftovers that may count too: `standalone/`, `trace`, ….
    pub(super) leftovers: u64,
    /// Bytes of the cache, which do not count.
    pub(super) cache: u64,
    /// The platform's limit for this mode, bytes.
    pub(super) limit: u64,
    /// The ten largest of what counts, packages as one.
    pub(super) offenders: Vec<Offender>,
}

/// Weighs the output. `cache` is the listing of the dist dir's cache, which `entries` leaves out.
pub(super) fn measure(
    app_root: &Path,
    output: &BuildOutput,
    entries: &[Entry],
    cache: &[Entry],
    traced: &Traced,
) -> Sizes {
    let sum = |entries: &[Entry]| entries.iter().map(Entry::size).sum::<u64>();
    let cache = sum(cache);
    let total = sum(entries) + cache;
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    let mut leftovers = 0;
    if output.mode == OutputMode::Export {
        counted.extend(entries.iter().map(|entry| (entry.path.clone(), entry.size())));
    } else {
        for entry in entries {
            match part(output, &entry.path) {
                Some(Part::Leftover) => leftovers += entry.size(),
                Some(Part::Static | Part::Cache) => {}
                Some(Part::Compute) | None => {
                    counted.insert(entry.path.clone(), entry.size());
                }
            }
        }
        counted.extend(beside_the_server(app_root));
        let resolved_root = app_root.canonicalize().unwrap_or_else(|_| app_root.to_path_buf());
        for (path, size) in &traced.files {
            let path = relative(&resolved_root, path);
            // Traces climb into the dist dir too: what is not for the bundle stays out of it.
            if matches!(part(output, &path), None | Some(Part::Compute)) {
                counted.insert(path, *size);
            }
        }
    }
    let limit = if output.mode == OutputMode::Export { ARTIFACT_SIZE } else { COMPUTE_SIZE };
    let offenders = offenders(&counted);
    Sizes { total, counted: counted.values().sum(), leftovers, cache, limit, offenders }
}

fn beside_the_server(app_root: &Path) -> Vec<(String, u64)> {
    // A missing `public` weighs nothing.
    let public = list(app_root, "public", &[]).unwrap_or_default();
    let files = BESIDE_THE_SERVER.iter().filter_map(|name| {
        let size = fs::metadata(app_root.join(name)).ok().filter(fs::Metadata::is_file)?.len();
        Some(((*name).to_owned(), size))
    });
    public
        .into_iter()
        .map(|entry| {
            let size = entry.size();
            (entry.path, size)
        })
        .chain(files)
        .collect()
}

fn offenders(counted: &BTreeMap<String, u64>) -> Vec<Offender> {
    let mut groups: BTreeMap<&str, u64> = BTreeMap::new();
    for (path, size) in counted {
        *groups.entry(package(path).unwrap_or(path)).or_default() += size;
    }
    let mut offenders: Vec<Offender> =
        groups.into_iter().map(|(path, size)| Offender { path: path.to_owned(), size }).collect();
    offenders
        .sort_by(|one, other| other.size.cmp(&one.size).then_with(|| one.path.cmp(&other.path)));
    offenders.truncate(OFFENDERS);
    offenders
}

/// The folder of the innermost package that a path lies in.
fn package(path: &str) -> Option<&str> {
    const MARK: &str = "node_modules/";
    let start = path.rfind(MARK)? + MARK.len();
    let mut ends = path[start..].match_indices('/').map(|(at, _)| start + at);
    let end = if path[start..].starts_with('@') { ends.nth(1) } else { ends.next() };
    Some(end.map_or(path, |end| &path[..end]))
}

/// Whether the output is too large for the platform or for the project's own budget, bytes.
pub(super) fn judge(output: &BuildOutput, sizes: &Sizes, budget: Option<u64>) -> Vec<Finding> {
    let whose = match output.mode {
        OutputMode::Export => "a build artifact",
        OutputMode::Server | OutputMode::Standalone => "a server on Amplify",
    };
    let limit = Limit { bytes: sizes.limit, name: format!("{whose} may have"), amplify: true };
    let budget = budget.map(|bytes| Limit {
        bytes,
        name: "the project's `artifacts.budget` allows".to_owned(),
        amplify: false,
    });
    [Some(limit), budget]
        .into_iter()
        .flatten()
        .filter_map(|limit| limit.judge(output, sizes))
        .collect()
}

struct Limit {
    bytes: u64,
    name: String,
    amplify: bool,
}

impl Limit {
    fn judge(&self, output: &BuildOutput, sizes: &Sizes) -> Option<Finding> {
        let limit = self.bytes;
        let size = format_bytes(sizes.counted);
        let at_most = format!("the {} ({limit} bytes) that {}", format_bytes(limit), self.name);
        let (severity, message) = if sizes.counted > limit {
            (
                Severity::Error,
                format!("the output weighs {size} ({} bytes), more than {at_most}", sizes.counted),
            )
        } else if self.amplify && sizes.counted + sizes.leftovers > limit {
            let leftovers = format_bytes(sizes.leftovers);
            (
                Severity::Warning,
                format!(
                    "the output weighs {size}, and with {leftovers} of build leftovers more than {at_most}"
                ),
            )
        } else if u128::from(sizes.counted) * 100 >= u128::from(limit) * u128::from(NEAR_PERCENT) {
            (Severity::Warning, format!("the output weighs {size}, close to {at_most}"))
        } else {
            return None;
        };
        let mut finding =
            Finding::new(FindingId::ArtifactTooLarge, message, resolution(output.mode))
                .severity(severity)
                .location(Location::file(&output.base_directory));
        if self.amplify && severity == Severity::Error && output.mode != OutputMode::Export {
            finding = finding.evidence(Evidence::new(
                "Amplify's message for it",
                format!("CustomerError: The size of the build output (…) exceeds the max allowed size of {limit} bytes."),
            ));
        }
        for offender in &sizes.offenders {
            finding = finding.evidence(Evidence::new(&offender.path, format_bytes(offender.size)));
        }
        Some(hints(finding, output, sizes))
    }
}

fn resolution(mode: OutputMode) -> &'static str {
    match mode {
        OutputMode::Export => {
            "the largest files are named as evidence: move media to S3 or a CDN, or drop what no page uses"
        }
        OutputMode::Server | OutputMode::Standalone => {
            "what counts is the dist dir without `static` and `cache`, every traced file of `node_modules`, and `public`; the \
             largest are named as evidence: exclude packages that no route needs from tracing, move media of `public` to S3"
        }
    }
}

fn hints(finding: Finding, output: &BuildOutput, sizes: &Sizes) -> Finding {
    if output.mode == OutputMode::Export {
        return finding;
    }
    let excludable = sizes.offenders.iter().find(|offender| {
        offender.size >= WORTH_EXCLUDING
            && package(&offender.path).is_some_and(|package| {
                !NEEDED.iter().any(|needed| package.ends_with(&format!("node_modules/{needed}")))
            })
    });
    let finding = match excludable {
        Some(package) => finding.hint(format!(
            "if no route needs it, in next.config: `outputFileTracingExcludes: {{ \"*\": [\"{}/**\"] }}`",
            package.path
        )),
        None => finding,
    };
    let finding = if output.mode == OutputMode::Standalone {
        finding.hint("remove `output: \"standalone\"` from next.config: Amplify does not use it")
    } else {
        finding
    };
    if sizes.cache == 0 {
        return finding;
    }
    finding.hint(format!(
        "`{}/cache` ({}) is not counted: keep it for the next build",
        output.dist_dir,
        format_bytes(sizes.cache)
    ))
}
