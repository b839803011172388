use std::collections::HashMap;

/// What `catalog:` and `catalog:<name>` stand for (@yarnpkg/plugin-catalog 1.0.3); nothing where yarn fails over it.
pub(super) fn from_catalog<'a>(
    catalogs: &'a HashMap<String, HashMap<String, String>>,
    package: &str,
    range: &str,
) -> Option<&'a str> {
    let name = range.strip_prefix("catalog:")?;
    catalogs.get(name)?.get(package).map(String::as_str)
}
