use super::{
    RuleContext, app_root_mismatch, app_root_missing, command_not_string, commands_not_list,
    env_file_late, environment_dumped, grep_may_fail, heap_above_memory, missing_artifacts,
    missing_files, missing_frontend, not_a_mapping, repeated_cd, secret_echoed, shell_syntax,
    unexported_variable,
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
