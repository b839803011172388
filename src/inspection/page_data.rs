//! Page data that could not be collected: the variables that the route's modules read and that are not set.

use std::{
    collections::{BTreeSet, VecDeque},
    path::{Path, PathBuf},
    sync::LazyLock,
};

use regex::Regex;

use super::{
    imports::{EXTENSIONS, Found, find, targets},
    refine::Inspection,
};
use crate::{
    env::load_environment,
    project::relative,
    report::{Evidence, Finding},
};

/// Modules that are read from a route on.
const MOST_MODULES: usize = 60;
/// Variables that are named.
const MOST_VARIABLES: usize = 5;
/// Set by Next, Node or the system, or meant to be absent.
const NEVER_MISSING: [&str; 6] =
    ["NODE_ENV", "NEXT_RUNTIME", "NEXT_PHASE", "CI", "PORT", "ANALYZE"];

#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by the tests")]
static USES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"process\.env(?:\.([A-Za-z_]\w*)|\[\s*["']([A-Za-z_]\w*)["']\s*\])"#).unwrap()
});
#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by the tests")]
static IMPORTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*["']([^"'\n]+)["']"#).unwrap()
});

/// The finding with the variables as evidence; nothing where all are set.
pub(super) fn look(inspection: &Inspection<'_>, route: &str, finding: Finding) -> Option<Finding> {
    let root = inspection.root();
    let module = module_of(root, route)?;
    let set = load_environment(root, inspection.variables).variables;
    let mut missing: Vec<(String, PathBuf, u64, String)> = Vec::new();
    let mut seen = BTreeSet::from([module.clone()]);
    let mut queue = VecDeque::from([module]);
    while let Some(file) = queue.pop_front() {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for (line, number) in text.lines().zip(1..) {
            for found in USES.captures_iter(line) {
                let Some(name) = found.get(1).or(found.get(2)).map(|name| name.as_str()) else {
                    continue;
                };
                let is_new = missing.iter().all(|(known, ..)| known != name);
                let is_set = set.get(name).is_some_and(|setting| !setting.value.is_empty());
                if is_new && !is_set && !NEVER_MISSING.contains(&name) {
                    missing.push((name.to_owned(), file.clone(), number, line.trim().to_owned()));
                }
            }
        }
        for found in IMPORTS.captures_iter(&text) {
            for target in targets(root, &file, &found[1]) {
                if let Found::Exact(next) = find(root, &target)
                    && seen.len() < MOST_MODULES
                    && seen.insert(next.clone())
                {
                    queue.push_back(next);
                }
            }
        }
    }
    if missing.is_empty() {
        return None;
    }
    missing.truncate(MOST_VARIABLES);
    let names: Vec<_> = missing.iter().map(|(name, ..)| format!("`{name}`")).collect();
    let mut finding = finding;
    for (_, file, line, text) in &missing {
        finding = finding.evidence(Evidence::at(relative(root, file), *line, text.clone()));
    }
    let hint = format!(
        "its modules read {}, not set here: set what the build needs in the Amplify console",
        names.join(", ")
    );
    finding.hints.insert(0, hint);
    Some(finding)
}

/// The module of a route: `/api/x` is `app/api/x/route.ts` or `pages/api/x.ts`; groups and slots do not count.
fn module_of(root: &Path, route: &str) -> Option<PathBuf> {
    let route = route.trim_end_matches('/');
    let is_source = |path: &Path| {
        path.extension().is_some_and(|own| EXTENSIONS.iter().any(|extension| own == *extension))
    };
    for folder in ["app", "src/app", "pages", "src/pages"] {
        let base = root.join(folder);
        for entry in
            walkdir::WalkDir::new(&base).sort_by_file_name().into_iter().filter_map(Result::ok)
        {
            let path = entry.path();
            if !entry.file_type().is_file() || !is_source(path) {
                continue;
            }
            let stem = path.with_extension("");
            let Ok(inner) = stem.strip_prefix(&base) else { continue };
            let parts: Vec<_> = inner.iter().map(|part| part.to_string_lossy()).collect();
            let Some((name, folders)) = parts.split_last() else { continue };
            let is_app = folder.ends_with("app");
            if is_app && !["page", "route"].contains(&name.as_ref()) {
                continue;
            }
            let own = (!is_app && name != "index").then_some(name);
            let shown = folders
                .iter()
                .filter(|part| {
                    !is_app
                        || !(part.starts_with('(') && part.ends_with(')') || part.starts_with('@'))
                })
                .chain(own);
            let found: String = shown.flat_map(|part| ["/", part.as_ref()]).collect();
            let asked =
                route.strip_suffix("/page").or(route.strip_suffix("/route")).unwrap_or(route);
            if found == route || is_app && found == asked {
                return Some(path.to_path_buf());
            }
        }
    }
    None
}
