//! Which run a phase belongs to.

use std::collections::BTreeMap;

use crate::{
    amplify,
    project::repository,
    report::{Identity, PhaseName, Timestamp, store::Join},
};

/// Set by `deployfix run` for the phases that its script calls.
pub(super) const RUN_ID: &str = "DEPLOYFIX_RUN_ID";

/// Amplify's job, `deployfix run`, else the newest local run, which `validate` and `run` begin.
pub(super) fn resolve(
    variables: &BTreeMap<String, String>,
    app_root: &std::path::Path,
    phase: PhaseName,
) -> Join {
    let get = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
    let head = repository::head(app_root);
    let mut identity = Identity {
        id: String::new(),
        app_id: get("AWS_APP_ID"),
        branch: get("AWS_BRANCH").or(head.branch),
        commit_id: get("AWS_COMMIT_ID").filter(|commit| commit != "HEAD").or(head.commit),
        job_id: get("AWS_JOB_ID"),
        ci: amplify::ci_name(variables).map(str::to_owned),
    };
    if let Some(id) = get(RUN_ID) {
        identity.id = id;
        return Join::Identified(identity);
    }
    if let (Some(app), Some(branch), Some(job)) =
        (&identity.app_id, &identity.branch, &identity.job_id)
    {
        identity.id = format!("{app}/{branch}/{job}");
        return Join::Identified(identity);
    }
    identity.id = format!(
        "{}{}-{}",
        Identity::LOCAL_PREFIX,
        Timestamp::now().epoch_seconds(),
        std::process::id()
    );
    match phase {
        PhaseName::Validate | PhaseName::Run | PhaseName::Diagnose => Join::Begin(identity),
        PhaseName::Install
        | PhaseName::Build
        | PhaseName::VerifyArtifacts
        | PhaseName::HealthCheck => Join::Newest(identity),
    }
}
