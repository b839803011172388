//! What becomes of each part of Next's dist dir on Amplify.
//!
//! AWS support, quoted in aws-amplify/amplify-hosting#3863 on 2026-04-14: the size is that of the compute bundle, which holds
//! the dist dir without `static/` and `cache/`, the runtime files of `node_modules`, `public/`, `.env`, `.env.production`,
//! `package.json` and a small server of Amplify's. Whether build leftovers and `standalone/` are copied is not said
//! (amplify-hosting#3628: `standalone` is not used since 2023), so these never decide an error.

use std::path::Path;

use crate::project::output::{BuildOutput, OutputMode};

/// Where a file of the dist dir ends up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// In the compute bundle: counts against the limit.
    Compute,
    /// Served from the edge: `static/`.
    Static,
    /// Kept between builds, never deployed: `cache/`.
    Cache,
    /// Left by the build, read by nobody who serves; may count.
    Leftover,
}

/// Next's server with its dependencies, when configured.
const STANDALONE: &str = "standalone";

/// First path component below the dist dir, where it is not for the server.
const PARTS: &[(&str, Part)] = &[
    ("static", Part::Static),
    ("cache", Part::Cache),
    ("dev", Part::Leftover),
    ("diagnostics", Part::Leftover),
    (STANDALONE, Part::Leftover),
    ("trace", Part::Leftover),
    ("trace-build", Part::Leftover),
    ("turbopack", Part::Leftover),
    ("types", Part::Leftover),
];

/// The part that a path relative to the app root belongs to; `None` outside of the dist dir.
pub(super) fn part(output: &BuildOutput, path: &str) -> Option<Part> {
    let below = Path::new(path).strip_prefix(&output.dist_dir).ok()?;
    let first = below.components().next()?.as_os_str();
    Some(PARTS.iter().find(|(name, _)| first == *name).map_or(Part::Compute, |(_, part)| *part))
}

/// Folders and files that serving or the next build may change without the artifact being another one.
pub(super) fn volatile(output: &BuildOutput) -> Vec<String> {
    PARTS
        .iter()
        .filter(|(name, part)| matches!(part, Part::Cache | Part::Leftover) && *name != STANDALONE)
        .map(|(name, _)| format!("{}/{name}", output.dist_dir))
        .collect()
}

/// Whether a file below the base directory reaches the server or a browser.
pub(super) fn is_deployed(output: &BuildOutput, path: &str) -> bool {
    output.mode == OutputMode::Export
        || !matches!(part(output, path), Some(Part::Cache | Part::Leftover))
}
