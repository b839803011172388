use url::Url;

use super::Context;
use crate::{
    project::{LockedPackage, Lockfile, Source, locked_packages},
    report::{Evidence, Finding, FindingId, Location, Severity},
    supply_chain::{Policy, Registries, Violation, violations},
};

/// Packages that a message lists; the others are counted.
const LISTED: usize = 10;

/// Where the lockfile takes packages from, and what vouches for their content: one finding for each kind of doubt.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let project = context.project;
    let Some(lockfile) = project.lockfile() else { return Vec::new() };
    let (Ok(text), Some(root)) = (&lockfile.text, lockfile.path.parent()) else {
        return Vec::new();
    };
    let packages: Vec<_> = locked_packages(lockfile)
        .into_iter()
        .filter(|package| !context.accepts(FindingId::UntrustedSource, &package.name))
        .collect();
    let manifests: Vec<_> = [root, &project.root]
        .iter()
        .filter_map(|folder| std::fs::read_to_string(folder.join("package.json")).ok())
        .collect();
    let mut texts = vec![text.content.as_str()];
    texts.extend(manifests.iter().map(String::as_str));
    let mut registries = Registries::read(&[root, &project.root], context.variables);
    registries.hosts.extend(context.config.install.allowed_hosts.iter().cloned());
    let judge = |registries: &Registries| {
        let policy = Policy {
            kind: lockfile.kind,
            hosts: registries.hosts.clone(),
            judges_hosts: !registries.undecided && !registries.replaced,
            texts: &texts,
        };
        violations(&packages, &policy)
    };
    let mut found = judge(&registries);
    if found.contains_key(&Violation::ForeignHost) {
        registries.add_defaults(context.variables, &project.root);
        found = judge(&registries);
    }
    found.iter().map(|(violation, packages)| finding(lockfile, *violation, packages)).collect()
}

fn finding(lockfile: &Lockfile, violation: Violation, packages: &[&LockedPackage]) -> Finding {
    let subject = match packages {
        [one] => format!("`{}` in `{}`", one.name, lockfile.relative_path),
        several => format!("{} packages in `{}`", several.len(), lockfile.relative_path),
    };
    let is_one = packages.len() == 1;
    let (is, comes, has) = if is_one { ("is", "comes", "has") } else { ("are", "come", "have") };
    let (message, resolution, severity) = match violation {
        Violation::OtherPackage => (
            format!("{subject} {is} fetched from the address of another package"),
            "the manager installs what the address holds, whatever the name says; no manager writes such a lockfile, so find out who did",
            Severity::Warning,
        ),
        Violation::ForeignHost => (
            format!("{subject} {comes} from a host that is no registry of this project"),
            "nothing asks for that address; write the entries anew, or allow the host",
            Severity::Warning,
        ),
        Violation::Unencrypted => (
            format!("{subject} {is} fetched without encryption"),
            "whoever stands between can hold back or change what is fetched; write the entries anew with https",
            Severity::Warning,
        ),
        Violation::MalformedIntegrity => (
            format!("{subject} {has} a checksum that is none"),
            "npm passes over what it cannot read as a checksum, so the content is not checked; write the entries anew",
            Severity::Warning,
        ),
        Violation::BrokenIntegrity => (
            format!("{subject} {has} only an MD5 checksum"),
            "two contents with one MD5 can be made by anyone; write the entries anew",
            Severity::Warning,
        ),
        Violation::MissingIntegrity => (
            format!("{subject} {has} an address, but no checksum"),
            "nothing vouches that the content is what it was; write the entries anew",
            Severity::Warning,
        ),
        Violation::Unpinned => (
            format!("{subject} {comes} from git without a commit"),
            "every installation takes what the branch holds then; name a commit of 40 digits",
            Severity::Warning,
        ),
        Violation::WeakIntegrity => (
            format!("{subject} {has} only a SHA-1 checksum"),
            "two contents with one SHA-1 have been made; a lockfile that is written anew holds SHA-512",
            Severity::Info,
        ),
    };
    let finding = Finding::new(FindingId::UntrustedSource, message, resolution)
        .severity(severity)
        .location(Location::line(
            &lockfile.relative_path,
            packages.first().and_then(|package| package.line),
        ));
    let finding = packages.iter().take(LISTED).fold(finding, |finding, package| {
        finding.evidence(Evidence {
            source: lockfile.relative_path.clone(),
            line: package.line,
            text: text(package, violation),
        })
    });
    let more = packages.len().saturating_sub(LISTED);
    let finding = if more > 0 {
        finding.evidence(Evidence::new(&lockfile.relative_path, format!("and {more} more")))
    } else {
        finding
    };
    match violation {
        Violation::ForeignHost => finding.hint(
            "add the host to `install.allowedHosts` in deployfix.yml, where it is to be trusted",
        ),
        _ => finding,
    }
}

fn text(package: &LockedPackage, violation: Violation) -> String {
    let version = package.version.as_deref().unwrap_or("no version");
    let name = format!("{} {version}", package.name);
    match (&package.source, violation) {
        (
            _,
            Violation::MalformedIntegrity | Violation::BrokenIntegrity | Violation::WeakIntegrity,
        ) => format!("{name}: {}", package.integrity.as_deref().unwrap_or_default()),
        (Source::Tarball(address) | Source::Git(address), _) => {
            format!("{name} from {}", without_credentials(address))
        }
        _ => name,
    }
}

/// An address of which a report may show everything.
fn without_credentials(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else { return address.to_owned() };
    // Neither can fail where the address has a host; where it has none there is nothing to hide.
    let _ = url.set_password(None);
    if url.scheme() == "http" || url.scheme() == "https" {
        let _ = url.set_username("");
        url.set_query(None);
    }
    url.to_string()
}
