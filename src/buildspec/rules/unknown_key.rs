use super::{
    RuleContext,
    keys::{Certainty, Level},
    strays::{Meaning, Stray},
};
use crate::report::{Finding, FindingId, Fix};

/// Keys that people expect here, and where the thing is set instead.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "customRedirects",
        "redirects are set in the console, or with `aws amplify update-app --custom-rules`",
    ),
    (
        "customRules",
        "redirects are set in the console, or with `aws amplify update-app --custom-rules`",
    ),
    (
        "redirects",
        "redirects are set in the console, or with `aws amplify update-app --custom-rules`",
    ),
    (
        "rewrites",
        "rewrites are set in the console, or with `aws amplify update-app --custom-rules`",
    ),
    ("headers", "headers are set in `customHttp.yml` at the repository's root"),
    ("finally", "it belongs to CodeBuild; Amplify knows no commands that always run"),
    ("on-failure", "it belongs to CodeBuild; a command that may fail ends with `|| true`"),
    ("platform", "the platform is a setting of the app, not of the build"),
    ("framework", "the framework is a setting of the branch, not of the build"),
];

/// A key that Amplify does not know, most often a misspelt one.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context.strays().iter().filter_map(|stray| finding(context, stray)).collect()
}

fn finding(context: &RuleContext<'_>, stray: &Stray<'_>) -> Option<Finding> {
    let key = &stray.key.value;
    let what = match stray.owner.level {
        Level::BuildPhases | Level::TestPhases => format!("unknown phase `{key}`"),
        level => format!("unknown key `{key}` {}", level.place()),
    };
    let effect = match stray.owner.level {
        Level::BuildPhases => "Amplify runs `preBuild`, `build` and `postBuild` only",
        Level::TestPhases => "Amplify runs `preTest`, `test` and `postTest` only",
        _ => "Amplify ignores it",
    };
    let find = |message: String, resolution: String| {
        context.finding(FindingId::BuildspecUnknownKey, stray.key.place, message, resolution)
    };
    let (right, certainty) = match stray.meaning {
        Meaning::Misplaced(_) => return None,
        Meaning::Unknown => {
            let known: Vec<_> =
                stray.owner.level.documented().map(|known| format!("`{known}`")).collect();
            let elsewhere = ELSEWHERE.iter().find(|(word, _)| word == key);
            let advice = match elsewhere {
                Some((_, advice)) => format!("{effect}; {advice}"),
                None if effect.ends_with("only") => {
                    format!("{effect}; move its commands into one of them")
                }
                None => format!("{effect}; it reads {} here", known.join(", ")),
            };
            return Some(find(what, advice));
        }
        Meaning::Misspelt(right, certainty) => (right, certainty),
    };
    let occupied = stray.owner.node.value.get(right).is_some();
    let advice = if occupied {
        format!("{effect}; move its content to the `{right}` that is there")
    } else {
        format!("{effect}; did you mean `{right}`?")
    };
    let mut finding = find(what, advice);
    if let Some(required) = stray.lacking() {
        finding.resolution =
            format!("Amplify does not find `{right}` and stops; did you mean that?");
        finding = finding.severity(stray.owner.severity).evidence(required.message());
    }
    Some(match rename(context, stray, right) {
        _ if occupied => finding,
        Some(fix) if certainty == Certainty::Certain => finding.fix(fix),
        _ => finding.hint(format!("{right}:")),
    })
}

/// The key under its right name; only where it stands in the file as it reads.
fn rename(context: &RuleContext<'_>, stray: &Stray<'_>, right: &str) -> Option<Fix> {
    let place = stray.key.place;
    let written = context.file.text.content.get(place.start..place.end)?;
    (written.trim_matches(['"', '\'']) == stray.key.value).then(|| {
        context.replacement(place, right, format!("rename `{}` to `{right}`", stray.key.value))
    })
}
