//! The sections of deployfix.yml, each read into its part of [`Config`].

use super::{
    fields::{Fields, choice, text, wrong},
    invalid::{Invalid, InvalidKind, similar},
    model::{
        Artifacts, Build, Config, Health, Ignore, Install, InstallScripts, Memory, Notify,
        NotifyOn, OtherScripts, Recovery, RecoveryMode, Verify,
    },
    node::{Node, Value},
    signatures, variables,
};
use crate::report::FindingId;

/// The keys of the file.
pub(super) const KEYS: &[&str] = &[
    "version",
    "environment",
    "branches",
    "recovery",
    "install",
    "build",
    "artifacts",
    "health",
    "notify",
    "ignore",
    "signatures",
];

/// Less is a forgotten unit: Node.js itself does not start in it.
const LEAST_MEMORY: u64 = 64_000_000;
/// Less is a forgotten unit: no build output is smaller.
const LEAST_BUDGET: u64 = 10_000;

/// Reads the whole file but its `branches`; `mode` counts where it says nothing.
pub(super) fn read(root: &Node, mode: RecoveryMode) -> Result<Config, Invalid> {
    let fields = Fields::open(root, "", KEYS)?;
    version(&fields)?;
    Ok(Config {
        environment: fields
            .get("environment")
            .map(variables::read)
            .transpose()?
            .unwrap_or_default(),
        recovery: recovery(&fields, mode)?,
        install: install(&fields)?,
        build: build(&fields)?,
        artifacts: artifacts(&fields)?,
        health: health(&fields)?,
        notify: notify(&fields)?,
        ignore: ignore(&fields)?,
        signatures: signatures::read(&fields)?,
        path: None,
    })
}

fn version(fields: &Fields<'_>) -> Result<(), Invalid> {
    let Some(node) = fields.get("version") else { return Ok(()) };
    match &node.value {
        Value::Scalar { text, .. } if text == "1" => Ok(()),
        Value::Scalar { text, .. } => {
            Err(InvalidKind::Version { found: text.clone() }.at(node.position))
        }
        _ => Err(wrong(node, "version", "`1`", "version: 1")),
    }
}

fn recovery(fields: &Fields<'_>, mode: RecoveryMode) -> Result<Recovery, Invalid> {
    let mut recovery = Recovery { mode, ..Recovery::default() };
    let Some(node) = fields.get("recovery") else { return Ok(recovery) };
    let fields = Fields::open(node, "recovery", &["mode", "attempts"])?;
    if let Some(node) = fields.get("mode") {
        let modes = [("lenient", RecoveryMode::Lenient), ("strict", RecoveryMode::Strict)];
        recovery.mode = choice(node, "recovery.mode", &modes)?;
    }
    let attempts =
        fields.integer("attempts", "a whole number from 1 to 10", "attempts: 3", 1..=10)?;
    if let Some(attempts) = attempts.and_then(|attempts| u32::try_from(attempts).ok()) {
        recovery.attempts = attempts;
    }
    Ok(recovery)
}

fn install(fields: &Fields<'_>) -> Result<Install, Invalid> {
    let Some(node) = fields.get("install") else { return Ok(Install::default()) };
    let keys = &["verify", "fallbackRegistry", "allowedHosts", "scripts"];
    let fields = Fields::open(node, "install", keys)?;
    let verify = fields
        .get("verify")
        .map(|node| choice(node, "install.verify", &Verify::ALL))
        .transpose()?
        .unwrap_or_default();
    let example = "allowedHosts: [npm.example.com]";
    let mut allowed_hosts = Vec::new();
    for node in fields.list("allowedHosts", example)? {
        let host = text(node, "install.allowedHosts", example)?;
        if !is_host(host) {
            let expected = "a list of host names, without `https://` and path";
            return Err(wrong(node, "install.allowedHosts", expected, example));
        }
        allowed_hosts.push(host.to_ascii_lowercase());
    }
    Ok(Install {
        verify,
        fallback_registry: fallback_registry(&fields)?,
        allowed_hosts,
        scripts: install_scripts(&fields)?,
    })
}

