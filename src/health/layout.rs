use std::path::{Path, PathBuf};

use crate::project::output::{BuildOutput, OutputMode};

/// Where the build lies.
#[derive(Debug, Clone)]
pub(crate) struct BuildLayout {
    /// The app's root.
    pub(crate) app_root: PathBuf,
    /// Next's `distDir`, relative to the app root or absolute.
    pub(crate) dist_dir: PathBuf,
    /// How it is served.
    pub(crate) mode: OutputMode,
    /// The folder of exported files, `out` unless set.
    pub(crate) export_dir: Option<PathBuf>,
    /// Next's `basePath`; read from the build's manifests when absent.
    pub(crate) base_path: Option<String>,
}

impl BuildLayout {
    /// The layout of what a build left behind.
    pub(crate) fn new(app_root: &Path, built: &BuildOutput) -> Self {
        let export_dir =
            (built.mode == OutputMode::Export).then(|| PathBuf::from(&built.base_directory));
        Self {
            app_root: app_root.to_path_buf(),
            dist_dir: PathBuf::from(&built.dist_dir),
            mode: built.mode,
            export_dir,
            base_path: None,
        }
    }

    /// A file below `distDir`.
    pub(crate) fn dist(&self, path: impl AsRef<Path>) -> PathBuf {
        self.app_root.join(&self.dist_dir).join(path)
    }

    /// The folder of exported files.
    pub(crate) fn export(&self) -> PathBuf {
        self.app_root.join(self.export_dir.as_deref().unwrap_or(Path::new("out")))
    }
}
