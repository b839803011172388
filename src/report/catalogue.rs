use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Area, ExitStatus, Severity};

/// Declares the ids: variant, string, default severity. The area is the string's first part.
macro_rules! catalogue {
    ($($area:ident { $($variant:ident = $name:literal, $severity:ident;)* })*) => {
        /// The stable identifier of a problem. Public API: never renamed, never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingId {
            $($(#[doc = concat!("`", $name, "`")] $variant,)*)*
        }

        impl FindingId {
            /// Every id, in the catalogue's order.
            pub const ALL: &[Self] = &[$($(Self::$variant,)*)*];

            /// The id as reports, docs and ignore lists write it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($(Self::$variant => $name,)*)* }
            }

            /// The part of a deployment it belongs to.
            #[must_use]
            pub fn area(self) -> Area {
                match self { $($(Self::$variant => Area::$area,)*)* }
            }

            /// The severity where the finder does not know better.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $($(Self::$variant => Severity::$severity,)*)* }
            }

            /// Its page in Markdown: what shows it, why it happens, what to change. An id without one does not compile.
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self {
                    $($(Self::$variant => {
                        include_str!(concat!("../../explanations/", $name, ".md"))
                    })*)*
                }
            }
        }
    };
}

catalogue! {
    Environment {
        NodeVersionUnsupported = "environment/node-version-unsupported", Error;
        PackageManagerMissing = "environment/package-manager-missing", Error;
        PackageManagerMismatch = "environment/package-manager-mismatch", Warning;
        MissingVariable = "environment/missing-variable", Error;
        InvalidVariable = "environment/invalid-variable", Error;
        VariableNotAtRuntime = "environment/variable-not-at-runtime", Warning;
        PublicSecret = "environment/public-secret", Error;
        EnvFileInvalid = "environment/env-file-invalid", Warning;
        NetworkUnreachable = "environment/network-unreachable", Error;
        DiskSpaceLow = "environment/disk-space-low", Warning;
        MemoryLow = "environment/memory-low", Warning;
        RepositoryUnavailable = "environment/repository-unavailable", Error;
        CorepackBroken = "environment/corepack-broken", Error;
        ToolMissing = "environment/tool-missing", Error;
    }
    Configuration {
        BuildspecSyntax = "configuration/buildspec-syntax", Error;
        BuildspecMissing = "configuration/buildspec-missing", Info;
        BuildspecMissingFrontend = "configuration/buildspec-missing-frontend", Error;
        BuildspecMissingArtifacts = "configuration/buildspec-missing-artifacts", Error;
        BuildspecMissingFiles = "configuration/buildspec-missing-files", Error;
        BuildspecCommandsNotList = "configuration/buildspec-commands-not-list", Error;
        BuildspecCommandNotString = "configuration/buildspec-command-not-string", Error;
        BuildspecAppRootMissing = "configuration/buildspec-app-root-missing", Error;
        BuildspecAppRootMismatch = "configuration/buildspec-app-root-mismatch", Error;
        BuildspecUnknownKey = "configuration/buildspec-unknown-key", Warning;
        BuildspecMisplacedKey = "configuration/buildspec-misplaced-key", Warning;
        BuildspecPhaseShape = "configuration/buildspec-phase-shape", Warning;
        BuildspecVersion = "configuration/buildspec-version", Info;
        BuildspecEnvVariables = "configuration/buildspec-env-variables", Warning;
        BuildspecAppRootInvalid = "configuration/buildspec-app-root-invalid", Warning;
        BuildspecAppRootNotFound = "configuration/buildspec-app-root-not-found", Error;
        BuildspecBaseDirectoryMissing = "configuration/buildspec-base-directory-missing", Warning;
        BuildspecBaseDirectoryAbsolute = "configuration/buildspec-base-directory-absolute", Warning;
        BuildspecBaseDirectoryRepeatsAppRoot = "configuration/buildspec-base-directory-repeats-app-root", Error;
        BuildspecBaseDirectoryMismatch = "configuration/buildspec-base-directory-mismatch", Error;
        BuildspecPathVariable = "configuration/buildspec-path-variable", Warning;
        BuildspecBuildPath = "configuration/buildspec-build-path", Warning;
        BuildspecCacheUseless = "configuration/buildspec-cache-useless", Warning;
        BuildspecCacheNextMissing = "configuration/buildspec-cache-next-missing", Info;
        BuildspecInstallCommand = "configuration/buildspec-install-command", Warning;
        BuildspecInstallMissing = "configuration/buildspec-install-missing", Warning;
        BuildspecManagerNotInstalled = "configuration/buildspec-manager-not-installed", Warning;
        BuildspecPnpmLinker = "configuration/buildspec-pnpm-linker", Warning;
        BuildspecNodeVersion = "configuration/buildspec-node-version", Warning;
        BuildspecShellSyntax = "configuration/buildspec-shell-syntax", Error;
        BuildspecUnexportedVariable = "configuration/buildspec-unexported-variable", Warning;
        BuildspecRepeatedCd = "configuration/buildspec-repeated-cd", Error;
        BuildspecSecretEchoed = "configuration/buildspec-secret-echoed", Warning;
        BuildspecEnvironmentDumped = "configuration/buildspec-environment-dumped", Warning;
        BuildspecGrepMayFail = "configuration/buildspec-grep-may-fail", Warning;
        BuildspecEnvFileLate = "configuration/buildspec-env-file-late", Warning;
        BuildspecHeapAboveMemory = "configuration/buildspec-heap-above-memory", Warning;
        BuildspecCommandNeverEnds = "configuration/buildspec-command-never-ends", Error;
        BuildspecNextExport = "configuration/buildspec-next-export", Error;
        BuildspecUnpinnedGlobal = "configuration/buildspec-unpinned-global", Warning;
        BuildspecTestArtifacts = "configuration/buildspec-test-artifacts", Warning;
        BuildspecTwoFiles = "configuration/buildspec-two-files", Warning;
        BuildspecInvalidIgnore = "configuration/buildspec-invalid-ignore", Warning;
        NextConfigInvalid = "configuration/next-config-invalid", Error;
        TsconfigInvalid = "configuration/tsconfig-invalid", Error;
        ManifestInvalid = "configuration/manifest-invalid", Error;
        BuildScriptMissing = "configuration/build-script-missing", Error;
        DeployfixInvalid = "configuration/deployfix-invalid", Error;
        UnsupportedFeature = "configuration/unsupported-feature", Warning;
    }
    Dependency {
        LockfileMissing = "dependency/lockfile-missing", Error;
        LockfileOutOfSync = "dependency/lockfile-out-of-sync", Error;
        LockfileCorrupt = "dependency/lockfile-corrupt", Error;
        LockfileConflict = "dependency/lockfile-conflict", Warning;
        PeerConflict = "dependency/peer-conflict", Error;
        OverrideConflict = "dependency/override-conflict", Error;
        PackageNotFound = "dependency/package-not-found", Error;
        VersionNotFound = "dependency/version-not-found", Error;
        IntegrityMismatch = "dependency/integrity-mismatch", Error;
        RegistryAuth = "dependency/registry-auth", Error;
        RegistryUnreachable = "dependency/registry-unreachable", Error;
        RegistryTls = "dependency/registry-tls", Error;
        EngineMismatch = "dependency/engine-mismatch", Error;
        InstallScriptFailed = "dependency/install-script-failed", Error;
        NativeBuildFailed = "dependency/native-build-failed", Error;
        PlatformBinaryMissing = "dependency/platform-binary-missing", Error;
        DiskFull = "dependency/disk-full", Error;
        Undeclared = "dependency/undeclared", Warning;
        UntrustedSource = "dependency/untrusted-source", Warning;
        UnreviewedInstallScript = "dependency/unreviewed-install-script", Warning;
        VulnerableFramework = "dependency/vulnerable-framework", Error;
        VulnerablePackage = "dependency/vulnerable-package", Warning;
        NodeModulesCorrupt = "dependency/node-modules-corrupt", Error;
        InstallTimeout = "dependency/install-timeout", Error;
        InstallFailed = "dependency/install-failed", Error;
    }
    Build {
        OutOfMemoryHeap = "build/out-of-memory-heap", Error;
        OutOfMemoryKilled = "build/out-of-memory-killed", Error;
        BuildTimeout = "build/timeout", Error;
        ModuleNotFound = "build/module-not-found", Error;
        ModuleCaseMismatch = "build/module-case-mismatch", Error;
        ExportMissing = "build/export-missing", Error;
        SyntaxError = "build/syntax-error", Error;
        TypeError = "build/type-error", Error;
        LintError = "build/lint-error", Error;
        ClientServerBoundary = "build/client-server-boundary", Error;
        RouteConflict = "build/route-conflict", Error;
        InvalidPageExport = "build/invalid-page-export", Error;
        StaticExportUnsupported = "build/static-export-unsupported", Error;
        PrerenderFailed = "build/prerender-failed", Error;
        PageDataFailed = "build/page-data-failed", Error;
        DataFetchFailed = "build/data-fetch-failed", Error;
        FontFetchFailed = "build/font-fetch-failed", Error;
        CssFailed = "build/css-failed", Error;
        CommandNotFound = "build/command-not-found", Error;
        ClientNotGenerated = "build/client-not-generated", Error;
        EsmCjsMismatch = "build/esm-cjs-mismatch", Error;
        OpensslUnsupported = "build/openssl-unsupported", Error;
        CacheCorrupt = "build/cache-corrupt", Error;
        BackendFailed = "build/backend-failed", Error;
        BuildFailed = "build/failed", Error;
    }
    Deployment {
        ArtifactMissing = "deployment/artifact-missing", Error;
        ArtifactIncomplete = "deployment/artifact-incomplete", Error;
        ArtifactTooLarge = "deployment/artifact-too-large", Error;
        ArtifactSecret = "deployment/artifact-secret", Error;
        ArtifactCorrupt = "deployment/artifact-corrupt", Error;
        ArtifactDenied = "deployment/artifact-denied", Error;
        FrameworkMismatch = "deployment/framework-mismatch", Error;
        ServerStartFailed = "deployment/server-start-failed", Error;
        HealthCheckFailed = "deployment/health-check-failed", Error;
        HealthCheckTimeout = "deployment/health-check-timeout", Error;
        StaleVersion = "deployment/stale-version", Error;
        JobFailed = "deployment/job-failed", Error;
        RollbackRefused = "deployment/rollback-refused", Error;
        RollbackFailed = "deployment/rollback-failed", Error;
        AccessDenied = "deployment/access-denied", Error;
    }
    Internal {
        InternalError = "internal/error", Error;
        Usage = "internal/usage", Error;
        Interrupted = "internal/interrupted", Error;
        ReportUnreadable = "internal/report-unreadable", Warning;
    }
}

