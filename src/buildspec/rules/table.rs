use super::{
    RuleContext, app_root_mismatch, app_root_missing, command_not_string, commands_not_list,
    missing_artifacts, missing_files, missing_frontend, not_a_mapping,
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
];

/// Everything that the rules find.
pub(crate) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(context)).collect()
}
