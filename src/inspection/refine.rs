use std::{collections::BTreeMap, path::Path};

use super::{commands, modules, page_data};
use crate::{
    diagnose::Diagnosis,
    project::Project,
    report::{Finding, FindingId},
};

/// The project that a log may be of.
pub(crate) struct Inspection<'a> {
    pub(crate) project: &'a Project,
    /// Variables of the process.
    pub(crate) variables: &'a BTreeMap<String, String>,
}

impl<'a> Inspection<'a> {
    /// Looks where looking can decide; whatever is not certain stays as the log says it.
    pub(crate) fn refine(&self, diagnosis: &mut Diagnosis) {
        let get = |name: &str| diagnosis.captures.get(name).map(String::as_str);
        let refined = match diagnosis.primary.id {
            FindingId::ModuleNotFound => get("module").and_then(|module| {
                modules::look(self.project, get("file"), module, diagnosis.primary.clone())
            }),
            FindingId::CommandNotFound => get("program").and_then(|program| {
                commands::look(self.project, program, diagnosis.primary.clone())
            }),
            FindingId::PageDataFailed => get("route")
                .and_then(|route| page_data::look(self, route, diagnosis.primary.clone())),
            _ => None,
        };
        if let Some(finding) = refined {
            diagnosis.primary = finding;
        }
    }

    pub(super) fn root(&self) -> &'a Path {
        &self.project.root
    }
}

/// The finding with other words and hints, and the evidence it had.
pub(super) fn reworded(
    finding: Finding,
    message: String,
    resolution: &str,
    hint: String,
) -> Finding {
    Finding { message, resolution: resolution.to_owned(), hints: vec![hint], ..finding }
}
