//! Ground floor: the one value for every problem, what was tried, and the
//! report of a run. Knows no other room.

mod area;
mod attempt;
mod catalogue;
mod diagnosis;
mod exit;
mod finding;
mod phase;
mod run;
mod sections;
mod time;
mod versions;

pub mod render;
pub mod schema;
pub mod store;

pub use area::Area;
pub use attempt::{Action, Attempt, Decision, Outcome, OutcomeKind};
pub use catalogue::FindingId;
pub use diagnosis::{Confidence, LogDiagnosis, Verdict};
pub use exit::ExitStatus;
pub use finding::{Edit, Evidence, Finding, Fix, Location, Severity};
pub use phase::{PhaseName, PhaseReport, PhaseStatus};
pub use run::{Identity, Run, RunResult, Tool};
pub use sections::{
    Artifact, BuildConfig, CacheSettings, CacheStrategy, Deployment, DeploymentError,
    DeploymentMetrics, DeploymentPhase, Environment, Health, Offender, Optimizations, ProbedRoute,
    Validation, ValidationEntry,
};
pub use time::{Milliseconds, Timestamp};
pub use versions::{VersionChange, VersionChanges};
