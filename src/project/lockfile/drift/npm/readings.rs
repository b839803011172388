use std::{cell::RefCell, collections::HashMap, path::Path, rc::Rc};

use super::specification::Specification;
use crate::project::range::{Reading, SemanticVersion, VersionRange};

/// What was parsed once: thousands of edges ask for the same few ranges and meet the same versions.
#[derive(Debug, Default)]
pub(super) struct Readings {
    specifications: RefCell<HashMap<String, Specification>>,
    ranges: RefCell<HashMap<String, Option<Rc<VersionRange>>>>,
    versions: RefCell<HashMap<String, Option<Rc<SemanticVersion>>>>,
}

impl Readings {
    /// What a package that lies in `folder` asks for.
    pub(super) fn specification(&self, text: &str, folder: &Path) -> Specification {
        if let Some(known) = self.specifications.borrow().get(text) {
            return known.clone();
        }
        let parsed = Specification::parse(text, folder);
        // Only what no folder has a say in.
        if parsed.is_registry() {
            self.specifications.borrow_mut().insert(text.to_owned(), parsed.clone());
        }
        parsed
    }

    /// `semver.satisfies` with `loose`.
    pub(super) fn satisfies(&self, version: &str, range: &str) -> bool {
        let version = remembered(&self.versions, version, SemanticVersion::parse);
        let range =
            remembered(&self.ranges, range, |text| VersionRange::parse(text, Reading::Dependency));
        version.zip(range).is_some_and(|(version, range)| range.contains(&version))
    }
}

fn remembered<T>(
    known: &RefCell<HashMap<String, Option<Rc<T>>>>,
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<Rc<T>> {
    if let Some(found) = known.borrow().get(text) {
        return found.clone();
    }
    let parsed = parse(text).map(Rc::new);
    known.borrow_mut().insert(text.to_owned(), parsed.clone());
    parsed
}