impl FindingId {
    /// The exit status of a command that stops at it.
    #[must_use]
    pub fn exit_status(self) -> ExitStatus {
        match self {
            Self::RegistryUnreachable | Self::NetworkUnreachable => ExitStatus::Transient,
            Self::DeployfixInvalid | Self::Usage | Self::ReportUnreadable => ExitStatus::Usage,
            other => other.area().exit_status(),
        }
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The string is no id of the catalogue.
#[derive(Debug, thiserror::Error)]
#[error("unknown finding id `{0}`")]
pub struct UnknownFindingId(String);

impl FromStr for FindingId {
    type Err = UnknownFindingId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|id| id.as_str() == text)
            .ok_or_else(|| UnknownFindingId(text.to_owned()))
    }
}

impl Serialize for FindingId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FindingId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for FindingId {
    fn schema_name() -> Cow<'static, str> {
        "FindingId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let ids: Vec<_> = Self::ALL.iter().map(|id| id.as_str()).collect();
        json_schema!({ "type": "string", "enum": ids })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_begin_with_their_area() {
        let mut seen = std::collections::BTreeSet::new();
        for id in FindingId::ALL {
            assert!(seen.insert(id.as_str()), "{id} is declared twice");
            let area = serde_json::to_value(id.area()).unwrap();
            assert_eq!(id.as_str().split_once('/').unwrap().0, area.as_str().unwrap());
            assert_eq!(id.as_str().parse::<FindingId>().unwrap(), *id);
        }
    }
}
