use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use walkdir::WalkDir;

use super::{BuildLayout, command::LaunchError, manifests::Manifests};

/// Folders that are searched for `server.js` below the standalone output.
const SEARCH_DEPTH: usize = 6;

/// Copies the standalone output to a temporary folder and adds `public` and `static` as Next's
/// documentation asks, which the build leaves out. Returns the copy and the server's folder.
///
/// A real copy outside of the project, not links: the server rewrites regenerated pages in place,
/// and from inside the project Node would find modules that the output itself lacks.
pub(crate) fn prepare(layout: &BuildLayout) -> Result<(TempDir, PathBuf), LaunchError> {
    let source = layout.dist("standalone");
    let nested = server_folder(layout, &source)
        .ok_or_else(|| LaunchError::StandaloneServerMissing(source.clone()))?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| LaunchError::Copy { path, source }
    };
    let temporary = std::env::temp_dir();
    let copy = tempfile::Builder::new()
        .prefix("deployfix-standalone-")
        .tempdir()
        .map_err(failed(&temporary))?;
    copy_tree(&source, copy.path()).map_err(failed(copy.path()))?;
    let server = copy.path().join(&nested);
    let dist = layout.dist_dir.strip_prefix(&layout.app_root).unwrap_or(&layout.dist_dir);
    let additions = [
        (layout.dist("static"), server.join(dist).join("static")),
        (layout.app_root.join("public"), server.join("public")),
    ];
    for (from, to) in additions {
        // A project may have put its own copy there, which then is what it deploys.
        if from.is_dir() && !to.exists() {
            let from = from.canonicalize().map_err(failed(&from))?;
            symlink(from, &to).map_err(failed(&to))?;
        }
    }
    Ok((copy, server))
}

/// The folder of `server.js`: the root, or in a workspace the app's place in it.
fn server_folder(layout: &BuildLayout, source: &Path) -> Option<PathBuf> {
    let recorded = Manifests::relative_app_directory(layout).map(PathBuf::from);
    if let Some(nested) = recorded.filter(|nested| source.join(nested).join("server.js").is_file())
    {
        return Some(nested);
    }
    WalkDir::new(source)
        .max_depth(SEARCH_DEPTH)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "node_modules")
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() && entry.file_name() == "server.js")
        // A folder of the app's own may hold a file of that name, but no package beside it.
        .find(|entry| entry.path().with_file_name("package.json").is_file())
        .and_then(|entry| Some(entry.path().parent()?.strip_prefix(source).ok()?.to_owned()))
}

fn copy_tree(source: &Path, target: &Path) -> io::Result<()> {
    for entry in WalkDir::new(source).min_depth(1) {
        let entry = entry?;
        let relative = entry.path().strip_prefix(source).map_err(io::Error::other)?;
        let to = target.join(relative);
        let kind = entry.file_type();
        if kind.is_dir() {
            fs::create_dir_all(&to)?;
        } else if kind.is_symlink() {
            copy_link(source, target, entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), &to)?;
        }
    }
    Ok(())
}

/// Keeps a link inside the copy when its target is inside the source, as pnpm's store is.
fn copy_link(source: &Path, target: &Path, link: &Path, to: &Path) -> io::Result<()> {
    let aim = fs::read_link(link)?;
    let Ok(resolved) = link.canonicalize() else { return symlink(aim, to) };
    let inside = resolved.strip_prefix(source.canonicalize()?).map(|inside| target.join(inside));
    symlink(inside.unwrap_or(resolved), to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::output::OutputMode;

    #[test]
    fn the_copy_is_complete_and_the_artifact_untouched() {
        let project = tempfile::tempdir().unwrap();
        let root = project.path().join("apps/web");
        let file = |path: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        };
        for path in [
            ".next/standalone/apps/web/server.js",
            ".next/standalone/apps/web/package.json",
            ".next/standalone/apps/web/.next/BUILD_ID",
            ".next/standalone/node_modules/.pnpm/next/package.json",
            ".next/standalone/node_modules/.pnpm/next/server.js",
            ".next/static/chunks/main.js",
            "public/logo.svg",
        ] {
            file(path);
        }
        symlink(".pnpm/next", root.join(".next/standalone/node_modules/next")).unwrap();
        symlink("nowhere", root.join(".next/standalone/node_modules/dangling")).unwrap();
        let layout = BuildLayout {
            app_root: root.clone(),
            dist_dir: ".next".into(),
            mode: OutputMode::Standalone,
            export_dir: None,
            base_path: None,
        };
        let (copy, server) = prepare(&layout).unwrap();
        assert!(server.ends_with("apps/web"));
        assert!(server.join(".next/static/chunks/main.js").is_file());
        assert!(server.join("public/logo.svg").is_file());
        let module = copy.path().join("node_modules/next/package.json");
        assert!(module.canonicalize().unwrap().starts_with(copy.path().canonicalize().unwrap()));
        assert!(!root.join(".next/standalone/apps/web/public").exists());
    }
}
