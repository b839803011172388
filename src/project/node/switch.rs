use std::collections::BTreeMap;

use super::{NodeChoice, NodeInUse, at, choose_node, installed, node_demands};
use crate::{
    amplify::{Support, server_runtime_support},
    project::Project,
};

/// The major version under which Amplify will serve what is built now; nothing where it serves files only, or
/// where this is no build of Amplify's.
pub(crate) fn served_major(
    project: &Project,
    shell: Option<&NodeInUse>,
    on_amplify: bool,
) -> Option<u64> {
    let is_server = project.next.requested.is_some() && !project.next_config.may_export();
    shell.filter(|_| on_amplify && is_server).map(|node| node.version.major())
}

/// How well Amplify serves a major version; 0 is best.
pub(crate) fn serving_rank(major: u64) -> u8 {
    match server_runtime_support(major) {
        Support::Supported => 0,
        Support::Doubtful => 1,
        Support::Unsupported => 2,
    }
}

/// The Node that deployfix switches its children to, of those on disk; nothing where it stays with the shell's.
pub(crate) fn node_to_switch_to(
    project: &Project,
    variables: &BTreeMap<String, String>,
    shell: Option<&NodeInUse>,
    on_amplify: bool,
) -> Option<NodeInUse> {
    let demands = node_demands(project, variables);
    let installed = installed(variables, &project.root);
    let served = served_major(project, shell, on_amplify);
    let version = shell.map(|node| &node.version);
    match choose_node(version, &demands, &installed, served, serving_rank) {
        NodeChoice::Switch { to, .. } => at(&to.programs.join("node"), variables, &project.root),
        NodeChoice::Stay | NodeChoice::Nothing { .. } => None,
    }
}
