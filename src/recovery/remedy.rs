use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::report::FindingId;

/// What deployfix does by itself before it runs a command again.
///
/// All but those of `is_policy` keep the same code and the same locked versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Wait, longer each time, and run the same again.
    RetryWithBackoff,
    /// Run the same again, once.
    RetryOnce,
    /// Ask the registry again for what it may have published since.
    PreferOnline,
    /// Fetch everything again into an empty cache; checksums stay checked.
    FreshCache,
    /// Remove what can be made again from the disk.
    FreeCaches,
    /// Ask the registry that deployfix.yml names for the case.
    FallbackRegistry,
    /// Install beside the locked packages those that their parents pin for this platform, without saving them.
    PlatformPackages,
    /// Remove `node_modules` and install again.
    Reinstall,
    /// Choose versions, where no lockfile names them.
    ResolveOnce,
    /// Install what the manifest asks for, starting from the lockfile that does not fit it.
    UnfrozenInstall,
    /// Install although peer requirements contradict each other.
    LegacyPeerDeps,
    /// A larger V8 heap within the container, then fewer workers.
    RaiseHeap,
    /// Fewer workers and a smaller heap; never a larger one.
    LowerMemory,
    /// Remove what the compilers kept of earlier builds.
    ClearCache,
    /// Run the generator that the project declares, before the build.
    RunGenerator,
}

