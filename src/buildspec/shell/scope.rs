use super::invocation::Output;

/// What surrounds a command.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "the same facts as an invocation's")]
pub(super) struct Scope {
    pub(super) output: Output,
    pub(super) fails_item: bool,
    pub(super) conditional: bool,
    pub(super) is_chained: bool,
    pub(super) is_condition: bool,
    pub(super) in_subshell: bool,
    pub(super) in_substitution: bool,
    pub(super) in_function: bool,
    pub(super) in_background: bool,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            output: Output::Log,
            fails_item: true,
            conditional: false,
            is_chained: false,
            is_condition: false,
            in_subshell: false,
            in_substitution: false,
            in_function: false,
            in_background: false,
        }
    }
}

impl Scope {
    /// The same for what stands in a command substitution.
    pub(super) fn substitution(&self) -> Self {
        Self {
            output: Output::Captured,
            in_subshell: true,
            in_substitution: true,
            is_condition: false,
            ..self.clone()
        }
    }
}
