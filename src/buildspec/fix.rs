use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use super::{
    edit::{self, Edited},
    find::SpecFile,
    outline::{Ways, holds_texts, keys, outline},
};
use crate::{
    project::Text,
    report::{Finding, FindingId, Fix},
};

/// How often the findings of a changed file are looked at anew: one change may uncover the next.
const MOST_PASSES: usize = 10;
/// Bytes of candidates that are parsed in one search; the changes not tried by then are refused.
const TRIED_AT_MOST: usize = 64 * 1024 * 1024;

/// What finds what is wrong in a file.
pub(crate) type Lint<'a> = &'a dyn Fn(&SpecFile) -> Vec<Finding>;

/// A specification with the changes that are certain.
#[derive(Debug)]
pub(crate) struct Fixed {
    /// The file as it is then.
    pub(crate) file: SpecFile,
    /// The findings whose changes were made.
    pub(crate) made: Vec<Finding>,
}

/// Makes every change that findings carry and that proves harmless: the file parses afterwards,
/// nothing but what the change names is different, and no error is new.
pub(crate) fn fix(file: &SpecFile, lint: Lint<'_>) -> Fixed {
    let mut search = Search { lint, bytes_left: TRIED_AT_MOST };
    let mut findings = lint(file);
    let mut fixed = Fixed { file: file.clone(), made: Vec::new() };
    for _ in 0..MOST_PASSES {
        let chosen = distinct(&fixed.file, &findings);
        let Some(tried) = search.largest(&fixed.file, &findings, &chosen) else { break };
        let made = tried.chosen.iter().map(|index| findings[*index].clone());
        fixed.made.extend(made);
        fixed.file = tried.file;
        findings = tried.findings;
    }
    fixed
}

/// The findings whose changes concern this file and do not overlap, the first ones winning.
fn distinct(file: &SpecFile, findings: &[Finding]) -> Vec<usize> {
    let mut taken = BTreeMap::new();
    let mut chosen = Vec::new();
    for (index, finding) in findings.iter().enumerate() {
        let Some(ranges) = finding.fix.as_ref().and_then(|fix| ranges(file, fix)) else { continue };
        let is_free = ranges.iter().all(|range| {
            taken.range(..=range.end).next_back().is_none_or(|(_, end)| *end < range.start)
        });
        if is_free && !ranges.is_empty() {
            taken.extend(ranges.into_iter().map(|range| (range.start, range.end)));
            chosen.push(index);
        }
    }
    chosen
}

fn ranges(file: &SpecFile, fix: &Fix) -> Option<Vec<Range<usize>>> {
    fix.edits
        .iter()
        .map(|edit| edit::range(edit).filter(|_| edit.path == file.relative_path))
        .collect()
}

/// A file with some changes made, none of which did harm.
struct Tried {
    chosen: Vec<usize>,
    file: SpecFile,
    findings: Vec<Finding>,
}

struct Search<'a> {
    lint: Lint<'a>,
    bytes_left: usize,
}

impl Search<'_> {
    /// The changes that do no harm together: all of them, else those of the halves.
    fn largest(
        &mut self,
        file: &SpecFile,
        findings: &[Finding],
        chosen: &[usize],
    ) -> Option<Tried> {
        if chosen.is_empty() {
            return None;
        }
        if let Some(tried) = self.attempt(file, findings, chosen) {
            return Some(tried);
        }
        let (left, right) = chosen.split_at(chosen.len() / 2);
        if left.is_empty() {
            return None;
        }
        match (self.largest(file, findings, left), self.largest(file, findings, right)) {
            (Some(left), Some(right)) => {
                let both: Vec<_> = left.chosen.iter().chain(&right.chosen).copied().collect();
                // Known to do harm together; the right ones have their turn in the next pass.
                let other = (both.len() < chosen.len())
                    .then(|| self.attempt(file, findings, &both))
                    .flatten();
                other.or(Some(left))
            }
            (left, right) => left.or(right),
        }
    }

    fn attempt(
        &mut self,
        file: &SpecFile,
        findings: &[Finding],
        chosen: &[usize],
    ) -> Option<Tried> {
        let content = &file.text.content;
        self.bytes_left = self.bytes_left.checked_sub(content.len().max(1))?;
        let edited =
            edit::apply(content, chosen.iter().filter_map(|index| findings[*index].fix.as_ref()))?;
        let text = Text { content: edited.text.clone(), ..file.text.clone() };
        let after = SpecFile::new(file.path.clone(), file.relative_path.clone(), text);
        if edited.text == *content || !changes_only_that(file, &after, &edited) {
            return None;
        }
        let found = (self.lint)(&after);
        (uncovers(file, &after, &edited) || !has_new_error(findings, &found)).then(|| Tried {
            chosen: chosen.to_vec(),
            file: after,
            findings: found,
        })
    }
}

/// Whether the new file parses, and says outside the edits what it said before. Edits that take away
/// nothing but white space may put lines below other keys.
fn changes_only_that(before: &SpecFile, after: &SpecFile, edited: &Edited) -> bool {
    let Ok(new) = &after.spec else { return false };
    // It said nothing before; then every text that was written must be one value now.
    let Ok(old) = &before.spec else { return holds_texts(&new.root, &edited.written) };
    let mut removed = edited.removed.iter().map(|range| &before.text.content[range.clone()]);
    let moves = removed.all(|text| text.trim().is_empty());
    let ways = if moves { Ways::Untold } else { Ways::Told };
    outline(&old.root, &edited.removed, ways) == outline(&new.root, &edited.written, ways)
}

/// Whether errors may appear that were there all along: in a file that did not parse, or below keys
/// that were renamed or moved.
fn uncovers(before: &SpecFile, after: &SpecFile, edited: &Edited) -> bool {
    let (Ok(old), Ok(new)) = (&before.spec, &after.spec) else { return true };
    let moved = keys(&old.root, &edited.removed);
    moved > 0 && moved == keys(&new.root, &edited.written)
}

fn has_new_error(before: &[Finding], after: &[Finding]) -> bool {
    let mut known: HashMap<(FindingId, &str), usize> = HashMap::new();
    for finding in before.iter().filter(|finding| finding.is_error()) {
        *known.entry((finding.id, &finding.message)).or_default() += 1;
    }
    after.iter().filter(|finding| finding.is_error()).any(|finding| {
        match known.get_mut(&(finding.id, finding.message.as_str())) {
            Some(number) if *number > 0 => {
                *number -= 1;
                false
            }
            _ => true,
        }
    })
}