impl Remedy {
    /// The remedies of a failure in the order in which they are tried; with none the phase ends with its resolution.
    #[expect(
        clippy::too_many_lines,
        reason = "one line an id, so that a new one has to be decided"
    )]
    pub(crate) fn of(id: FindingId) -> &'static [Self] {
        use FindingId as Id;
        match id {
            Id::RegistryUnreachable => &[Self::RetryWithBackoff, Self::FallbackRegistry],
            Id::NetworkUnreachable | Id::DataFetchFailed | Id::FontFetchFailed => {
                &[Self::RetryWithBackoff]
            }
            Id::PackageNotFound
            | Id::InstallScriptFailed
            | Id::BuildTimeout
            | Id::InstallTimeout => &[Self::RetryOnce],
            Id::VersionNotFound => &[Self::PreferOnline],
            Id::IntegrityMismatch => &[Self::FreshCache],
            Id::DiskFull => &[Self::FreeCaches],
            Id::PlatformBinaryMissing => &[Self::PlatformPackages],
            Id::NodeModulesCorrupt => &[Self::Reinstall],
            Id::LockfileMissing => &[Self::ResolveOnce],
            Id::LockfileOutOfSync => &[Self::UnfrozenInstall],
            Id::PeerConflict => &[Self::LegacyPeerDeps],
            Id::OutOfMemoryHeap => &[Self::RaiseHeap],
            Id::OutOfMemoryKilled => &[Self::LowerMemory],
            Id::CacheCorrupt => &[Self::ClearCache],
            Id::ClientNotGenerated => &[Self::RunGenerator],
            Id::NodeVersionUnsupported
            | Id::PackageManagerMissing
            | Id::PackageManagerMismatch
            | Id::MissingVariable
            | Id::InvalidVariable
            | Id::VariableNotAtRuntime
            | Id::PublicSecret
            | Id::EnvFileInvalid
            | Id::DiskSpaceLow
            | Id::MemoryLow
            | Id::RepositoryUnavailable
            | Id::CorepackBroken
            | Id::ToolMissing
            | Id::BuildspecSyntax
            | Id::BuildspecMissing
            | Id::BuildspecMissingFrontend
            | Id::BuildspecMissingArtifacts
            | Id::BuildspecMissingFiles
            | Id::BuildspecCommandsNotList
            | Id::BuildspecCommandNotString
            | Id::BuildspecAppRootMissing
            | Id::BuildspecAppRootMismatch
            | Id::BuildspecUnknownKey
            | Id::BuildspecMisplacedKey
            | Id::BuildspecPhaseShape
            | Id::BuildspecVersion
            | Id::BuildspecEnvVariables
            | Id::BuildspecAppRootInvalid
            | Id::BuildspecAppRootNotFound
            | Id::BuildspecBaseDirectoryMissing
            | Id::BuildspecBaseDirectoryAbsolute
            | Id::BuildspecBaseDirectoryRepeatsAppRoot
            | Id::BuildspecBaseDirectoryMismatch
            | Id::BuildspecPathVariable
            | Id::BuildspecBuildPath
            | Id::BuildspecCacheUseless
            | Id::BuildspecCacheNextMissing
            | Id::BuildspecInstallCommand
            | Id::BuildspecInstallMissing
            | Id::BuildspecManagerNotInstalled
            | Id::BuildspecPnpmLinker
            | Id::BuildspecNodeVersion
            | Id::BuildspecShellSyntax
            | Id::BuildspecUnexportedVariable
            | Id::BuildspecRepeatedCd
            | Id::BuildspecSecretEchoed
            | Id::BuildspecEnvironmentDumped
            | Id::BuildspecGrepMayFail
            | Id::BuildspecEnvFileLate
            | Id::BuildspecHeapAboveMemory
            | Id::BuildspecCommandNeverEnds
            | Id::BuildspecNextExport
            | Id::BuildspecUnpinnedGlobal
            | Id::BuildspecTestArtifacts
            | Id::BuildspecTwoFiles
            | Id::BuildspecInvalidIgnore
            | Id::NextConfigInvalid
            | Id::TsconfigInvalid
            | Id::ManifestInvalid
            | Id::BuildScriptMissing
            | Id::DeployfixInvalid
            | Id::UnsupportedFeature
            | Id::LockfileCorrupt
            | Id::LockfileConflict
            | Id::OverrideConflict
            | Id::RegistryAuth
            | Id::RegistryTls
            | Id::EngineMismatch
            | Id::NativeBuildFailed
            | Id::Undeclared
            | Id::UntrustedSource
            | Id::UnreviewedInstallScript
            | Id::VulnerableFramework
            | Id::VulnerablePackage
            | Id::InstallFailed
            | Id::ModuleNotFound
            | Id::ModuleCaseMismatch
            | Id::PrerenderFailed
            | Id::ExportMissing
            | Id::SyntaxError
            | Id::TypeError
            | Id::LintError
            | Id::ClientServerBoundary
            | Id::RouteConflict
            | Id::InvalidPageExport
            | Id::StaticExportUnsupported
            | Id::PageDataFailed
            | Id::CssFailed
            | Id::CommandNotFound
            | Id::EsmCjsMismatch
            | Id::OpensslUnsupported
            | Id::BackendFailed
            | Id::BuildFailed
            | Id::ArtifactMissing
            | Id::ArtifactIncomplete
            | Id::ArtifactTooLarge
            | Id::ArtifactSecret
            | Id::ArtifactCorrupt
            | Id::ArtifactDenied
            | Id::FrameworkMismatch
            | Id::ServerStartFailed
            | Id::HealthCheckFailed
            | Id::HealthCheckTimeout
            | Id::StaleVersion
            | Id::JobFailed
            | Id::RollbackRefused
            | Id::RollbackFailed
            | Id::AccessDenied
            | Id::InternalError
            | Id::Usage
            | Id::Interrupted
            | Id::ReportUnreadable => &[],
        }
    }

    /// The name in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RetryWithBackoff => "retry-with-backoff",
            Self::RetryOnce => "retry-once",
            Self::PreferOnline => "prefer-online",
            Self::FreshCache => "fresh-cache",
            Self::FreeCaches => "free-caches",
            Self::FallbackRegistry => "fallback-registry",
            Self::PlatformPackages => "platform-packages",
            Self::Reinstall => "reinstall",
            Self::ResolveOnce => "resolve-once",
            Self::UnfrozenInstall => "unfrozen-install",
            Self::LegacyPeerDeps => "legacy-peer-deps",
            Self::RaiseHeap => "raise-heap",
            Self::LowerMemory => "lower-memory",
            Self::ClearCache => "clear-cache",
            Self::RunGenerator => "run-generator",
        }
    }

    /// How often it may be applied in one phase; the policy's number of attempts bounds it as well.
    pub(super) fn limit(self) -> usize {
        match self {
            Self::RetryWithBackoff => usize::MAX,
            Self::RaiseHeap | Self::LowerMemory => 2,
            Self::RetryOnce
            | Self::PreferOnline
            | Self::FreshCache
            | Self::FreeCaches
            | Self::FallbackRegistry
            | Self::PlatformPackages
            | Self::Reinstall
            | Self::ResolveOnce
            | Self::UnfrozenInstall
            | Self::LegacyPeerDeps
            | Self::ClearCache
            | Self::RunGenerator => 1,
        }
    }

    /// Whether it changes what is shipped, so that strict mode refuses it.
    pub(crate) fn is_policy(self) -> bool {
        match self {
            Self::ResolveOnce | Self::UnfrozenInstall | Self::LegacyPeerDeps => true,
            Self::RetryWithBackoff
            | Self::RetryOnce
            | Self::PreferOnline
            | Self::FreshCache
            | Self::FreeCaches
            | Self::FallbackRegistry
            | Self::PlatformPackages
            | Self::Reinstall
            | Self::RaiseHeap
            | Self::LowerMemory
            | Self::ClearCache
            | Self::RunGenerator => false,
        }
    }

    /// The pause before the attempt that follows `earlier` applications of it.
    pub(super) fn delay(self, earlier: usize, first: Duration) -> Duration {
        if self != Self::RetryWithBackoff {
            return Duration::ZERO;
        }
        ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(Duration::from_secs(30).max(first))
            .with_factor(3.0)
            .with_jitter()
            .with_max_times(earlier + 1)
            .build()
            .nth(earlier)
            .unwrap_or(first)
    }
}
