/// The documented, stable exit codes of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: passed, or recovered.
    Success,
    /// 1: `validate` or `diagnose` has findings.
    Findings,
    /// 2: wrong command line, or deployfix.yml is wrong.
    Usage,
    /// 10: stopped by an environment failure.
    Environment,
    /// 11: stopped by a configuration failure.
    Configuration,
    /// 20: stopped by a dependency failure.
    Dependency,
    /// 30: stopped by a build failure.
    Build,
    /// 40: stopped by a deployment failure.
    Deployment,
    /// 70: a bug in deployfix.
    Internal,
    /// 75: a transient failure; trying later may help (sysexits `EX_TEMPFAIL`).
    Transient,
    /// 128 + the number of the signal that ended the command.
    Signal(u8),
}

impl ExitStatus {
    /// The number the process exits with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Environment => 10,
            Self::Configuration => 11,
            Self::Dependency => 20,
            Self::Build => 30,
            Self::Deployment => 40,
            Self::Internal => 70,
            Self::Transient => 75,
            Self::Signal(number) => 128_u8.saturating_add(number),
        }
    }
}
