use nodejs_semver::Version as NodeVersion;

use super::{
    RuleContext,
    context::platform_message,
    node_switch::{Switch, Target, lasts, switches},
    packages::{builds, install, is_opaque},
};
use crate::{
    amplify::{Support, server_runtime_support},
    buildspec::{
        model::App,
        selection::normal,
        shell::{Commands, Invocation, SectionName},
    },
    project::{
        NodeRange, NodeRequest, Project, RequestSource, Wanted, node_requests, output::OutputMode,
    },
    report::{Evidence, Finding, FindingId, Severity},
};

const ID: FindingId = FindingId::BuildspecNodeVersion;

/// The Node that the commands choose.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, commands, severity) in context.commands() {
        let switches = switches(commands);
        let build = commands.invocations.iter().position(builds);
        // Without a build that shows, one of these may be it.
        let build = build.or_else(|| commands.invocations.iter().position(may_build));
        let before = |switch: &&Switch<'_>| build.is_none_or(|build| switch.index < build);
        let mut found = Vec::new();
        found.extend(switches.iter().filter_map(|switch| without_effect(context, switch)));
        found.extend(
            switches.iter().filter_map(|switch| without_file(context, app, commands, switch)),
        );
        let mut lasting = switches.iter().filter(|switch| lasts(switch.invocation)).filter(before);
        if let Some(last) = lasting.next_back() {
            let runtime = runtime(context, app, last);
            // One mistake, one finding: what Amplify refuses need not also be compared.
            found.extend(match runtime {
                Some(finding) => Some(finding),
                None => conflict(context, app, last)
                    .or_else(|| after_install(context, commands, &switches, last)),
            });
        }
        findings.extend(found.into_iter().map(|finding| {
            let weight = finding.severity.min(severity);
            finding.severity(weight)
        }));
    }
    findings
}

/// Whether a command may hide the build: a script, a task runner; not the loading of nvm.
fn may_build(invocation: &Invocation) -> bool {
    is_opaque(invocation)
        && !invocation.words.iter().any(|word| word.text.contains("nvm") || word.text == "-v")
        && !matches!(
            invocation.program(),
            Some("curl" | "wget" | "yum" | "dnf" | "apt" | "apt-get")
        )
}

/// In a subshell the choice is lost with it.
fn without_effect(context: &RuleContext<'_>, switch: &Switch<'_>) -> Option<Finding> {
    let invocation = switch.invocation;
    let program = invocation.program()?;
    let loses =
        matches!(program, "nvm" | "fnm") && invocation.in_subshell && !invocation.in_function;
    // A subshell that also installs or builds needs it only for itself.
    let (alone, text) = (invocation.fails_item, context.line(invocation.place));
    let uses_itself = ["npm", "yarn", "pnpm", "node", "bun"].iter().any(|word| text.contains(word));
    (loses && alone && !uses_itself).then(|| {
        context
            .finding(
                ID,
                invocation.place,
                format!("`{program} {}` has no effect outside of its subshell", invocation.subcommand().unwrap_or_default()),
                "parentheses and pipes run it in a shell of its own, and the commands after it run under the Node of before; write it on a line of its own",
            )
            .severity(Severity::Warning)
    })
}

/// `nvm use` without a version looks for `.nvmrc`.
fn without_file(
    context: &RuleContext<'_>,
    app: &App,
    commands: &Commands,
    switch: &Switch<'_>,
) -> Option<Finding> {
    let invocation = switch.invocation;
    if switch.target != Target::File || !invocation.runs("nvm") {
        return None;
    }
    let made = commands.items.iter().any(|item| item.text.contains(".nvmrc"));
    let folder = context.folder_of(app, invocation)?;
    let repository = context.project?.repository_root.as_deref()?;
    let mut folders = folder.ancestors().take_while(|folder| folder.starts_with(repository));
    if made || folders.any(|folder| folder.join(".nvmrc").exists()) {
        return None;
    }
    let certain = invocation.fails_item && !invocation.conditional;
    Some(
        context
            .finding(
                ID,
                invocation.place,
                "`nvm` is given no version, and there is no `.nvmrc`",
                "it prints its help and exits with 127, which stops the build; name the version, or commit a `.nvmrc`",
            )
            .severity(if certain { Severity::Error } else { Severity::Warning })
            .evidence(platform_message("!!! Error: Command failed with exit code 127"))
            .hint("- nvm install 22"),
    )
}

/// Whether the app needs Amplify's server runtime: nothing where it cannot be told.
fn is_server(context: &RuleContext<'_>, app: &App) -> Option<bool> {
    let base = app.frontend.as_ref()?.artifacts.as_ref()?.base_directory.as_ref()?;
    let base = normal(&base.value);
    let from_dist_dir = base == ".next" || base.ends_with("/.next");
    match context.project_of(app) {
        Some(project) if project.next.requested.is_none() => Some(false),
        Some(project) => match project.next_config.mode() {
            Some(OutputMode::Export) => Some(false),
            Some(_) => Some(true),
            None if from_dist_dir => Some(true),
            None => None,
        },
        None => Some(from_dist_dir),
    }
}

