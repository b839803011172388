use std::{path::PathBuf, time::Duration};

use url::Url;

use super::session::Session;
use crate::{
    cli::HealthCheckOptions,
    health::{
        BuildLayout, HealthOutcome, Launch, ProbeOptions, RoutePlan, ServeCommand, Server,
        StaticServer, check_remote, check_served, free_port, plan_launch, plan_remote_routes,
        plan_routes,
    },
    process::{CommandSpec, Ended, Limits, Sink, Supervised},
    project::{Project, output},
    report::{
        Action, Attempt, Decision, ExitStatus, Finding, FindingId, PhaseName, PhaseReport,
        render::count, store::DIRECTORY,
    },
};

/// The log of the booted server, relative to the state folder.
const SERVER_LOG: &str = "logs/health-check.1.log";

/// Boots the built app or asks a URL, and probes its routes.
pub(super) async fn run(session: Session, options: &HealthCheckOptions) -> ExitStatus {
    let mut phase = PhaseReport::begin(PhaseName::HealthCheck);
    let built = output::detect(&session.app_root, base_directory(&session).as_deref());
    let layout = built.as_ref().ok().map(|built| BuildLayout::new(&session.app_root, built));
    let named = &session.config.health.routes;
    let plan = match (&layout, &options.url) {
        (Some(layout), _) => plan_routes(layout, named),
        (None, Some(_)) => plan_remote_routes(named, None),
        (None, None) => RoutePlan::default(),
    };
    if session.dry_run {
        say_dry_run(&session, options, &plan);
        return ExitStatus::Success;
    }
    let outcome = match (&options.url, layout, built) {
        (Some(url), ..) => remote(&session, url, &plan, options.timeout).await,
        (None, Some(layout), _) => {
            served(&session, &layout, &plan, options.timeout, &mut phase).await
        }
        (None, None, Err(error)) => Err(Box::new(error.into())),
        (None, None, Ok(_)) => return session.finish(phase, |_| {}),
    };
    match outcome {
        Ok(outcome) => {
            say_health(&session, &outcome);
            phase.metrics.insert("routes".into(), outcome.health.routes.len() as u64);
            phase.metrics.insert("assets".into(), outcome.health.assets);
            phase.metrics.insert("p50Milliseconds".into(), outcome.health.p50.0);
            phase.metrics.insert("p95Milliseconds".into(), outcome.health.p95.0);
            phase.findings.extend(outcome.findings);
            session.finish(phase, |run| run.health = Some(outcome.health))
        }
        Err(finding) => {
            phase.findings.push(*finding);
            session.finish(phase, |_| {})
        }
    }
}

async fn remote(
    session: &Session,
    url: &Url,
    plan: &RoutePlan,
    deadline: Duration,
) -> Result<HealthOutcome, Box<Finding>> {
    let options = ProbeOptions {
        request_timeout: session.config.health.timeout,
        deadline,
        ..ProbeOptions::default()
    };
    tokio::select! {
        outcome = check_remote(url, plan, &options) => Ok(outcome),
        _ = session.interrupt.more_than(0) => Err(Box::new(interrupted())),
    }
}

async fn served(
    session: &Session,
    layout: &BuildLayout,
    plan: &RoutePlan,
    ready_deadline: Duration,
    phase: &mut PhaseReport,
) -> Result<HealthOutcome, Box<Finding>> {
    let options = ProbeOptions {
        request_timeout: session.config.health.timeout,
        ready_deadline,
        ..ProbeOptions::default()
    };
    let path = session.variables.get("PATH");
    let node =
        which::which_in("node", path, &session.app_root).unwrap_or_else(|_| PathBuf::from("node"));
    let port = free_port().map_err(|error| Box::new(no_port(&error.to_string())))?;
    // The copy lives as long as the server that runs in it.
    let (command, _copy) = match plan_launch(layout, &node, port)
        .map_err(|error| Box::new(error.into()))?
    {
        Launch::Child { command, copy } => (command, copy),
        Launch::Files(folder) => {
            let mut server = StaticServer::start(&folder, &plan.base_path)
                .await
                .map_err(|error| Box::new(no_port(&error.to_string())))?;
            let origin = server.origin().clone();
            let target = format!("static files of {}", folder.display());
            return tokio::select! {
                outcome = check_served(&mut server, &origin, &target, plan, &options) => Ok(outcome),
                _ = session.interrupt.more_than(0) => Err(Box::new(interrupted())),
            };
        }
    };
    let origin = Url::parse(&format!("http://127.0.0.1:{port}/"))
        .map_err(|error| Box::new(no_port(&error.to_string())))?;
    let spec = server_command(session, &command);
    let display = spec.display();
    session.printer.line(&format!("$ {display}"));
    let log = session.state_folder().map(|folder| folder.join(SERVER_LOG));
    let sink = Sink { printer: None, mask: &session.mask, log: log.as_deref() };
    // A server that waits for requests neither writes nor works.
    let limits = Limits { stall: None, ..session.limits() };
    let mut server = match Supervised::start(&spec, sink, limits, &session.interrupt) {
        Ok(supervised) => SupervisedServer(supervised),
        Err(reason) => return Err(Box::new(not_started(&display, &reason))),
    };
    let mut outcome = check_served(&mut server, &origin, &display, plan, &options).await;
    let ended = server.0.finish().await;
    outcome.health.peak_memory = Some(ended.outcome.peak_memory);
    phase.attempts.push(attempt(&ended, display, log.is_some(), outcome.is_healthy()));
    if session.interrupt.signal().is_some() {
        return Err(Box::new(interrupted()));
    }
    Ok(outcome)
}

