use std::{path::Path, sync::LazyLock};

use regex::Regex;

use crate::project::{Manifest, output::OutputMode, read_text};

/// Bytes above which a file is no configuration.
const MAXIMUM_SIZE: u64 = 1024 * 1024;

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static SETTING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m)^[^/\n]*\b(output|distDir)\s*:\s*(?:["']([^"'\n]+)["'])?"#).unwrap()
});

/// What the build will write, as far as it can be told before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    /// How it runs.
    pub(super) mode: OutputMode,
    /// Next's dist dir, relative to the app root.
    pub(super) dist_dir: String,
    /// The folder that is deployed, relative to the app root.
    pub(super) base_directory: String,
    /// What decided.
    pub(super) because: String,
    /// Settings that only the running configuration knows.
    pub(super) unknown: Vec<String>,
}

impl Output {
    /// Whether a server answers requests.
    pub(super) fn serves(&self) -> bool {
        self.mode != OutputMode::Export
    }

    /// Reads next.config and the build script.
    pub(super) fn read(app_root: &Path, manifest: Option<&Manifest>) -> Self {
        let (mut output, mut dist_dir, mut unknown, mut because) =
            (None, None, Vec::new(), "no next.config sets `output`".to_owned());
        for name in ["next.config.js", "next.config.mjs", "next.config.ts", "next.config.mts"] {
            let Ok(text) = read_text(&app_root.join(name), MAXIMUM_SIZE) else { continue };
            because = format!("{name} sets no `output`");
            for found in SETTING.captures_iter(&text.content) {
                match (&found[1], found.get(2)) {
                    ("output", Some(value)) => output = Some(value.as_str().to_owned()),
                    ("distDir", Some(value)) => dist_dir = Some(value.as_str().to_owned()),
                    (setting, _) => unknown.push(setting.to_owned()),
                }
            }
            if let Some(output) = &output {
                because = format!("`output: \"{output}\"` in {name}");
            }
            break;
        }
        let exports = manifest
            .and_then(|manifest| manifest.scripts.get("build"))
            .is_some_and(|script| script.contains("next export"));
        let mode = match output.as_deref() {
            Some("export") => OutputMode::Export,
            Some("standalone") => OutputMode::Standalone,
            _ if exports => {
                because = "`next export` in the build script".into();
                OutputMode::Export
            }
            _ => OutputMode::Server,
        };
        Self::new(mode, dist_dir, because, unknown)
    }

    fn new(
        mode: OutputMode,
        dist_dir: Option<String>,
        because: String,
        unknown: Vec<String>,
    ) -> Self {
        let custom =
            dist_dir.map(|path| path.trim_start_matches("./").trim_matches('/').to_owned());
        // An export takes `distDir` for its own folder; the dist dir stays where it is.
        let (dist_dir, base_directory) = match (mode, custom) {
            (OutputMode::Export, custom) => {
                (".next".into(), custom.unwrap_or_else(|| "out".into()))
            }
            (_, custom) => {
                let dist_dir = custom.unwrap_or_else(|| ".next".into());
                (dist_dir.clone(), dist_dir)
            }
        };
        Self { mode, dist_dir, base_directory, because, unknown }
    }
}
