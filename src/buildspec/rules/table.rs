use super::{
    RuleContext, app_root_mismatch, app_root_missing, base_directory_mismatch, command_never_ends,
    command_not_string, commands_not_list, install_command, install_missing, manager_not_installed,
    missing_artifacts, missing_files, missing_frontend, next_export, node_version, not_a_mapping,
    pnpm_linker, unpinned_global,
};
use crate::report::Finding;

/// One rule over a specification that parses.
type Rule = fn(&RuleContext<'_>) -> Vec<Finding>;

/// The rules, in the order of their findings.
const RULES: &[Rule] = &[
    not_a_mapping::check,
    app_root_missing::check,
    app_root_mismatch::check,
    missing_frontend::check,
    commands_not_list::check,
    command_not_string::check,
    missing_artifacts::check,
    missing_files::check,
    base_directory_mismatch::check,
    install_command::check,
    install_missing::check,
    manager_not_installed::check,
    pnpm_linker::check,
    node_version::check,
    command_never_ends::check,
    next_export::check,
    unpinned_global::check,
];

/// Everything that the rules find.
pub(crate) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(context)).collect()
}
