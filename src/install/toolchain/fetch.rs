use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::{Toolchain, Workshop, release::Release};
use crate::{
    project::{ManagerKind, ask},
    report::{Evidence, Finding, FindingId},
};

/// A manager is a few megabytes, bun some 40.
const FETCH_LIMIT: Duration = Duration::from_mins(3);
/// npm starts in less than a second.
const ASK_LIMIT: Duration = Duration::from_secs(20);

/// Characters of a pinned hash that tell one folder from another.
const TELLING_HASH: usize = 24;

/// The folder of a release's programs below the tools of deployfix; what was checked against another hash, or
/// against none, is not found there.
fn folder_of(tools: &Path, release: &Release) -> PathBuf {
    let hash = release.hash.iter().flat_map(|hash| hash.chars());
    let hash: String =
        hash.filter(|c| c.is_ascii_alphanumeric() || *c == '.').take(TELLING_HASH).collect();
    let separator = if hash.is_empty() { "" } else { "-" };
    tools.join(format!("{}-{}{separator}{hash}", release.kind.program(), release.version))
}

fn programs_of(folder: &Path) -> PathBuf {
    folder.join("node_modules/.bin")
}

/// The programs of a release that an earlier phase fetched; nothing where they are not whole.
pub(super) async fn fetched(
    workshop: &Workshop<'_>,
    toolchain: &Toolchain,
    release: &Release,
) -> Option<PathBuf> {
    let folder = folder_of(&workshop.tools()?, release);
    if !folder.is_dir() {
        return None;
    }
    // A restored cache may hold half of it.
    match starts(workshop, toolchain, &folder, release).await {
        Ok(()) => Some(programs_of(&folder)),
        Err(_) => None,
    }
}

/// Brings a release from the project's registry into the tools of deployfix: npm packs it in the app root, where
/// the settings and tokens of the project hold, then lays the archive out apart from the project.
pub(super) async fn fetch(
    workshop: &Workshop<'_>,
    toolchain: &Toolchain,
    release: &Release,
) -> Result<PathBuf, Box<Finding>> {
    let failed = |error: io::Error| Box::new(unwritable(release, &error));
    let tools = workshop.tools().ok_or_else(|| Box::new(nowhere(release)))?;
    fs::create_dir_all(&tools).map_err(failed)?;
    let work = tempfile::Builder::new().prefix("new-").tempdir_in(&tools).map_err(failed)?;
    let target = work.path().to_string_lossy().into_owned();
    let package = format!("{}@{}", release.package(), release.version);
    let root = &workshop.project.root;
    let pack = ["pack", &package, "--pack-destination", &target, "--ignore-scripts"];
    npm(workshop, toolchain, &pack, root, "pack").await?;
    let archive = archive_in(work.path()).ok_or_else(|| Box::new(nothing_packed(release)))?;
    // corepack hashes the archive, for yarn 2 and later the one file in it (read in 0.34).
    if release.kind != ManagerKind::YarnBerry {
        check_hash(release, &archive)?;
    }
    fs::write(work.path().join("package.json"), "{\"private\":true}\n").map_err(failed)?;
    let archive_name = archive.to_string_lossy().into_owned();
    let install = [
        "install",
        &archive_name,
        "--prefix",
        &target,
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-package-lock",
        "--prefer-offline",
    ];
    npm(workshop, toolchain, &install, work.path(), "install").await?;
    if release.kind == ManagerKind::YarnBerry {
        check_hash(release, &work.path().join("node_modules/@yarnpkg/cli-dist/bin/yarn.js"))?;
    }
    if release.kind == ManagerKind::Bun {
        link_bun(work.path(), release).map_err(failed)?;
    }
    starts(workshop, toolchain, work.path(), release).await?;
    fs::remove_file(&archive).map_err(failed)?;
    let folder = folder_of(&tools, release);
    // What stands there is not whole, or another process was faster; both may be replaced.
    let _ = fs::remove_dir_all(&folder);
    fs::rename(work.path(), &folder).map_err(failed)?;
    Ok(programs_of(&folder))
}

async fn npm(
    workshop: &Workshop<'_>,
    toolchain: &Toolchain,
    arguments: &[&str],
    folder: &Path,
    step: &str,
) -> Result<(), Box<Finding>> {
    let command = toolchain.command("npm".as_ref(), arguments, folder);
    match workshop.child(&command, &format!("tools.{step}"), FETCH_LIMIT).await {
        Ok(_) => Ok(()),
        Err(failure) => Err(Box::new(failure.finding)),
    }
}

