use std::path::Path;

use crate::project::{Project, output::OutputMode};

/// Files of a folder of routes that are looked at.
const LOOKED_AT: usize = 5_000;
const EXTENSIONS: [&str; 6] = ["ts", "tsx", "js", "jsx", "mts", "mjs"];

/// What of Next an app uses, as its folders tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    /// There is a middleware, called proxy since Next 16.
    pub(crate) middleware: bool,
    /// There are routes of the App Router.
    pub(crate) app_router: bool,
    /// The app is, beyond doubt, files only.
    pub(crate) static_export: bool,
}

impl Usage {
    /// Looks at the folders that Next looks at.
    pub(crate) fn of(project: &Project) -> Self {
        let root = &project.root;
        // `src` counts where neither folder of routes stands beside it.
        let in_root = root.join("app").is_dir() || root.join("pages").is_dir();
        let base = if in_root { root.clone() } else { root.join("src") };
        let is_file = |folder: &Path, name: &str| {
            EXTENSIONS.iter().any(|extension| folder.join(format!("{name}.{extension}")).is_file())
        };
        let is_sixteen = project.next.major().is_none_or(|major| major >= 16);
        let middleware = is_file(&base, "middleware") || (is_sixteen && is_file(&base, "proxy"));
        let settings = &project.next_config;
        Self {
            middleware,
            app_router: has_routes(&base.join("app")),
            static_export: settings.mode() == Some(OutputMode::Export) && settings.is_certain(),
        }
    }
}

fn has_routes(folder: &Path) -> bool {
    walkdir::WalkDir::new(folder).into_iter().take(LOOKED_AT).filter_map(Result::ok).any(|entry| {
        let path = entry.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(stem, Some("page" | "route"))
            && extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
            && entry.file_type().is_file()
    })
}