/// A host name, with a port where it needs one.
fn is_host(text: &str) -> bool {
    url::Url::parse(&format!("https://{text}/")).is_ok_and(|url| {
        let bare = url.username().is_empty() && url.password().is_none();
        bare && url.path() == "/" && !text.contains(['/', '?', '#', '@'])
    })
}

fn fallback_registry(fields: &Fields<'_>) -> Result<Option<url::Url>, Invalid> {
    let Some(node) = fields.get("fallbackRegistry") else { return Ok(None) };
    let example = "fallbackRegistry: https://npm.example.com/";
    let written = text(node, "install.fallbackRegistry", example)?;
    let url = url::Url::parse(written).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
    });
    // A wrong address may hold a password, so it is not repeated.
    url.map(Some).ok_or_else(|| {
        InvalidKind::Value {
            key: "install.fallbackRegistry".into(),
            expected:
                "a URL that begins with `https://`, without a password (that belongs into .npmrc)"
                    .into(),
            found: "what is written there".into(),
            example: example.into(),
            similar: None,
        }
        .at(node.position)
    })
}

fn install_scripts(fields: &Fields<'_>) -> Result<InstallScripts, Invalid> {
    let Some(node) = fields.get("scripts") else { return Ok(InstallScripts::default()) };
    let fields = Fields::open(node, "install.scripts", &["allow", "others"])?;
    let example = "allow: [sharp]";
    let mut allow = Vec::new();
    for node in fields.list("allow", example)? {
        let name = text(node, "install.scripts.allow", example)?;
        if name.trim().is_empty() || name.contains(char::is_whitespace) {
            let expected = "a list of package names";
            return Err(wrong(node, "install.scripts.allow", expected, example));
        }
        allow.push(name.to_owned());
    }
    let others = [("run", OtherScripts::Run), ("skip", OtherScripts::Skip)];
    let others = fields
        .get("others")
        .map(|node| choice(node, "install.scripts.others", &others))
        .transpose()?
        .unwrap_or_default();
    Ok(InstallScripts { allow, others })
}

fn build(fields: &Fields<'_>) -> Result<Build, Invalid> {
    let default = Build::default();
    let Some(node) = fields.get("build") else { return Ok(default) };
    let fields = Fields::open(node, "build", &["command", "memory", "timeout", "stall"])?;
    let automatic = matches!(
        fields.get("memory").map(|node| &node.value),
        Some(Value::Scalar { text, .. }) if text == "auto"
    );
    let memory = if automatic {
        None
    } else {
        let expected = "`auto` or a size such as `4GiB`, at least `64MB`";
        fields.size("memory", LEAST_MEMORY, expected, "memory: 4GiB")?
    };
    Ok(Build {
        command: fields.filled("command", "command: \"next build\"")?,
        memory: memory.map_or(Memory::Auto, Memory::Limit),
        timeout: fields.duration("timeout", "timeout: 25m")?,
        stall: fields.duration("stall", "stall: 10m")?.unwrap_or(default.stall),
    })
}

fn artifacts(fields: &Fields<'_>) -> Result<Artifacts, Invalid> {
    let Some(node) = fields.get("artifacts") else { return Ok(Artifacts::default()) };
    let fields = Fields::open(node, "artifacts", &["budget", "deny"])?;
    let expected = "a size such as `200MB`, at least `10KB`";
    let budget = fields.size("budget", LEAST_BUDGET, expected, "budget: 200MB")?;
    let example = "deny: [\"**/*.map\"]";
    let mut deny = Vec::new();
    for node in fields.list("deny", example)? {
        let glob = text(node, "artifacts.deny", example)?;
        if glob.trim().is_empty() {
            return Err(wrong(
                node,
                "artifacts.deny",
                "a list of globs that are not empty",
                example,
            ));
        }
        deny.push(glob.to_owned());
    }
    Ok(Artifacts { budget, deny })
}

