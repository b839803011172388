use crate::project::output::OutputMode;

/// One setting as far as it can be told without running the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known<T> {
    /// This value, whatever happens.
    Value(T),
    /// Not set: Next's default holds.
    Absent,
    /// It hangs on something that is only known at build time.
    Unknown {
        /// The values that the file names for it.
        possible: Vec<T>,
    },
}

impl<T> Known<T> {
    /// Nothing is known.
    pub(super) fn nothing() -> Self {
        Self::Unknown { possible: Vec::new() }
    }

    /// Whether it is certain, as a value or as the default.
    pub(crate) fn is_certain(&self) -> bool {
        !matches!(self, Self::Unknown { .. })
    }
}

/// What next.config says about the output of the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NextConfig {
    /// The file that Next takes, relative to the app root; nothing where there is none.
    pub(crate) file: Option<String>,
    /// `output`; never [`OutputMode::Server`], which is its absence.
    pub(crate) output: Known<OutputMode>,
    /// `distDir`
    pub(crate) dist_dir: Known<String>,
    /// Whether the settings pass through a function of a package (`withSentryConfig`), which may change them.
    pub(crate) through_wrapper: bool,
    /// Whether it says in every case how many workers build (`experimental.cpus`, `experimental.memoryBasedWorkersCount`);
    /// Next then asks no variable.
    pub(crate) decides_workers: bool,
}

impl NextConfig {
    /// Next's dist dir unless configured.
    pub(crate) const DEFAULT_DIST_DIR: &'static str = ".next";
    /// The folder of a static export unless configured.
    pub(crate) const DEFAULT_EXPORT_DIR: &'static str = "out";

    /// The app has no next.config: every default holds.
    pub(super) fn defaults() -> Self {
        Self {
            file: None,
            output: Known::Absent,
            dist_dir: Known::Absent,
            through_wrapper: false,
            decides_workers: false,
        }
    }

    /// There is a file, but nothing in it can be told.
    pub(super) fn unknown(file: String) -> Self {
        Self {
            file: Some(file),
            output: Known::nothing(),
            dist_dir: Known::nothing(),
            through_wrapper: false,
            decides_workers: false,
        }
    }

    /// Whether mode and folder of the output are beyond doubt.
    pub(crate) fn is_certain(&self) -> bool {
        self.output.is_certain() && self.dist_dir.is_certain() && !self.through_wrapper
    }

    /// How the output is meant to run, where that can be told.
    pub(crate) fn mode(&self) -> Option<OutputMode> {
        match self.output {
            Known::Value(mode) => Some(mode),
            Known::Absent => Some(OutputMode::Server),
            Known::Unknown { .. } => None,
        }
    }

    /// Whether the build is a static export, or nothing rules it out.
    pub(crate) fn may_export(&self) -> bool {
        !matches!(self.mode(), Some(OutputMode::Server | OutputMode::Standalone))
    }

    /// The folder that Amplify takes as `baseDirectory`, relative to the app root, where it can be told.
    ///
    /// With an export, `distDir` names the folder of the export; Next itself then keeps to `.next`.
    pub(crate) fn base_directory(&self) -> Option<&str> {
        let folder = match (&self.dist_dir, self.mode()?) {
            (Known::Value(folder), OutputMode::Export) if folder == Self::DEFAULT_DIST_DIR => {
                Self::DEFAULT_EXPORT_DIR
            }
            (Known::Value(folder), _) => folder,
            (Known::Absent, OutputMode::Export) => Self::DEFAULT_EXPORT_DIR,
            (Known::Absent, _) => Self::DEFAULT_DIST_DIR,
            (Known::Unknown { .. }, _) => return None,
        };
        Some(folder)
    }
}