/// Asks the program for its version, away from every project: some would hand over to another release.
async fn starts(
    workshop: &Workshop<'_>,
    toolchain: &Toolchain,
    folder: &Path,
    release: &Release,
) -> Result<(), Box<Finding>> {
    let program = programs_of(folder).join(release.kind.program());
    let command = toolchain.command(&program, &["--version"], &std::env::temp_dir());
    let told = match workshop.child(&command, "tools.version", ASK_LIMIT).await {
        Ok(ended) => version_of(&ended.tail),
        Err(failure) => failure.line,
    };
    if told == release.version { Ok(()) } else { Err(Box::new(not_starting(release, &told))) }
}

/// The version among what a program said; its last line where there is none.
pub(super) fn version_of(output: &str) -> String {
    let lines = || output.lines().map(str::trim).filter(|line| !line.is_empty());
    let told = lines().rfind(|line| semver::Version::parse(line).is_ok());
    told.or_else(|| lines().next_back()).unwrap_or_default().to_owned()
}

/// The registry that npm is configured for in the app root, as corepack wants it.
pub(super) fn configured_registry(
    workshop: &Workshop<'_>,
    toolchain: &Toolchain,
) -> Option<String> {
    let environment = toolchain.environment(workshop.variables);
    let root = &workshop.project.root;
    let npm = which::which_in("npm", environment.get("PATH"), root).ok()?;
    let answer = ask(&npm, &["config", "get", "registry"], &environment, root, ASK_LIMIT)?;
    let address = answer.lines().last()?.trim().trim_end_matches('/');
    address.starts_with("http").then(|| address.to_owned())
}

fn archive_in(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
}

/// bun's platform package holds one program under no name of its own; called `bunx` it acts as that.
fn link_bun(folder: &Path, release: &Release) -> io::Result<()> {
    let programs = programs_of(folder);
    fs::create_dir_all(&programs)?;
    for name in ["bun", "bunx"] {
        let link = programs.join(name);
        let _ = fs::remove_file(&link);
        symlink(Path::new("..").join(release.package()).join("bin/bun"), link)?;
    }
    Ok(())
}

/// Holds a file against the hash that `packageManager` gives.
fn check_hash(release: &Release, path: &Path) -> Result<(), Box<Finding>> {
    let Some((algorithm, expected)) = release.hash.as_deref().and_then(|hash| hash.split_once('.'))
    else {
        return Ok(());
    };
    let actual = match algorithm {
        "sha512" => digest::<Sha512>(path),
        "sha384" => digest::<Sha384>(path),
        "sha256" => digest::<Sha256>(path),
        "sha224" => digest::<Sha224>(path),
        _ => return Err(Box::new(unknown_hash(release, algorithm))),
    };
    match actual {
        Ok(actual) if actual.eq_ignore_ascii_case(expected) => Ok(()),
        Ok(actual) => Err(Box::new(other_hash(release, algorithm, expected, &actual))),
        Err(error) => Err(Box::new(unwritable(release, &error))),
    }
}

fn digest<D: Digest>(path: &Path) -> io::Result<String> {
    use std::fmt::Write as _;
    let digest = D::digest(fs::read(path)?);
    Ok(digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

fn finding(release: &Release, message: String, resolution: impl Into<String>) -> Finding {
    Finding::new(FindingId::PackageManagerMissing, message, resolution)
        .hint(format!("npm install --global {}", release.specification()))
}

fn nowhere(release: &Release) -> Finding {
    let message =
        format!("{} cannot be fetched, because `.deployfix` cannot be written", release.name());
    finding(release, message, "make the app root writable, or fetch the manager in `preBuild`")
}

fn unwritable(release: &Release, error: &io::Error) -> Finding {
    let message = format!("{} cannot be laid out in `.deployfix/tools`", release.name());
    finding(release, message, error.to_string())
}

fn nothing_packed(release: &Release) -> Finding {
    let message = format!("npm packed nothing for {}", release.name());
    finding(release, message, "fetch the manager in `preBuild`")
}

fn not_starting(release: &Release, told: &str) -> Finding {
    let message = format!("{} was fetched, but does not start", release.name());
    finding(release, message, "it may need another Node; fetch the manager in `preBuild`")
        .evidence(Evidence::new(format!("{} --version", release.kind.program()), told))
}

fn unknown_hash(release: &Release, algorithm: &str) -> Finding {
    let message = format!("`packageManager` gives a `{algorithm}` hash for {}", release.name());
    finding(
        release,
        message,
        "deployfix checks sha224, sha256, sha384 and sha512 only, and runs nothing unchecked",
    )
}

fn other_hash(release: &Release, algorithm: &str, expected: &str, actual: &str) -> Finding {
    Finding::new(
        FindingId::IntegrityMismatch,
        format!("{} is not the one that `packageManager` pins: its {algorithm} differs", release.name()),
        "the hash in package.json is wrong, or the registry sends another file; nothing of it was run",
    )
    .evidence(Evidence::new("package.json", format!("{algorithm}.{expected}")))
    .evidence(Evidence::new("the fetched file", format!("{algorithm}.{actual}")))
}