fn health(fields: &Fields<'_>) -> Result<Health, Invalid> {
    let default = Health::default();
    let Some(node) = fields.get("health") else { return Ok(default) };
    let fields = Fields::open(node, "health", &["routes", "timeout"])?;
    let example = "routes: [\"/\", \"/api/health\"]";
    let mut routes = Vec::new();
    for node in fields.list("routes", example)? {
        let route = text(node, "health.routes", example)?;
        if !route.starts_with('/') || route.starts_with("//") || route.contains(char::is_whitespace)
        {
            let expected = "a list of paths that begin with `/`";
            return Err(wrong(node, "health.routes", expected, example));
        }
        routes.push(route.to_owned());
    }
    let timeout = fields.duration("timeout", "timeout: 10s")?.unwrap_or(default.timeout);
    Ok(Health { routes, timeout })
}

fn notify(fields: &Fields<'_>) -> Result<Vec<Notify>, Invalid> {
    let list = fields.list("notify", "notify: [ { webhook: \"${SLACK_WEBHOOK}\" } ]")?;
    list.iter().enumerate().map(|(index, node)| receiver(node, index)).collect()
}

fn receiver(node: &Node, index: usize) -> Result<Notify, Invalid> {
    let fields = Fields::open(node, &format!("notify[{index}]"), &["webhook", "on"])?;
    let example = "webhook: \"${SLACK_WEBHOOK}\"";
    let webhook = fields
        .filled("webhook", example)?
        .ok_or_else(|| fields.missing("webhook", "webhook: \"${SLACK_WEBHOOK}\""))?;
    let is_web =
        || url::Url::parse(&webhook).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if let Some(node) = fields.get("webhook").filter(|_| !webhook.contains("${") && !is_web()) {
        // A webhook's address is a secret, so the wrong one is not repeated.
        return Err(InvalidKind::Value {
            key: fields.path("webhook"),
            expected: "a URL that begins with `https://`, or a variable such as `${SLACK_WEBHOOK}`"
                .into(),
            found: "what is written there".into(),
            example: example.into(),
            similar: None,
        }
        .at(node.position));
    }
    let path = fields.path("on");
    let mut on = fields
        .list("on", "on: [failed, recovered, rolled-back]")?
        .iter()
        .map(|node| choice(node, &path, &NotifyOn::ALL))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(node) = fields.get("on").filter(|_| on.is_empty()) {
        return Err(wrong(node, &path, "a list that is not empty", "on: [failed]"));
    }
    if on.is_empty() {
        on = NotifyOn::ALL.map(|(_, event)| event).to_vec();
    }
    Ok(Notify { webhook, on })
}

fn ignore(fields: &Fields<'_>) -> Result<Vec<Ignore>, Invalid> {
    let example = "ignore: [ { id: dependency/undeclared, reason: \"…\" } ]";
    fields
        .list("ignore", example)?
        .iter()
        .enumerate()
        .map(|(index, node)| ignored(node, index))
        .collect()
}

fn ignored(node: &Node, index: usize) -> Result<Ignore, Invalid> {
    let place = format!("ignore[{index}]");
    let fields = Fields::open(node, &place, &["id", "package", "path", "reason"])?;
    let Some(id_node) = fields.get("id") else {
        return Err(fields.missing("id", "id: dependency/undeclared"));
    };
    let written = text(id_node, &fields.path("id"), "id: dependency/undeclared")?;
    let id = finding_id(id_node, written, fields.path("id"))?;
    Ok(Ignore {
        id,
        package: fields.filled("package", "package: sharp")?,
        path: fields.filled("path", "path: src/legacy/**")?,
        reason: fields
            .filled("reason", "reason: \"reviewed 2026-11\"")?
            .ok_or_else(|| fields.missing("reason", "reason: \"reviewed 2026-11\""))?,
    })
}

/// The id of a finding as it is written at `key`.
pub(super) fn finding_id(node: &Node, written: &str, key: String) -> Result<FindingId, Invalid> {
    written.parse().map_err(|_| {
        let known = FindingId::ALL.iter().map(|id| id.as_str());
        // The area is often left out, and its length would hide the likeness.
        let bare = || {
            FindingId::ALL
                .iter()
                .map(|id| id.as_str())
                .find(|id| id.split_once('/').is_some_and(|(_, slug)| slug == written))
        };
        InvalidKind::UnknownId {
            id: written.to_owned(),
            key,
            similar: bare().map(ToOwned::to_owned).or_else(|| similar(written, known)),
        }
        .at(node.position)
    })
}