/// The chosen Node against Amplify's server runtimes.
fn runtime(context: &RuleContext<'_>, app: &App, switch: &Switch<'_>) -> Option<Finding> {
    let is_server = is_server(context, app);
    if is_server == Some(false) {
        return None;
    }
    let invocation = switch.invocation;
    let evidence = |version: &str| {
        platform_message(format!(
            "CustomerError: Unsupported NodeJS version: v{version}. Supported versions are 20 and 22."
        ))
    };
    if let Target::Moving(name) = &switch.target {
        return Some(
            context
                .finding(
                    ID,
                    invocation.place,
                    format!("`{name}` is another Node every half year"),
                    "Amplify's server runtime takes 20 and 22 for certain and refuses what it does not know after the whole build; name the major version",
                )
                .severity(Severity::Warning)
                .evidence(evidence("<version>"))
                .hint("- nvm install 22"),
        );
    }
    let major = switch.major()?;
    // Whether the choice outlives its section is not documented.
    let certain = is_server == Some(true)
        && !invocation.conditional
        && invocation.section == SectionName::Frontend;
    let (severity, message, resolution) = match server_runtime_support(major) {
        Support::Supported => return None,
        Support::Doubtful => (
            Severity::Info,
            format!("Amplify's server runtime may not take Node {major}"),
            "it is documented, but Amplify's builder has refused it after a whole build in April 2026; 20 and 22 are sure",
        ),
        Support::Unsupported if [14, 16, 18].contains(&major) => (
            if certain { Severity::Error } else { Severity::Warning },
            format!("Amplify's server runtime no longer takes Node {major}"),
            "since 15 September 2025 a server app built with it is refused after the whole build; build with 20 or 22",
        ),
        Support::Unsupported => (
            // A later one may have been added since.
            if certain && major < 24 { Severity::Error } else { Severity::Warning },
            format!("Amplify's server runtime does not take Node {major}"),
            "a server app built with it is refused after the whole build; build with 20 or 22",
        ),
    };
    let hint = if invocation.runs("nvm") {
        "- nvm install 22 && nvm use 22".to_owned()
    } else {
        format!("- {} 22", invocation.program()?)
    };
    Some(
        context
            .finding(ID, invocation.place, message, resolution)
            .severity(severity)
            .evidence(evidence(&major.to_string()))
            .hint(hint),
    )
}

/// The chosen Node against `engines`, `.nvmrc` and their kin.
fn conflict(context: &RuleContext<'_>, app: &App, switch: &Switch<'_>) -> Option<Finding> {
    let Target::Version(version) = &switch.target else { return None };
    let project: &Project = context.project_of(app)?;
    let requests = node_requests(
        &project.root,
        project.repository_root.as_deref(),
        project.manifest.manifest.as_ref(),
    );
    let request = requests.iter().find(|request| refuses(request, version))?;
    let name = request.source.name();
    Some(
        context
            .finding(
                ID,
                switch.invocation.place,
                format!("the build runs under Node {version}, but `{name}` asks for `{}`", request.text),
                match request.source {
                    RequestSource::Engines => "yarn 1 refuses to install, the other managers warn; write one version in both places",
                    _ => "the build runs under another Node than the one that is used at home; write one version in both places",
                },
            )
            .severity(Severity::Warning)
            .evidence(Evidence::new(request.source.file(), request.text.clone())),
    )
}

/// Whether no version that is chosen fits the request; of two exact ones only the major versions are compared.
fn refuses(request: &NodeRequest, chosen: &str) -> bool {
    let Wanted::Range(range) = &request.wanted else { return false };
    let numbers = |text: &str| -> Vec<u64> {
        text.trim_start_matches('v').split('.').map_while(|part| part.parse().ok()).collect()
    };
    let chosen = numbers(chosen);
    let Some(major) = chosen.first() else { return false };
    if NodeRange::prefix(&request.text).is_some() {
        return numbers(&request.text).first() != Some(major);
    }
    let minors = chosen.get(1).map_or(0..=40, |minor| *minor..=*minor);
    let fits = |minor: u64, patch: u64| {
        NodeVersion::parse(format!("{major}.{minor}.{patch}"))
            .is_ok_and(|version| range.contains(&version))
    };
    !minors.into_iter().any(|minor| match chosen.get(2) {
        Some(patch) => fits(minor, *patch),
        None => fits(minor, 0) || fits(minor, 40),
    })
}

/// Native modules are built for the Node that installs them.
fn after_install(
    context: &RuleContext<'_>,
    commands: &Commands,
    switches: &[Switch<'_>],
    last: &Switch<'_>,
) -> Option<Finding> {
    let installed = commands.invocations[..last.index]
        .iter()
        .rposition(|invocation| install(invocation).is_some_and(|install| !install.adds))?;
    let reinstalls = commands.invocations[last.index..]
        .iter()
        .take_while(|invocation| !builds(invocation))
        .any(|invocation| install(invocation).is_some());
    let chosen_before = switches.iter().any(|switch| {
        switch.index < installed && (switch.major() == last.major() || switch.target == last.target)
    });
    let same_section = commands.invocations[installed].section == last.invocation.section;
    if reinstalls || chosen_before || !same_section || last.target == Target::Unclear {
        return None;
    }
    Some(
        context
            .finding(
                ID,
                last.invocation.place,
                "Node is switched after the packages are installed",
                "native modules are built for the Node that installs them and may not load under another; switch before the install",
            )
            .severity(Severity::Warning)
            .evidence(Evidence::at(
                &context.file.relative_path,
                commands.invocations[installed].place.line,
                context.line(commands.invocations[installed].place).trim(),
            )),
    )
}
