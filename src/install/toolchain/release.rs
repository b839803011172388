use crate::project::{ManagerKind, Project, release_for, requested_manager};

/// One exact release of a manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Release {
    /// Which manager.
    pub(super) kind: ManagerKind,
    /// Its version.
    pub(super) version: String,
    /// `<algorithm>.<digest>`, where `packageManager` gives one.
    pub(super) hash: Option<String>,
    /// Whether `packageManager` pins it; else it follows from the lockfile.
    pub(super) is_pinned: bool,
}

impl Release {
    /// The release that the project is to be installed with; nothing for npm, and for a `packageManager` that is
    /// an address.
    pub(super) fn of(project: &Project) -> Option<Self> {
        let kind = project.manager.kind;
        if let Some(requested) = requested_manager(project) {
            let version = requested.version?.to_string();
            return Some(Self { kind, version, hash: requested.hash, is_pinned: true });
        }
        let lockfile = project.lockfile();
        let folder = lockfile.and_then(|lockfile| lockfile.path.parent()).unwrap_or(&project.root);
        let version = release_for(kind, lockfile, folder)?.to_owned();
        Some(Self { kind, version, hash: None, is_pinned: false })
    }

    /// The npm package that holds it; for bun that of the platform, which needs no script to be laid out.
    pub(super) fn package(&self) -> String {
        match self.kind {
            ManagerKind::YarnBerry => "@yarnpkg/cli-dist".into(),
            ManagerKind::Bun => bun_package(),
            kind => kind.program().into(),
        }
    }

    /// As a person writes it: `pnpm 9.15.9`.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.kind.program(), self.version)
    }

    /// As corepack and npm write it: `pnpm@9.15.9`.
    pub(super) fn specification(&self) -> String {
        format!("{}@{}", self.kind.program(), self.version)
    }
}

/// As bun's own install script chooses it (read in 1.2 and 1.4): the plain build needs AVX2.
fn bun_package() -> String {
    let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let architecture = if cfg!(target_arch = "aarch64") { "aarch64" } else { "x64" };
    let loader = format!("/lib/ld-musl-{}.so.1", std::env::consts::ARCH);
    let library =
        if std::path::Path::new(&loader).exists() && system == "linux" { "-musl" } else { "" };
    let baseline = if needs_baseline() { "-baseline" } else { "" };
    format!("@oven/bun-{system}-{architecture}{library}{baseline}")
}

#[cfg(target_arch = "x86_64")]
fn needs_baseline() -> bool {
    !std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn needs_baseline() -> bool {
    false
}
