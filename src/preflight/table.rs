use rayon::prelude::*;

use super::{
    Context, advisories, build_script, buildspec, contract, engines, install_scripts, lockfile,
    manifest, node, node_env, package_manager, resources, sources,
};
use crate::report::Finding;

/// One area of predictions.
pub(crate) struct Check {
    /// Its name, for traces.
    pub(crate) name: &'static str,
    /// What it finds.
    pub(crate) run: fn(&Context<'_>) -> Vec<Finding>,
}

/// The areas, in the order of their findings.
pub(crate) const CHECKS: &[Check] = &[
    Check { name: "manifest", run: manifest::check },
    Check { name: "lockfile", run: lockfile::check },
    Check { name: "sources", run: sources::check },
    Check { name: "install scripts", run: install_scripts::check },
    Check { name: "advisories", run: advisories::check },
    Check { name: "node", run: node::check },
    Check { name: "engines", run: engines::check },
    Check { name: "NODE_ENV", run: node_env::check },
    Check { name: "package manager", run: package_manager::check },
    Check { name: "build script", run: build_script::check },
    Check { name: "variables", run: contract::check },
    Check { name: "build specification", run: buildspec::check },
    Check { name: "disk", run: resources::disk },
    Check { name: "memory", run: resources::memory },
];

/// Runs every check; findings stand in the order of the table, the gravest of each check first.
pub(crate) fn run(context: &Context<'_>) -> Vec<Finding> {
    CHECKS
        .par_iter()
        .map(|check| {
            let mut findings = (check.run)(context);
            tracing::debug!(check = check.name, findings = findings.len(), "checked");
            findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
            findings
        })
        .collect::<Vec<_>>()
        .into_iter()
        .flatten()
        .collect()
}
