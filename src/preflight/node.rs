use super::Context;
use crate::{
    amplify::{Support, server_runtime_support},
    project::{
        ManagerKind, NodeInUse, NodeRequest, RequestSource, Wanted, engine_refusal, next_minimum,
        node_requests,
    },
    report::{Evidence, Finding, FindingId, Location, Severity},
};

const ID: FindingId = FindingId::NodeVersionUnsupported;

/// The Node in use against everyone who has a say in it.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let Some(node) = context.node() else { return vec![no_node(context)] };
    let project = context.project;
    let mut findings: Vec<_> = next(context, node).into_iter().collect();
    let requests = node_requests(
        &project.root,
        project.repository_root.as_deref(),
        project.manifest.manifest.as_ref(),
    );
    findings.extend(requests.iter().filter_map(|request| match request.source {
        RequestSource::Engines => engines(context, node, request),
        _ => version_file(context, node, request),
    }));
    mend(context, &mut findings);
    findings.extend(amplify(context, node));
    findings
}

/// What deployfix's own install and build get around by running their children under another Node.
fn mend(context: &Context<'_>, findings: &mut [Finding]) {
    if findings.iter().all(|finding| !finding.is_error()) {
        return;
    }
    let Some(other) = context.node_switched_to() else { return };
    for finding in findings.iter_mut().filter(|finding| finding.is_error()) {
        finding.severity = Severity::Warning;
        finding.recovery = Some(format!(
            "`deployfix install` and `deployfix build` run their children under Node {}",
            other.version
        ));
    }
}

fn evidence(node: &NodeInUse) -> Evidence {
    Evidence::new("node --version", format!("v{}", node.version))
}

fn no_node(context: &Context<'_>) -> Finding {
    let finding = Finding::new(
        FindingId::ToolMissing,
        "no working `node` is on PATH",
        "every command of the deployment runs under Node; install it, or load nvm before deployfix",
    );
    if context.node_chosen_later() { finding.severity(Severity::Warning) } else { finding }
}

/// Next compares its own `engines` at start and exits with 1.
fn next(context: &Context<'_>, node: &NodeInUse) -> Option<Finding> {
    let minimum = next_minimum(&context.project.next)?;
    if minimum.allows(&node.version) {
        return None;
    }
    let finding = Finding::new(
        ID,
        format!(
            "Next.js {} does not start under Node {}: it needs `{}`",
            minimum.next_version, node.version, minimum.text
        ),
        "`next build` exits before it reads the project; use a newer Node",
    )
    .evidence(evidence(node))
    .hint("nvm install 22 && nvm use 22");
    Some(if context.node_chosen_later() { finding.severity(Severity::Warning) } else { finding })
}

fn engines(context: &Context<'_>, node: &NodeInUse, request: &NodeRequest) -> Option<Finding> {
    let unclear = match &request.wanted {
        Wanted::Range(range) if range.contains(&node.version) => return None,
        // What amplify.yml chooses later is compared by its own rules.
        Wanted::Range(_) if context.node_chosen_later() => return None,
        Wanted::Range(_) | Wanted::Moving => false,
        Wanted::Unclear => true,
    };
    let refusal = refusal(context);
    let message = if unclear {
        format!("`engines.node` is `{}`, which is no range", request.text)
    } else {
        format!("Node {} is outside `engines.node`, `{}`", node.version, request.text)
    };
    let consequence = refusal.unwrap_or("the install only warns of it");
    let change = if unclear {
        "write a range such as `>=20`"
    } else {
        "use a Node of that range, or widen it"
    };
    let severity = if refusal.is_some() { Severity::Error } else { Severity::Warning };
    Some(
        Finding::new(ID, message, format!("{consequence}; {change}"))
            .severity(severity)
            .location(Location::file(request.source.file()))
            .evidence(evidence(node)),
    )
}

/// Why the manager stops at an `engines` that does not fit, as amplify.yml calls it; nothing where it goes on.
fn refusal(context: &Context<'_>) -> Option<&'static str> {
    let ignores = context.spec_commands().is_some_and(|commands| commands.ignores_engines);
    if context.node_chosen_later()
        || (ignores && context.project.manager.kind == ManagerKind::YarnClassic)
    {
        return None;
    }
    engine_refusal(context.project, context.variables)
}

/// A version file that another Node than the one in use was meant to follow; nobody refuses because of it.
fn version_file(context: &Context<'_>, node: &NodeInUse, request: &NodeRequest) -> Option<Finding> {
    let Wanted::Range(range) = &request.wanted else { return None };
    if range.contains(&node.version) || context.node_chosen_later() {
        return None;
    }
    let major = request.text.trim_start_matches('v').split('.').next().unwrap_or_default();
    let same_major = major.parse() == Ok(node.version.major());
    let refused =
        major.parse().is_ok_and(|major| server_runtime_support(major) == Support::Unsupported)
            && context.uses_next()
            && !context.project.next_config.may_export();
    let resolution = if refused {
        "Amplify serves no app under the Node that the file names; test with Node 22 or 20, and write that into it"
    } else {
        "the build may differ from the one that was tested; switch to the Node that the project names"
    };
    let name = request.source.name();
    let finding = Finding::new(
        ID,
        format!("Node {} is in use, but `{name}` asks for `{}`", node.version, request.text),
        resolution,
    )
    .severity(if same_major { Severity::Info } else { Severity::Warning })
    .location(Location::file(request.source.file()))
    .evidence(evidence(node));
    Some(match request.source {
        _ if refused => finding,
        RequestSource::Nvmrc => finding.hint("nvm install && nvm use"),
        _ => finding.hint(format!("nvm install {0} && nvm use {0}", request.text)),
    })
}

/// Amplify serves the app under the major version that built it, and refuses some after the build.
fn amplify(context: &Context<'_>, node: &NodeInUse) -> Option<Finding> {
    let support = server_runtime_support(node.version.major());
    if support == Support::Supported || !context.uses_next() {
        return None;
    }
    let chosen_later = context.node_chosen_later();
    if chosen_later && context.platform.is_none() {
        return None;
    }
    let certain = support == Support::Unsupported
        && context.platform.is_some()
        && !chosen_later
        && !context.project.next_config.may_export();
    let message = format!("Amplify's server runtime does not take Node {}", node.version.major());
    let (message, resolution) = match support {
        Support::Doubtful => (
            format!("Amplify's server runtime may not take Node {}", node.version.major()),
            "it is documented, but Amplify's builder has refused it after a whole build; build with 20 or 22 to be sure",
        ),
        _ => (
            message,
            "Amplify refuses a server-rendered app after the whole build; build with Node 20 or 22",
        ),
    };
    Some(
        Finding::new(ID, message, resolution)
            .severity(if certain { Severity::Error } else { Severity::Warning })
            .evidence(evidence(node))
            .evidence(Evidence::new(
                "Amplify's build log",
                format!(
                    "CustomerError: Unsupported NodeJS version: v{}. Supported versions are 20 and 22.",
                    node.version
                ),
            ))
            .hint("nvm install 22 && nvm use 22"),
    )
}
