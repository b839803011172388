use std::{collections::BTreeMap, path::Path};

use serde_json::Value;
use walkdir::WalkDir;

use super::{
    BuildLayout,
    manifests::{Manifests, PrerenderedRoute, recorded_status},
    routes::Expectation,
};

/// Pages of both routers without parameters, and everything that was prerendered.
/// Handlers that run on demand are left alone: asking one may do something.
pub(crate) fn built_routes(
    layout: &BuildLayout,
    manifests: &Manifests,
) -> BTreeMap<String, Expectation> {
    let locales = Locales::of(manifests);
    let kinds = app_kinds(manifests);
    let mut routes = BTreeMap::new();
    for (route, kind) in &kinds {
        if *kind == AppKind::Page {
            routes.insert(route.clone(), Expectation::AppPage);
        }
    }
    for (page, file) in &manifests.pages {
        let expectation =
            if Path::new(file).extension().is_some_and(|extension| extension == "html") {
                Expectation::Prerendered { status: None }
            } else {
                Expectation::ServerSidePage
            };
        if let Some(route) = locales.address(page)
            && page != "/api"
            && !page.starts_with("/api/")
        {
            routes.insert(route, expectation);
        }
    }
    for (route, entry) in &manifests.prerender.routes {
        let Some(address) = locales.address(route) else { continue };
        if manifests.prerender.not_found_routes.contains(route) {
            routes.remove(&address);
            continue;
        }
        routes.insert(address, prerendered(layout, &kinds, route, entry));
    }
    routes.retain(|route, _| is_public(route));
    routes
}

fn prerendered(
    layout: &BuildLayout,
    kinds: &BTreeMap<String, AppKind>,
    route: &str,
    entry: &PrerenderedRoute,
) -> Expectation {
    let source = entry.src_route.as_deref().unwrap_or(route);
    let kind = kinds.get(source).or_else(|| kinds.get(route));
    let content_type = entry.initial_headers.get("content-type").and_then(Value::as_str);
    let is_handler = match kind {
        Some(kind) => *kind == AppKind::Handler,
        // Only handlers have neither a data route nor a page's type.
        None => entry.data_route.is_none() && content_type.is_some(),
    };
    if is_handler {
        let essence = content_type.and_then(|value| value.split(';').next());
        return Expectation::Document {
            media_type: essence.map(|essence| essence.trim().to_ascii_lowercase()),
        };
    }
    let status = entry.initial_status.or_else(|| recorded_status(layout, route));
    // Next 14 answers a page that called `redirect()` with its status but without a location;
    // the browser follows the page's `meta` element.
    Expectation::Prerendered { status: status.filter(|status| *status >= 300) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AppKind {
    Page,
    Handler,
    /// Reached only by navigation inside the app: slots of parallel routes.
    Slot,
}

/// Routes of the App Router without parameters nor interception.
fn app_kinds(manifests: &Manifests) -> BTreeMap<String, AppKind> {
    let mut kinds = BTreeMap::new();
    for entry in manifests.app_paths.keys() {
        let (path, kind) = match entry.rsplit_once('/') {
            Some((path, "page")) => (path, AppKind::Page),
            Some((path, "route")) => (path, AppKind::Handler),
            _ => continue,
        };
        let kind = if path.contains("/@") { AppKind::Slot } else { kind };
        let segments = path.split('/').filter(|segment| {
            let group = segment.starts_with('(') && segment.ends_with(')');
            !segment.is_empty() && !group && !segment.starts_with('@')
        });
        // The folder `%5Fname` is how Next spells a path that begins with an underscore.
        let segments: Vec<_> = segments.map(|segment| segment.replace("%5F", "_")).collect();
        if segments.iter().any(|segment| segment.starts_with("(.")) {
            continue;
        }
        let known = kinds.entry(format!("/{}", segments.join("/"))).or_insert(kind);
        if *known == AppKind::Slot {
            *known = kind;
        }
    }
    kinds
}

/// Exported files as routes, `about.html` and `about/index.html` both as `/about`.
pub(crate) fn exported_routes(
    layout: &BuildLayout,
    manifests: &Manifests,
) -> BTreeMap<String, Expectation> {
    let root = layout.export();
    let mut routes = BTreeMap::new();
    for entry in WalkDir::new(&root).sort_by_file_name().into_iter().filter_map(Result::ok) {
        let Some(path) = entry.path().strip_prefix(&root).ok().and_then(|path| path.to_str())
        else {
            continue;
        };
        let Some(stem) = path.strip_suffix(".html").filter(|_| entry.file_type().is_file()) else {
            continue;
        };
        let route = match stem {
            "index" => "/".to_owned(),
            _ => match stem.strip_suffix("/index") {
                Some(folder) => format!("/{folder}/"),
                None => format!("/{stem}"),
            },
        };
        if is_public(route.trim_end_matches('/')) && !path.starts_with("_next/") {
            routes.insert(route, Expectation::Prerendered { status: None });
        }
    }
    for (route, kind) in app_kinds(manifests) {
        // Which type a static host sends follows from the file's name, not from the build.
        if kind == AppKind::Handler && root.join(route.trim_start_matches('/')).is_file() {
            routes.insert(route, Expectation::Document { media_type: None });
        }
    }
    routes
}

/// How the locales of the Pages Router appear in addresses.
struct Locales<'a> {
    default: Option<&'a str>,
    others: Vec<&'a str>,
    by_domain: bool,
}

impl<'a> Locales<'a> {
    fn of(manifests: &'a Manifests) -> Self {
        let i18n = manifests.routes.i18n.as_ref();
        let default = i18n.map(|i18n| i18n.default_locale.as_str());
        let others = i18n.map(|i18n| i18n.locales.iter().map(String::as_str)).into_iter();
        Self {
            default,
            others: others.flatten().filter(|locale| Some(*locale) != default).collect(),
            by_domain: i18n.is_some_and(|i18n| !i18n.domains.is_empty()),
        }
    }

    /// The address without the default locale; none for a locale of another host.
    fn address(&self, route: &str) -> Option<String> {
        let (first, rest) = split_first_segment(route);
        if Some(first) == self.default {
            return Some(if rest.is_empty() { "/".to_owned() } else { rest.to_owned() });
        }
        let foreign = self.others.contains(&first);
        if foreign && (self.by_domain || !is_public(rest)) {
            return None;
        }
        Some(route.to_owned())
    }
}

fn split_first_segment(route: &str) -> (&str, &str) {
    let path = route.trim_start_matches('/');
    path.find('/').map_or((path, ""), |end| path.split_at(end))
}

/// Whether it is an address of the app without parameters, not a piece of Next.
fn is_public(route: &str) -> bool {
    const INTERNAL: [&str; 7] =
        ["/_app", "/_document", "/_error", "/_not-found", "/_global-error", "/404", "/500"];
    !INTERNAL.contains(&route) && !route.contains("/[")
}
