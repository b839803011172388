use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::{Toolchain, Workshop};
use crate::{
    process::CommandSpec,
    project::{
        InstalledNode, NodeChoice, NodeDemand, NodeInUse, choose_node, installed_nodes, node_at,
        node_demands, node_to_fetch, served_major, serving_rank,
    },
    report::{Evidence, Finding, FindingId, Severity},
};

/// nvm fetches some 30 MB.
const FETCH_LIMIT: Duration = Duration::from_mins(5);
/// Lines to fetch, the preferred first: what Amplify serves with.
const MAJORS: &[u64] = &[22, 20, 24, 18];
/// nvm is a function of the shell; `--no-use` keeps it from choosing a Node while it loads.
const NVM: &str = r#". "$0" --no-use && nvm install "$1""#;

/// Chooses the Node of the children; what was decided is among the findings.
pub(super) async fn resolve(workshop: &Workshop<'_>, toolchain: &mut Toolchain) {
    if workshop.node_chosen_later {
        return;
    }
    let project = workshop.project;
    let shell = toolchain.node.clone();
    let demands = node_demands(project, workshop.variables);
    let served = served_major(project, shell.as_ref(), workshop.on_amplify);
    let mut installed = installed_nodes(workshop.variables, &project.root);
    let mut fetched = None;
    loop {
        let version = shell.as_ref().map(|node| &node.version);
        match choose_node(version, &demands, &installed, served, serving_rank) {
            NodeChoice::Stay => return,
            NodeChoice::Switch { to, because } => {
                let program = to.programs.join("node");
                match node_at(&program, workshop.variables, &project.root) {
                    Some(node) if node.version == to.version => {
                        let finding = switched(shell.as_ref(), &node, to, &because, fetched);
                        workshop.printer.important(&finding.message);
                        toolchain.findings.push(finding);
                        toolchain.folders.push(to.programs.clone());
                        toolchain.node = Some(node);
                        return;
                    }
                    // It does not start on this machine, or is not what its folder says.
                    _ => {
                        let unusable = to.clone();
                        installed.retain(|node| *node != unusable);
                    }
                }
            }
            NodeChoice::Nothing { because, elsewhere } => {
                if fetched.is_none() {
                    fetched = fetch(workshop, &demands, served).await;
                    if matches!(fetched, Some(Ok(_))) {
                        installed = installed_nodes(workshop.variables, &project.root);
                        continue;
                    }
                }
                if let Some(shell) = &shell {
                    let failure = fetched.and_then(Result::err);
                    let finding = not_switched(shell, &because, elsewhere, served, failure);
                    let fitting = node_to_fetch(&demands, None, MAJORS);
                    let finding = match fitting {
                        Some(version) => finding.hint(choosing(&version)),
                        None => finding,
                    };
                    toolchain.findings.push(finding);
                }
                return;
            }
        }
    }
}

/// Lets nvm fetch a Node that nobody refuses; nothing where there is no nvm, or nothing to ask it for.
async fn fetch(
    workshop: &Workshop<'_>,
    demands: &[NodeDemand],
    served: Option<u64>,
) -> Option<Result<String, String>> {
    let script = nvm_script(workshop.variables)?;
    let version = node_to_fetch(demands, served, MAJORS)?;
    let mut command = CommandSpec::new(
        "bash",
        ["-c".into(), NVM.into(), script.clone().into_os_string(), version.clone().into()],
        &workshop.project.root,
    );
    if let Some(folder) = script.parent() {
        command.variables.insert("NVM_DIR".into(), folder.to_string_lossy().into_owned());
    }
    workshop.printer.important(&format!("no Node on disk fits; asks nvm for Node {version}"));
    Some(match workshop.child(&command, "nvm", FETCH_LIMIT).await {
        Ok(_) => Ok(version),
        Err(failure) => Err(format!("`nvm install {version}` failed: {}", failure.line)),
    })
}

fn nvm_script(variables: &BTreeMap<String, String>) -> Option<PathBuf> {
    let folder = |name: &str, rest: &str| Some(PathBuf::from(variables.get(name)?).join(rest));
    [folder("NVM_DIR", ""), folder("XDG_CONFIG_HOME", "nvm"), folder("HOME", ".nvm")]
        .into_iter()
        .flatten()
        .map(|folder| folder.join("nvm.sh"))
        .find(|script| script.is_file())
}

/// Who needs or asks for what, as one sentence.
fn needs(because: &[&NodeDemand]) -> String {
    because
        .iter()
        .map(|demand| {
            let verb = if demand.refusal.is_some() { "needs" } else { "asks for" };
            format!("{} {verb} Node `{}`", demand.by, demand.text)
        })
        .collect::<Vec<_>>()
        .join(", ")
}

fn choosing(version: &str) -> String {
    format!("nvm install {version} && nvm use {version}")
}

fn of_shell(shell: &NodeInUse) -> Evidence {
    Evidence::new("node --version", format!("v{}", shell.version))
}

fn switched(
    shell: Option<&NodeInUse>,
    node: &NodeInUse,
    from: &InstalledNode,
    because: &[&NodeDemand],
    fetched: Option<Result<String, String>>,
) -> Finding {
    let has = match shell {
        Some(shell) => format!("the shell has Node {}", shell.version),
        None => "the shell has no Node".into(),
    };
    let version = &node.version;
    let reasons: Vec<_> =
        [needs(because), has].into_iter().filter(|text| !text.is_empty()).collect();
    let finding = Finding::new(
        FindingId::NodeVersionUnsupported,
        format!("{}: the children run under Node {version}", reasons.join(", and ")),
        "Amplify serves the app under the major version of the shell's Node, so choose it there as well, in `preBuild`",
    )
    .severity(Severity::Warning)
    .evidence(Evidence::new(node.program.display().to_string(), format!("v{version}")))
    .hint(choosing(&version.major().to_string()))
    .recovery(match fetched {
        Some(Ok(asked)) => format!("fetched Node {version} with `nvm install {asked}`, and runs every child under it"),
        _ => format!("runs every child under Node {version}, kept by {}", from.keeper),
    });
    match shell {
        Some(shell) => finding.evidence(of_shell(shell)),
        None => finding,
    }
}

fn not_switched(
    shell: &NodeInUse,
    because: &[&NodeDemand],
    elsewhere: Option<&InstalledNode>,
    served: Option<u64>,
    failure: Option<String>,
) -> Finding {
    let refusal = because.iter().find_map(|demand| demand.refusal.clone()).unwrap_or_default();
    let why = match (elsewhere, served, failure) {
        (_, _, Some(failure)) => failure,
        (Some(other), Some(major), None) => format!(
            "deployfix did not switch to Node {}, because Amplify serves the app under Node {major}, the shell's",
            other.version
        ),
        _ => "no other Node was found that fits".into(),
    };
    Finding::new(
        FindingId::NodeVersionUnsupported,
        format!("{}, and the shell has Node {}", needs(because), shell.version),
        format!("{refusal}; {why}"),
    )
    .severity(Severity::Warning)
    .evidence(of_shell(shell))
}
