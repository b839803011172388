use std::path::Path;

use super::NodeRange;
use crate::project::{Manifest, text::read_text};

/// Bytes above which a file names no version.
const MAXIMUM_SIZE: u64 = 64 * 1024;

/// Who asks for a Node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestSource {
    /// `engines.node` of the manifest.
    Engines,
    /// `.nvmrc`
    Nvmrc,
    /// `.node-version`
    NodeVersionFile,
    /// `volta.node` of the manifest.
    Volta,
}

impl RequestSource {
    /// How messages name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Engines => "engines.node",
            Self::Nvmrc => ".nvmrc",
            Self::NodeVersionFile => ".node-version",
            Self::Volta => "volta.node",
        }
    }

    /// The file that holds it.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Engines | Self::Volta => "package.json",
            Self::Nvmrc => ".nvmrc",
            Self::NodeVersionFile => ".node-version",
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// A range.
    Range(NodeRange),
    /// A name whose meaning changes with time, such as `node` or `lts/*`.
    Moving,
    /// Nothing that the reader of that source understands.
    Unclear,
}

/// One place that asks for a Node.
#[derive(Debug, Clone)]
pub(crate) struct NodeRequest {
    /// Who asks.
    pub(crate) source: RequestSource,
    /// The words.
    pub(crate) text: String,
    /// What they mean to the tool that reads that source.
    pub(crate) wanted: Wanted,
}

/// Names of the long-term lines, as `lts/<name>`, and their major versions; the Node project's release schedule.
const LONG_TERM_LINES: &[(&str, u64)] = &[
    ("argon", 4),
    ("boron", 6),
    ("carbon", 8),
    ("dubnium", 10),
    ("erbium", 12),
    ("fermium", 14),
    ("gallium", 16),
    ("hydrogen", 18),
    ("iron", 20),
    ("jod", 22),
    ("krypton", 24),
];

/// The major version of a long-term line, as `lts/iron`.
pub(crate) fn long_term_line(alias: &str) -> Option<u64> {
    let name = alias.strip_prefix("lts/")?;
    LONG_TERM_LINES.iter().find(|(line, _)| *line == name).map(|(_, major)| *major)
}

/// Everything in the app root that asks for a Node; the files also where they stand at the repository's root.
pub(crate) fn requests(
    app_root: &Path,
    repository_root: Option<&Path>,
    manifest: Option<&Manifest>,
) -> Vec<NodeRequest> {
    let mut requests = Vec::new();
    let mut add = |source, text: Option<String>, meaning: fn(&str) -> Wanted| {
        if let Some(text) = text {
            requests.push(NodeRequest { source, wanted: meaning(&text), text });
        }
    };
    let of_manifest = |field: fn(&Manifest) -> &Option<String>| {
        manifest.and_then(|manifest| field(manifest).clone())
    };
    let of_file = |name: &str| {
        [Some(app_root), repository_root]
            .into_iter()
            .flatten()
            .find_map(|folder| read_text(&folder.join(name), MAXIMUM_SIZE).ok())
            .and_then(|text| first_word(&text.content))
    };
    add(RequestSource::Engines, of_manifest(|manifest| &manifest.engines_node), engines);
    add(RequestSource::Nvmrc, of_file(".nvmrc"), version_file);
    add(RequestSource::NodeVersionFile, of_file(".node-version"), version_file);
    add(RequestSource::Volta, of_manifest(|manifest| &manifest.volta_node), version_file);
    requests
}

/// The first line that is neither empty nor a comment.
fn first_word(content: &str) -> Option<String> {
    content
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .find(|line| !line.is_empty())
        .map(ToOwned::to_owned)
}

/// npm, yarn and pnpm take `engines.node` for a range and nothing else.
fn engines(text: &str) -> Wanted {
    NodeRange::parse(text).map_or(Wanted::Unclear, Wanted::Range)
}

/// nvm, fnm and their kin take a version, the beginning of one, or an alias.
fn version_file(text: &str) -> Wanted {
    if let Some(range) = NodeRange::prefix(text) {
        return Wanted::Range(range);
    }
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("lts/") {
        return match long_term_line(&lower) {
            Some(major) => engines(&major.to_string()),
            None => Wanted::Moving,
        };
    }
    match lower.as_str() {
        "node" | "stable" | "unstable" | "latest" | "current" | "lts" | "system" | "default" => {
            Wanted::Moving
        }
        _ => Wanted::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodejs_semver::Version as NodeVersion;

    #[test]
    fn version_files_mean_what_nvm_says() {
        for (text, version, expected) in [
            ("20", "20.11.1", Some(true)),
            ("v20", "22.0.0", Some(false)),
            ("v20.11", "20.11.5", Some(true)),
            ("20.11.1", "20.11.2", Some(false)),
            ("lts/iron", "20.1.0", Some(true)),
            ("lts/Jod", "20.1.0", Some(false)),
            ("lts/*", "8.0.0", None),
            ("lts/-1", "8.0.0", None),
            ("node", "8.0.0", None),
            (">=20", "20.0.0", None),
            ("20.x", "20.0.0", None),
            ("${NODE}", "20.0.0", None),
        ] {
            let version = NodeVersion::parse(version).unwrap();
            let answer = match version_file(text) {
                Wanted::Range(range) => Some(range.contains(&version)),
                Wanted::Moving | Wanted::Unclear => None,
            };
            assert_eq!(answer, expected, "{text}");
        }
        assert_eq!(first_word("# pinned\n\n  20.11.1 # why\n").as_deref(), Some("20.11.1"));
        assert_eq!(first_word("\n# nothing\n"), None);
    }
}
