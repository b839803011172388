//! Which commands of an app run, and in which words Amplify frames them.

use super::{
    commands::{installs, state_and_install_of, state_of},
    script::{Script, ScriptPhase, ScriptSection},
};
use crate::{
    buildspec::{App, Section},
    report::{Finding, FindingId},
};

/// What the caller chose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice<'a> {
    /// Whether the backend section runs as it stands.
    pub(crate) backend: bool,
    /// The phase to begin with.
    pub(crate) from: Option<&'a str>,
    /// `USER_DISABLE_TESTS`.
    pub(crate) tests_disabled: bool,
}

/// What runs, and what does not.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The commands.
    pub(crate) script: Script,
    /// What was left out and why, a line each.
    pub(crate) notes: Vec<String>,
    /// Whether the test section is among them.
    pub(crate) tests: bool,
}

/// What Amplify says where an app has no backend of its first generation.
const NO_BACKEND: &[&str] = &[
    "## Checking for associated backend environment...",
    "## No backend environment association found, continuing...",
];

/// Plans the script of an app. The error names a phase that is not there.
pub(crate) fn plan(app: &App, choice: &Choice<'_>) -> Result<Plan, Box<Finding>> {
    let mut notes = Vec::new();
    let frontend =
        app.frontend.as_ref().map(|frontend| phases(&frontend.section)).unwrap_or_default();
    let tests = app.test.as_ref().filter(|_| !choice.tests_disabled);
    if app.test.is_some() && choice.tests_disabled {
        notes.push("the test section is left out: `USER_DISABLE_TESTS` is `true`".to_owned());
    }
    let backend = app.backend.as_ref().map(phases).unwrap_or_default();
    let backend = if choice.backend {
        if backend.iter().any(|phase| !phase.commands.is_empty()) {
            notes.push("the backend section runs as it stands: it may deploy into the AWS account whose credentials are at hand".to_owned());
        }
        backend
    } else {
        without_account(backend, &frontend, choice.from.is_some(), &mut notes)
    };
    let mut sections = vec![
        ScriptSection { title: "Backend Build", preamble: NO_BACKEND, phases: backend },
        ScriptSection { title: "Frontend Build", preamble: &[], phases: frontend },
    ];
    sections.extend(tests.map(|test| ScriptSection {
        title: "Test",
        preamble: &[],
        phases: phases(test),
    }));
    if let Some(from) = choice.from {
        begin_with(&mut sections, from, &mut notes)?;
    }
    let script = Script { sections, node_version_file: None };
    Ok(Plan { script, notes, tests: tests.is_some() })
}

fn phases(section: &Section) -> Vec<ScriptPhase> {
    section
        .phases
        .iter()
        .map(|phase| ScriptPhase {
            name: phase.key.value.clone(),
            commands: phase.commands.iter().map(|command| command.value.clone()).collect(),
        })
        .collect()
}

/// The backend deploys into an account, so it does not run unasked. Where nothing but its section brings the
/// dependencies, as in the template of the second generation, these commands run.
fn without_account(
    backend: Vec<ScriptPhase>,
    frontend: &[ScriptPhase],
    resumed: bool,
    notes: &mut Vec<String>,
) -> Vec<ScriptPhase> {
    let any_installs = |phases: &[ScriptPhase]| {
        phases.iter().flat_map(|phase| &phase.commands).any(|command| installs(command))
    };
    let needed = !resumed && any_installs(&backend) && !any_installs(frontend);
    let kept = if needed { state_and_install_of } else { |_: &str| None };
    let (phases, ran, left_out) = reduced(backend, kept);
    if !ran.is_empty() {
        notes.push(format!(
            "only the backend section installs dependencies, so of it these run: {}",
            listed(&ran)
        ));
    }
    if !left_out.is_empty() && !resumed {
        notes.push(format!(
            "of the backend section these are left out (`--backend` runs them): {}",
            listed(&left_out)
        ));
    }
    phases
}

/// Leaves out the phases before one, but for what sets folder, variables and Node.
fn begin_with(
    sections: &mut [ScriptSection],
    from: &str,
    notes: &mut Vec<String>,
) -> Result<(), Box<Finding>> {
    // The names of the backend's phases are those of the frontend.
    let known: Vec<_> = sections
        .iter()
        .skip(1)
        .flat_map(|section| &section.phases)
        .map(|phase| phase.name.as_str())
        .collect();
    if !known.contains(&from) {
        return Err(Box::new(Finding::new(
            FindingId::Usage,
            format!("`--from {from}`, but the app has no such phase"),
            format!(
                "it has {}",
                known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
        )));
    }
    let (mut ran, mut left_out) = (Vec::new(), Vec::new());
    let mut reached = false;
    for (index, section) in sections.iter_mut().enumerate() {
        let phases = std::mem::take(&mut section.phases);
        for phase in phases {
            reached |= index > 0 && phase.name == from;
            if reached {
                section.phases.push(phase);
                continue;
            }
            let (phases, kept, lost) = reduced(vec![phase], state_of);
            section.phases.extend(phases);
            ran.extend(kept);
            left_out.extend(lost);
        }
    }
    if !ran.is_empty() {
        notes.push(format!(
            "of the phases before `{from}` only what sets folder, variables and Node runs: {}",
            listed(&ran)
        ));
    }
    if !left_out.is_empty() {
        notes.push(format!(
            "left out, so what they make must be there already: {}",
            listed(&left_out)
        ));
    }
    Ok(())
}

/// Each command reduced to the part that is kept; what ran and what was left out beside it. Phases that lose all vanish.
fn reduced(
    phases: Vec<ScriptPhase>,
    kept: impl Fn(&str) -> Option<String>,
) -> (Vec<ScriptPhase>, Vec<String>, Vec<String>) {
    let (mut ran, mut left_out) = (Vec::new(), Vec::new());
    let phases = phases
        .into_iter()
        .filter_map(|phase| {
            let mut commands = Vec::new();
            for command in phase.commands {
                let part = kept(&command);
                let comment = command.lines().all(|line| line.trim_start().starts_with('#'));
                if part.as_deref() != Some(command.trim()) && !comment {
                    left_out.push(command);
                }
                commands.extend(part);
            }
            ran.extend(commands.iter().cloned());
            (!commands.is_empty()).then_some(ScriptPhase { name: phase.name, commands })
        })
        .collect();
    (phases, ran, left_out)
}

/// Commands named in a line; the rest is counted.
const NAMED: usize = 8;

fn listed(commands: &[String]) -> String {
    let quoted = commands.iter().take(NAMED).map(|command| {
        let mut lines = command.lines();
        let first = lines.next().unwrap_or_default();
        if lines.next().is_some() { format!("`{first} …`") } else { format!("`{first}`") }
    });
    let named = quoted.collect::<Vec<_>>().join(", ");
    match commands.len().saturating_sub(NAMED) {
        0 => named,
        rest => format!("{named} and {rest} more"),
    }
}

/// The phases of the amplify.yml that README recommends, for a repository that has none.
pub(crate) fn default_plan() -> Plan {
    let phase = |name: &str, commands: &[&str]| ScriptPhase {
        name: name.into(),
        commands: commands.iter().map(|command| format!("deployfix {command}")).collect(),
    };
    let phases = vec![
        phase("preBuild", &["validate", "install"]),
        phase("build", &["build"]),
        phase("postBuild", &["verify-artifacts", "health-check --serve"]),
    ];
    let frontend = ScriptSection { title: "Frontend Build", preamble: &[], phases };
    let script = Script { sections: vec![frontend], node_version_file: None };
    Plan { script, notes: Vec::new(), tests: false }
}
