use super::{
    RuleContext,
    block::dedent,
    keys::{Home, Level, VARIABLE},
    strays::{Meaning, Required, Stray},
};
use crate::report::{Edit, Finding, FindingId, Fix};

/// A key that Amplify knows, at a level where it does not read it.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let strays: Vec<_> = context
        .strays()
        .iter()
        .filter_map(|stray| match stray.meaning {
            Meaning::Misplaced(home) => Some((stray, home)),
            _ => None,
        })
        .collect();
    // One mistake moves several keys at once.
    strays
        .chunk_by(|(first, first_home), (second, second_home)| {
            std::ptr::eq(first.owner.node, second.owner.node)
                && first_home.level == second_home.level
                && first_home.path == second_home.path
        })
        .filter_map(|group| finding(context, group))
        .collect()
}

fn finding(context: &RuleContext<'_>, group: &[(&Stray<'_>, Home)]) -> Option<Finding> {
    let (first, home) = group.first()?;
    let names: Vec<_> = group.iter().map(|(stray, _)| format!("`{}`", stray.key.value)).collect();
    let verb = if group.len() == 1 { "stands" } else { "stand" };
    let lacking = group.iter().find_map(|(stray, _)| stray.lacking());
    let effect = match lacking {
        Some(Required::Frontend) => "Amplify stops, as there is no `frontend`",
        Some(_) => "Amplify does not find it there and stops",
        None => "Amplify does not read it there",
    };
    let them = if group.len() == 1 { "it" } else { "them" };
    let effect = effect.replace(" it ", &format!(" {them} "));
    let beneath = match (home.level, first.owner.level) {
        (Level::Application, Level::Root) => {
            "only a file with `applications` has it, one for each entry; remove it".to_owned()
        }
        (_, Level::MonorepoRoot) => format!("move {them} to an entry of `applications`"),
        _ => format!("move {them} to {}", home.path),
    };
    let finding = context.finding(
        FindingId::BuildspecMisplacedKey,
        first.key.place,
        format!("{} {verb} {}", names.join(", "), first.owner.level.place()),
        format!("{effect}; {beneath}"),
    );
    let finding = match lacking {
        Some(required) => finding.severity(first.owner.severity).evidence(required.message()),
        None => finding,
    };
    Some(match outdent(context, group) {
        Some(fix) => finding.fix(fix),
        None if *home == VARIABLE => {
            finding.hint(format!("env: {{ variables: {{ {}: ... }} }}", first.key.value))
        }
        None => finding,
    })
}

/// The lines of the keys moved to the left, where they end the mapping in which they do not belong and go into the one
/// around it.
fn outdent(context: &RuleContext<'_>, group: &[(&Stray<'_>, Home)]) -> Option<Fix> {
    let owner = group.first()?.0.owner;
    let (outer_key, around) = owner.key?;
    let belongs_around = match owner.level {
        Level::BuildPhases | Level::Artifacts | Level::Cache => Level::Frontend,
        Level::Phase => Level::BuildPhases,
        Level::Frontend | Level::Backend | Level::Env => Level::Root,
        _ => return None,
    };
    if group.iter().any(|(stray, home)| {
        home.level != belongs_around
            || home.key != stray.key.value
            || around.value.get(home.key).is_some()
    }) {
        return None;
    }
    let count = group.len();
    let entries = owner.node.value.entries();
    let last = entries.len().checked_sub(count).filter(|kept| *kept > 0)?;
    if !entries[last..].iter().zip(group).all(|((key, _), (stray, _))| key.place == stray.key.place)
    {
        return None;
    }
    let start = group.first()?.0.key.place;
    let edits = dedent(&context.file.text.content, start, outer_key.column)?;
    let path = &context.file.relative_path;
    let to_number = |index: usize| u64::try_from(index).unwrap_or(u64::MAX);
    let edits = edits
        .into_iter()
        .map(|range| Edit {
            path: path.clone(),
            start: to_number(range.start),
            end: to_number(range.end),
            replacement: String::new(),
        })
        .collect();
    Some(Fix { description: "move the lines one level out".to_owned(), edits })
}
