use std::{
    fs,
    time::{Duration, Instant},
};

use super::session::Session;
use crate::{
    preflight::{of_audit, unanswered},
    process::{CommandSpec, Limits, Sink, run},
    project::Project,
    report::{Finding, OutcomeKind},
    supply_chain::audit_command,
};

/// A registry that has not answered by then is not waited for.
const TIME_LIMIT: Duration = Duration::from_mins(2);

/// Asks the registry, through the manager, what is known against the locked packages.
pub(super) async fn audit(session: &Session, project: &Project) -> Vec<Finding> {
    let [program, arguments @ ..] = audit_command(project.manager.kind) else { return Vec::new() };
    if project.lockfile().is_none() {
        return Vec::new();
    }
    let command = CommandSpec::new(*program, arguments, &session.app_root);
    session.printer.line(&format!("$ {}", command.display()));
    let temporary = tempfile::tempdir().ok();
    let log = session
        .state_folder()
        .map(|state| state.join("logs/validate.audit.log"))
        .or_else(|| Some(temporary.as_ref()?.path().join("audit.log")));
    let sink = Sink { printer: None, mask: &session.mask, log: log.as_deref() };
    let limits = session.limits();
    let deadline = Some(Instant::now() + TIME_LIMIT).into_iter().chain(limits.deadline).min();
    let limits = Limits { deadline, ..limits };
    let ended = run(&command, sink, limits, &session.interrupt).await;
    match ended.outcome.kind {
        OutcomeKind::Interrupted => Vec::new(),
        OutcomeKind::NotStarted => {
            vec![unanswered(project, &ended.start_error.unwrap_or_default())]
        }
        OutcomeKind::TimedOut | OutcomeKind::Stalled => {
            vec![unanswered(project, &format!("nothing within {} s", TIME_LIMIT.as_secs()))]
        }
        // Every manager exits with another code than 0 where it found something.
        OutcomeKind::Succeeded | OutcomeKind::Failed => {
            let text = log.and_then(|log| fs::read(log).ok());
            let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            of_audit(project, text.as_deref().unwrap_or(&ended.tail))
        }
    }
}
