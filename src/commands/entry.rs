use std::{
    ffi::OsString,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    build, completions, diagnose, explain, health_check, init, install,
    internal_error::record_internal_error, report, run, schema, session::Session, validate,
    validate_buildspec, verify_artifacts,
};
use crate::{
    cli::{Cli, Command},
    process::{Interrupt, become_subreaper, end_descendants_now},
    report::{ExitStatus, Finding, FindingId, PhaseName},
};

/// Parses the command line, runs the subcommand, and returns how the process is to exit.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let cli = match Cli::read(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version arrive here as well, and go to stdout with exit code 0.
            let usage = error.use_stderr();
            let _ = error.print();
            return if usage { ExitStatus::Usage } else { ExitStatus::Success };
        }
    };
    let panic_message = remember_panics();
    panic::catch_unwind(AssertUnwindSafe(|| start(&cli))).unwrap_or_else(|_| {
        end_descendants_now();
        let message =
            panic_message.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        record_internal_error(&cli.global, phase_of(&cli.command), &internal_error(&message));
        ExitStatus::Internal
    })
}

fn start(cli: &Cli) -> ExitStatus {
    match &cli.command {
        Command::Schema(options) => return schema::print(options),
        Command::Completions(options) => return completions::print(options),
        Command::Report => return report::print(&cli.global),
        Command::Diagnose(options) => return diagnose::run(&cli.global, options),
        Command::Explain(options) => return explain::print(&cli.global, options),
        Command::Init(options) => return init::run(&cli.global, options),
        Command::Validate(options) if let Some(file) = &options.buildspec => {
            return validate_buildspec::run(&cli.global, options, file);
        }
        Command::Validate(_)
        | Command::Install(_)
        | Command::Build
        | Command::VerifyArtifacts(_)
        | Command::HealthCheck(_)
        | Command::Run(_) => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // One thread to notice signals while the main one works.
        .worker_threads(1)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(dispatch(cli)),
        Err(error) => {
            let finding = internal_error(&format!("cannot start the runtime: {error}"));
            record_internal_error(&cli.global, phase_of(&cli.command), &finding);
            ExitStatus::Internal
        }
    }
}

async fn dispatch(cli: &Cli) -> ExitStatus {
    if let Err(error) = become_subreaper() {
        tracing::debug!(%error, "a process that leaves its session may outlive its build");
    }
    let interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            let finding = internal_error(&format!("cannot listen for signals: {error}"));
            record_internal_error(&cli.global, phase_of(&cli.command), &finding);
            return ExitStatus::Internal;
        }
    };
    let Some(name) = phase_of(&cli.command) else { return ExitStatus::Usage };
    if let Command::Run(options) = &cli.command {
        return run::start(&cli.global, options, interrupt).await;
    }
    let session = match Session::begin(&cli.global, name, interrupt) {
        Ok(session) => session,
        Err(status) => return status,
    };
    #[cfg(debug_assertions)]
    panic_on_request();
    match &cli.command {
        Command::Validate(options) => validate::run(session, options).await,
        Command::Install(options) => install::run(session, options).await,
        Command::Build => build::run(session).await,
        Command::VerifyArtifacts(options) => verify_artifacts::run(session, options),
        Command::HealthCheck(options) => health_check::run(session, options).await,
        Command::Run(_)
        | Command::Diagnose(_)
        | Command::Init(_)
        | Command::Report
        | Command::Explain(_)
        | Command::Schema(_)
        | Command::Completions(_) => ExitStatus::Usage,
    }
}

fn phase_of(command: &Command) -> Option<PhaseName> {
    match command {
        Command::Validate(_) => Some(PhaseName::Validate),
        Command::Install(_) => Some(PhaseName::Install),
        Command::Build => Some(PhaseName::Build),
        Command::VerifyArtifacts(_) => Some(PhaseName::VerifyArtifacts),
        Command::HealthCheck(_) => Some(PhaseName::HealthCheck),
        Command::Run(_) => Some(PhaseName::Run),
        Command::Diagnose(_)
        | Command::Init(_)
        | Command::Report
        | Command::Explain(_)
        | Command::Schema(_)
        | Command::Completions(_) => None,
    }
}

/// Lets the tests see what a bug leaves behind.
#[cfg(debug_assertions)]
fn panic_on_request() {
    assert!(std::env::var_os("DEPLOYFIX_PANIC").is_none(), "asked for by DEPLOYFIX_PANIC");
}

fn internal_error(message: &str) -> Finding {
    Finding::new(
        FindingId::InternalError,
        format!("deployfix failed: {message}"),
        "this is a bug in deployfix, not in the project",
    )
    .hint("report it with the command line and `.deployfix/report.json`")
}

/// Keeps the text of a panic for the report; the default would print it unmasked.
fn remember_panics() -> Arc<Mutex<Option<String>>> {
    let message = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&message);
    panic::set_hook(Box::new(move |information| {
        let text = information.payload_as_str().unwrap_or("panic without a text");
        let place = information.location().map(|place| format!(" at {place}")).unwrap_or_default();
        kept.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(format!("{text}{place}"));
    }));
    message
}
