use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ExitStatus;

/// The part of a deployment that a finding belongs to; the category in the report.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// The machine and its variables.
    Environment,
    /// Files that tell tools what to do.
    Configuration,
    /// Packages and their installation.
    Dependency,
    /// The project's own build.
    Build,
    /// The output and the live site.
    Deployment,
    /// deployfix itself.
    Internal,
}

impl Area {
    /// The exit status of a command that stops at an error of this area.
    #[must_use]
    pub fn exit_status(self) -> ExitStatus {
        match self {
            Self::Environment => ExitStatus::Environment,
            Self::Configuration => ExitStatus::Configuration,
            Self::Dependency => ExitStatus::Dependency,
            Self::Build => ExitStatus::Build,
            Self::Deployment => ExitStatus::Deployment,
            Self::Internal => ExitStatus::Internal,
        }
    }
}
