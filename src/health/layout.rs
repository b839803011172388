use std::path::{Path, PathBuf};

/// How the build is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServeMode {
    /// `next start`.
    Server,
    /// The `server.js` of `output: "standalone"`.
    Standalone,
    /// The files of `output: "export"`.
    Export,
}

/// Where the build lies.
#[derive(Debug, Clone)]
pub(crate) struct BuildLayout {
    /// The app's root.
    pub(crate) app_root: PathBuf,
    /// Next's `distDir`, relative to the app root or absolute.
    pub(crate) dist_dir: PathBuf,
    /// How it is served.
    pub(crate) mode: ServeMode,
    /// The folder of exported files, `out` unless set.
    pub(crate) export_dir: Option<PathBuf>,
    /// Next's `basePath`; read from the build's manifests when absent.
    pub(crate) base_path: Option<String>,
}

impl BuildLayout {
    /// A file below `distDir`.
    pub(crate) fn dist(&self, path: impl AsRef<Path>) -> PathBuf {
        self.app_root.join(&self.dist_dir).join(path)
    }

    /// The folder of exported files.
    pub(crate) fn export(&self) -> PathBuf {
        self.app_root.join(self.export_dir.as_deref().unwrap_or(Path::new("out")))
    }
}
