use super::{
    RuleContext, app_root_invalid, app_root_mismatch, app_root_missing, app_root_not_found,
    base_directory_absolute, base_directory_mismatch, base_directory_missing,
    base_directory_repeats_app_root, build_path, cache_next_missing, cache_useless,
    command_never_ends, command_not_string, commands_not_list, env_file_late, env_variables,
    environment_dumped, grep_may_fail, heap_above_memory, install_command, install_missing,
    manager_not_installed, misplaced_key, missing_artifacts, missing_files, missing_frontend,
    next_export, node_version, not_a_mapping, path_variable, phase_shape, pnpm_linker, repeated_cd,
    secret_echoed, shell_syntax, test_artifacts, two_files, unexported_variable, unknown_key,
    unpinned_global, version,
};
use crate::report::Finding;

/// One rule over a specification that parses.
type Rule = fn(&RuleContext<'_>) -> Vec<Finding>;

/// The rules, in the order of their findings.
const RULES: &[Rule] = &[
    not_a_mapping::check,
    app_root_missing::check,
    app_root_invalid::check,
    app_root_not_found::check,
    app_root_mismatch::check,
    two_files::check,
    version::check,
    unknown_key::check,
    misplaced_key::check,
    missing_frontend::check,
    env_variables::check,
    phase_shape::check,
    commands_not_list::check,
    command_not_string::check,
    missing_artifacts::check,
    base_directory_missing::check,
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
    base_directory_absolute::check,
    base_directory_repeats_app_root::check,
    build_path::check,
    path_variable::check,
    cache_useless::check,
    cache_next_missing::check,
    test_artifacts::check,
    shell_syntax::check,
    unexported_variable::check,
    repeated_cd::check,
    secret_echoed::check,
    environment_dumped::check,
    grep_may_fail::check,
    env_file_late::check,
    heap_above_memory::check,
];

/// Everything that the rules find.
pub(crate) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(context)).collect()
}
