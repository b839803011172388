//! A module that was not found: another case, a package that nobody listed, a file that git ignores.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use super::{
    imports::{EXTENSIONS, Found, find, targets},
    refine::reworded,
};
use crate::{
    project::Project,
    report::{Finding, FindingId},
};

/// Folders that hold generated code alone.
const GENERATED: [&str; 4] = ["generated", "__generated__", ".generated", ".prisma"];
/// Modules of Node itself that pages import by mistake.
const NODE_MODULES: [&str; 20] = [
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "crypto",
    "dgram",
    "dns",
    "fs",
    "http",
    "http2",
    "https",
    "module",
    "net",
    "os",
    "path",
    "readline",
    "stream",
    "tls",
    "worker_threads",
    "zlib",
];

/// What the project says of it; nothing where it says no more than the log.
pub(super) fn look(
    project: &Project,
    file: Option<&str>,
    module: &str,
    finding: Finding,
) -> Option<Finding> {
    let root = &project.root;
    // The log may be of another project.
    let file = file.map(|file| root.join(file)).filter(|file| file.is_file());
    if let Some(package) = package_of(module)
        && targets(root, root, module).is_empty()
    {
        return of_package(project, module, package, finding);
    }
    let file = file?;
    let targets = targets(root, &file, module);
    let outer = project.repository_root.as_deref().unwrap_or(root);
    for target in &targets {
        match find(outer, target) {
            // It is there now: generated since, or the log is of another commit.
            Found::Exact(_) => return None,
            Found::OtherCase(real) => return Some(other_case(root, module, &real, finding)),
            Found::Nothing => {}
        }
    }
    let ignored = targets.iter().find(|target| is_ignored(outer, target))?;
    let shown = ignored.strip_prefix(root).unwrap_or(ignored);
    let is_client = shown.iter().any(|part| GENERATED.iter().any(|name| part == *name));
    let shown = shown.display();
    let id = if is_client { FindingId::ClientNotGenerated } else { finding.id };
    Some(reworded(
        Finding { id, ..finding },
        format!("the import `{module}` is of a file that git ignores (`{shown}`)"),
        "it is made by a tool and is not in the repository, so a fresh clone lacks it; the build must make it first",
        "run the tool that makes it in `preBuild` of amplify.yml, or commit the file".to_owned(),
    ))
}

fn other_case(root: &Path, module: &str, real: &Path, finding: Finding) -> Finding {
    let shown = real.strip_prefix(root).unwrap_or(real).display().to_string();
    let finding = Finding { id: FindingId::ModuleCaseMismatch, ..finding };
    reworded(
        finding,
        format!("the import `{module}` is `{shown}` on disk"),
        "Linux tells case apart, macOS and Windows do not: there it works",
        format!(
            "write the import exactly as the file is called, or rename the file with `git mv {shown} …`"
        ),
    )
}

fn of_package(project: &Project, module: &str, package: &str, finding: Finding) -> Option<Finding> {
    let manifest = project.manifest.manifest.as_ref()?;
    let bare = module.strip_prefix("node:").unwrap_or(module);
    if NODE_MODULES.contains(&bare.split('/').next().unwrap_or(bare))
        && manifest.range_of(package).is_none()
    {
        return Some(reworded(
            finding,
            format!("`{module}` is a module of Node.js, imported in code for the browser"),
            "only code that runs on the server may import it; a client component and all it imports run in the browser",
            "import it in server code only, and pass its result to the client component".to_owned(),
        ));
    }
    let is_development = manifest.dev_dependencies.contains_key(package);
    let is_installed = project.root.join("node_modules").join(package).exists();
    if manifest.range_of(package).is_none() && !is_installed {
        let command = project.manager.kind.add_command();
        return Some(reworded(
            finding,
            format!("`{package}` is imported, but package.json does not list it"),
            "it works only where another package happened to bring it along",
            format!("run `{command} {package}`, and commit package.json and the lockfile"),
        ));
    }
    (is_development && !is_installed).then(|| {
        reworded(
            finding,
            format!("`{package}` is a devDependency, and those are not installed"),
            "with `NODE_ENV=production`, `--omit=dev` or `--production` managers leave devDependencies out, and the build needs this one",
            "unset NODE_ENV in the Amplify console, or move the package to `dependencies`".to_owned(),
        )
    })
}

/// The name of the package that an import asks; nothing for paths and for what can only be an alias.
fn package_of(module: &str) -> Option<&str> {
    let is_name = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-~:".contains(&byte))
    };
    let mut parts = module.splitn(3, '/');
    let first = parts.next()?;
    if let Some(scope) = first.strip_prefix('@') {
        let name = parts.next()?;
        return (is_name(scope) && is_name(name)).then(|| &module[..first.len() + 1 + name.len()]);
    }
    is_name(first).then_some(first)
}

/// Whether git would not take a file of this name, with any extension.
fn is_ignored(repository: &Path, target: &Path) -> bool {
    let mut command = Command::new("git");
    command.arg("check-ignore").arg("--").arg(target);
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for extension in EXTENSIONS {
        command.arg(target.with_file_name(format!("{name}.{extension}")));
    }
    command
        .current_dir(repository)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