struct SupervisedServer<'a>(Supervised<'a>);

impl Server for SupervisedServer<'_> {
    async fn ended(&mut self) -> String {
        self.0.wait().await;
        self.0.end_text()
    }

    fn last_lines(&self) -> Vec<String> {
        self.0.tail().lines().map(str::to_owned).collect()
    }

    fn peak_memory(&self) -> Option<u64> {
        Some(self.0.peak_memory())
    }
}

fn server_command(session: &Session, command: &ServeCommand) -> CommandSpec {
    let mut spec = CommandSpec::new(&command.program, &command.arguments, &command.directory);
    for (name, value) in &command.variables {
        spec.set(name, value);
    }
    // On Amplify the server sees no variable of the console, only what `.env.production` holds: what
    // the contract declares must come from there.
    spec.removed = session.config.environment.keys().cloned().collect();
    spec
}

fn attempt(ended: &Ended, command: String, logged: bool, healthy: bool) -> Attempt {
    Attempt {
        number: 1,
        command,
        variables: std::collections::BTreeMap::new(),
        start_time: ended.start_time,
        duration: ended.duration.into(),
        outcome: ended.outcome.clone(),
        finding: None,
        decision: Decision {
            action: if healthy { Action::Accept } else { Action::Stop },
            recovery: None,
            reason: if healthy {
                "every probe was answered as it should be".into()
            } else {
                "nothing goes live that answers wrongly".into()
            },
            delay: None,
        },
        log: logged.then(|| format!("{DIRECTORY}/{SERVER_LOG}")),
    }
}

fn base_directory(session: &Session) -> Option<String> {
    session.specification(&Project::read(&session.app_root)).base_directory()
}

fn say_health(session: &Session, outcome: &HealthOutcome) {
    let health = &outcome.health;
    let healthy = health.routes.iter().filter(|route| route.healthy).count();
    session.printer.line(&format!(
        "{healthy} of {} and {} answered as they should",
        count(health.routes.len(), "route"),
        count(usize::try_from(health.assets).unwrap_or(usize::MAX), "asset"),
    ));
    for route in &health.routes {
        let status = route.status.map_or("---".to_owned(), |status| status.to_string());
        let line = format!("  {status} {} {} ms", route.path, route.duration.0);
        if route.failures.is_empty() {
            session.printer.detail(&line);
        } else {
            let tries = count(usize::try_from(route.tries).unwrap_or(usize::MAX), "try");
            session
                .printer
                .line(&format!("{line}, {tries}; failed: {}", route.failures.join("; ")));
        }
    }
    for note in &outcome.notes {
        session.printer.line(&format!("note: {note}"));
    }
}

fn say_dry_run(session: &Session, options: &HealthCheckOptions, plan: &RoutePlan) {
    let target = match &options.url {
        Some(url) => format!("probe {url}"),
        None => "boot the built app on a free port".to_owned(),
    };
    let routes = plan.routes.iter().map(|route| format!("GET {}", route.path));
    let steps: Vec<_> = std::iter::once(target).chain(routes).collect();
    session.say_dry_run(PhaseName::HealthCheck, &steps);
}

fn interrupted() -> Finding {
    Finding::new(
        FindingId::Interrupted,
        "the health check was interrupted",
        "deployfix was asked to stop and ended the server with all its processes",
    )
}

fn no_port(reason: &str) -> Finding {
    Finding::new(
        FindingId::ServerStartFailed,
        "no server can listen on this machine",
        format!("a free port on 127.0.0.1 is needed: {reason}"),
    )
}

fn not_started(command: &str, reason: &str) -> Finding {
    Finding::new(FindingId::ServerStartFailed, format!("`{command}` did not start"), reason)
        .hint("put Node on `PATH` before the health check")
}
