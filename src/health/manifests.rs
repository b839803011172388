use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::BuildLayout;

/// What the build says of itself. Fields that a version of Next lacks stay empty.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    /// `prerender-manifest.json`
    pub(crate) prerender: PrerenderManifest,
    /// `routes-manifest.json`
    pub(crate) routes: RoutesManifest,
    /// `server/app-paths-manifest.json`: entry to file.
    pub(crate) app_paths: BTreeMap<String, String>,
    /// `server/pages-manifest.json`: page to file.
    pub(crate) pages: BTreeMap<String, String>,
    /// `server/middleware-manifest.json`, or a Node middleware among the functions.
    pub(crate) has_middleware: bool,
    /// `trailingSlash` of the resolved configuration.
    pub(crate) trailing_slash: bool,
    /// `BUILD_ID`
    pub(crate) build_id: Option<String>,
    /// Why a manifest that is there could not be read.
    pub(crate) unreadable: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PrerenderManifest {
    pub(crate) routes: BTreeMap<String, PrerenderedRoute>,
    pub(crate) not_found_routes: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PrerenderedRoute {
    pub(crate) src_route: Option<String>,
    pub(crate) data_route: Option<String>,
    pub(crate) initial_status: Option<u16>,
    pub(crate) initial_headers: BTreeMap<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RoutesManifest {
    pub(crate) base_path: String,
    pub(crate) i18n: Option<Internationalization>,
    /// A list before Next 12, else lists by moment.
    pub(crate) rewrites: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Internationalization {
    pub(crate) locales: Vec<String>,
    pub(crate) default_locale: String,
    /// A locale may belong to another host.
    pub(crate) domains: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequiredServerFiles {
    config: ResolvedConfig,
    relative_app_dir: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ResolvedConfig {
    trailing_slash: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Functions {
    functions: BTreeMap<String, Value>,
    middleware: BTreeMap<String, Value>,
}

impl Manifests {
    /// Reads what is there.
    pub(crate) fn read(layout: &BuildLayout) -> Self {
        let mut unreadable = Vec::new();
        let mut reader = Reader { layout, unreadable: &mut unreadable };
        let middleware: Functions = reader.read("server/middleware-manifest.json");
        let functions: Functions = reader.read("server/functions-config-manifest.json");
        let required: RequiredServerFiles = reader.read("required-server-files.json");
        let manifests = Self {
            prerender: reader.read("prerender-manifest.json"),
            routes: reader.read("routes-manifest.json"),
            app_paths: reader.read("server/app-paths-manifest.json"),
            pages: reader.read("server/pages-manifest.json"),
            has_middleware: !middleware.middleware.is_empty()
                || functions.functions.contains_key("/_middleware"),
            trailing_slash: required.config.trailing_slash,
            build_id: fs::read_to_string(layout.dist("BUILD_ID"))
                .ok()
                .map(|id| id.trim().to_owned())
                .filter(|id| !id.is_empty()),
            unreadable: Vec::new(),
        };
        Self { unreadable, ..manifests }
    }

    /// The folder of the app below the traced root, as the standalone output repeats it.
    pub(crate) fn relative_app_directory(layout: &BuildLayout) -> Option<String> {
        let mut unreadable = Vec::new();
        let mut reader = Reader { layout, unreadable: &mut unreadable };
        reader.read::<RequiredServerFiles>("required-server-files.json").relative_app_dir
    }

    /// Whether something of the app may answer in the place of a route.
    pub(crate) fn may_reroute(&self) -> bool {
        let before_files = self.routes.rewrites.get("beforeFiles");
        self.has_middleware
            || before_files.and_then(Value::as_array).is_some_and(|rewrites| !rewrites.is_empty())
    }
}

struct Reader<'a> {
    layout: &'a BuildLayout,
    unreadable: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn read<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        match read_json(&self.layout.dist(name)) {
            Ok(value) => value,
            Err(error) => {
                let path = self.layout.dist_dir.join(name);
                self.unreadable.push(format!("`{}` cannot be read: {error}", path.display()));
                T::default()
            }
        }
    }
}

/// A missing file is empty: which manifests exist depends on the version and the routers in use.
fn read_json<T: DeserializeOwned + Default>(path: &Path) -> io::Result<T> {
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(error),
    }
}

/// The status with which a page was prerendered, where its `.meta` file records one.
pub(crate) fn recorded_status(layout: &BuildLayout, route: &str) -> Option<u16> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Meta {
        status: Option<u16>,
    }
    let name = if route == "/" { "index" } else { route.trim_start_matches('/') };
    let path = layout.dist(format!("server/app/{name}.meta"));
    read_json::<Meta>(&path).ok()?.status
}
