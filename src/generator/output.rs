use crate::project::{Known, Manifest, NextConfig, output::OutputMode, script_commands};

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
    pub(super) unknown: Vec<&'static str>,
}

impl Output {
    /// Whether a server answers requests.
    pub(super) fn serves(&self) -> bool {
        self.mode != OutputMode::Export
    }

    /// Reads it off next.config and the build script.
    pub(super) fn of(config: &NextConfig, manifest: Option<&Manifest>) -> Self {
        let file = config.file.as_deref();
        let exports_by_script = manifest
            .and_then(|manifest| script_commands(manifest, "build"))
            .is_some_and(|commands| commands.runs_next("export"));
        let mode = config.mode().unwrap_or(OutputMode::Server);
        let (mode, because) = match (mode, file) {
            (OutputMode::Server, _) if exports_by_script => {
                (OutputMode::Export, "`next export` in the build script".to_owned())
            }
            (OutputMode::Server, None) => (mode, "no next.config".into()),
            (OutputMode::Server, Some(file)) if config.output.is_certain() => {
                (mode, format!("no `output` in {file}"))
            }
            (OutputMode::Server, Some(file)) => (mode, format!("`output` of {file} is computed")),
            (_, file) => (
                mode,
                format!("`output: \"{}\"` in {}", mode.as_str(), file.unwrap_or("next.config")),
            ),
        };
        let unknown =
            [("output", config.output.is_certain()), ("distDir", config.dist_dir.is_certain())]
                .into_iter()
                .filter_map(|(setting, certain)| (!certain).then_some(setting))
                .collect();
        let custom = match &config.dist_dir {
            Known::Value(folder) => Some(folder),
            Known::Unknown { possible } if possible.len() == 1 => possible.first(),
            Known::Absent | Known::Unknown { .. } => None,
        };
        let custom = custom
            .map(|folder| folder.trim_start_matches("./").trim_matches('/').to_owned())
            .filter(|folder| folder != NextConfig::DEFAULT_DIST_DIR && !folder.is_empty());
        let standard = NextConfig::DEFAULT_DIST_DIR.to_owned();
        // An export takes `distDir` for its own folder, and Next itself keeps to the standard one.
        let (dist_dir, base_directory) = if mode == OutputMode::Export {
            (standard, custom.unwrap_or_else(|| NextConfig::DEFAULT_EXPORT_DIR.to_owned()))
        } else {
            let folder = custom.unwrap_or(standard);
            (folder.clone(), folder)
        };
        Self { mode, dist_dir, base_directory, because, unknown }
    }
}
