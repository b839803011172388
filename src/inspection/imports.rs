//! Where an import leads on disk, as the bundler of Next.js resolves it.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

/// What may be left out of an import, in the order in which it is tried.
pub(super) const EXTENSIONS: [&str; 9] =
    ["tsx", "ts", "jsx", "js", "mjs", "cjs", "json", "mts", "cts"];
/// A folder is imported by its index file.
const INDEX: &str = "index";

#[derive(Deserialize, Default)]
#[serde(default)]
struct TypescriptConfig {
    #[serde(rename = "compilerOptions")]
    compiler_options: CompilerOptions,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CompilerOptions {
    #[serde(rename = "baseUrl")]
    base_url: Option<String>,
    paths: std::collections::BTreeMap<String, Vec<String>>,
}

/// What an import is found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A file under exactly this name.
    Exact(PathBuf),
    /// A file whose name differs in case only; its real path.
    OtherCase(PathBuf),
    Nothing,
}

/// The paths, without extension, that an import of a file stands for; none for packages.
pub(super) fn targets(root: &Path, file: &Path, module: &str) -> Vec<PathBuf> {
    if module.starts_with("./") || module.starts_with("../") || module == "." || module == ".." {
        let folder = file.parent().unwrap_or(root);
        return vec![normal(&folder.join(module))];
    }
    let options = options(root);
    let base = root.join(options.base_url.as_deref().unwrap_or("."));
    let mut all = Vec::new();
    for (pattern, places) in &options.paths {
        let rest = match pattern.split_once('*') {
            Some((before, after)) => {
                module.strip_prefix(before).and_then(|rest| rest.strip_suffix(after))
            }
            None => (pattern == module).then_some(""),
        };
        let Some(rest) = rest else { continue };
        all.extend(places.iter().map(|place| normal(&base.join(place.replacen('*', rest, 1)))));
    }
    if all.is_empty() && options.base_url.is_some() {
        let path = normal(&base.join(module));
        // A package has the right of way over a folder that happens to be called so.
        if path.parent().is_some_and(Path::is_dir) && path.parent() != Some(&base) {
            all.push(path);
        }
    }
    all
}

fn options(root: &Path) -> CompilerOptions {
    for name in ["tsconfig.json", "jsconfig.json"] {
        let Ok(text) = std::fs::read_to_string(root.join(name)) else { continue };
        let parsed = jsonc_parser::parse_to_serde_value::<TypescriptConfig>(
            &text,
            &jsonc_parser::ParseOptions::default(),
        );
        return parsed.map(|config| config.compiler_options).unwrap_or_default();
    }
    CompilerOptions::default()
}

/// Looks for a file at a path below the root, whose extension may be left out.
pub(super) fn find(root: &Path, path: &Path) -> Found {
    let Ok(relative) = path.strip_prefix(root) else { return Found::Nothing };
    let mut place = root.to_path_buf();
    let mut is_exact = true;
    let names: Vec<_> =
        relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let Some((last, folders)) = names.split_last() else { return Found::Nothing };
    for name in folders {
        match entry(&place, |other| other == name, |other| same_but_case(other, name)) {
            Some((real, exact)) => {
                is_exact &= exact;
                place.push(real);
            }
            None => return Found::Nothing,
        }
    }
    let matches = |other: &str, equal: &dyn Fn(&str, &str) -> bool| {
        equal(other, last)
            || EXTENSIONS.iter().any(|extension| equal(other, &format!("{last}.{extension}")))
    };
    let found = entry(
        &place,
        |other| matches(other, &|one, two| one == two),
        |other| matches(other, &same_but_case),
    );
    let Some((real, exact)) = found else { return Found::Nothing };
    let is_exact = is_exact && exact;
    let mut file = place.join(real);
    if file.is_dir() {
        let is_index =
            |name: &str| EXTENSIONS.iter().any(|extension| name == format!("{INDEX}.{extension}"));
        match entry(&file, is_index, |_| false) {
            Some((index, _)) => file.push(index),
            None => return Found::Nothing,
        }
    }
    if is_exact { Found::Exact(file) } else { Found::OtherCase(file) }
}

/// The entry of a folder that fits exactly, else one that nearly does.
fn entry(
    folder: &Path,
    fits: impl Fn(&str) -> bool,
    nearly: impl Fn(&str) -> bool,
) -> Option<(String, bool)> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let exact = names.iter().position(|name| fits(name));
    let found = exact.or_else(|| names.iter().position(|name| nearly(name)))?;
    Some((names.swap_remove(found), exact.is_some()))
}

fn same_but_case(one: &str, other: &str) -> bool {
    one != other && one.to_lowercase() == other.to_lowercase()
}

/// Without `.` and `..`, not asking the disk.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}
