use std::sync::LazyLock;

use nodejs_semver::Version;
use regex::Regex;

use crate::{
    amplify::{Support, server_runtime_support},
    project::{NodeRange, NodeRequest, RequestSource, Wanted},
    report::{Finding, FindingId, Location, Severity},
};

/// The Node of Amplify's image since 2025-09-15 (notice quoted in aws-amplify/amplify-hosting#3978).
const IMAGE_MAJOR: u64 = 22;
/// The line that the image's Node is likely to become next.
const NEXT_MAJOR: u64 = 24;
/// Lines to choose from, the preferred first; those that Amplify does not serve with are for exports.
const MAJORS: &[u64] = &[IMAGE_MAJOR, 20, NEXT_MAJOR, 18, 16, 26];

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static NUMBERS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?").unwrap());

/// The Node that the build is to use.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct NodeChoice {
    /// What nvm is asked for; nothing where the image's own Node will do.
    pub(super) pinned: Option<String>,
    /// What decided.
    pub(super) because: String,
    /// That what is asked for is not served.
    pub(super) finding: Option<Finding>,
}

/// Chooses a Node that everyone who asks for one accepts, and pins it where the image's own is not
/// that, or may cease to be.
pub(super) fn choose(requests: &[NodeRequest], serves: bool) -> NodeChoice {
    let understood: Vec<_> = requests
        .iter()
        .filter_map(|request| match &request.wanted {
            Wanted::Range(range) => Some((request, range)),
            Wanted::Moving | Wanted::Unclear => None,
        })
        .collect();
    if understood.is_empty() {
        return NodeChoice { because: "nothing asks for another".into(), ..NodeChoice::default() };
    }
    let because = understood
        .iter()
        .map(|(request, _)| format!("{} `{}`", request.source.name(), request.text))
        .collect::<Vec<_>>()
        .join(", ");
    let of_files: Vec<_> = understood
        .iter()
        .filter(|(request, _)| request.source != RequestSource::Engines)
        .copied()
        .collect();
    let within_runtimes =
        |major: &u64| !serves || server_runtime_support(*major) != Support::Unsupported;
    let find = |asked: &[(&NodeRequest, &NodeRange)]| {
        MAJORS
            .iter()
            .filter(|major| within_runtimes(major))
            .find(|major| asked.iter().all(|asked| allows(asked, **major)))
            .copied()
    };
    // Where they contradict each other, most managers only warn of `engines`.
    let Some(major) =
        find(&understood).or_else(|| (!of_files.is_empty()).then(|| find(&of_files))?)
    else {
        let fits_alone = |asked| find(&[asked]).is_some();
        let mut blamed: Vec<_> =
            understood.iter().filter(|asked| !fits_alone(**asked)).copied().collect();
        if blamed.is_empty() {
            blamed.clone_from(&understood);
        }
        return NodeChoice { pinned: None, finding: Some(not_served(&blamed)), because };
    };
    let stays = [IMAGE_MAJOR, NEXT_MAJOR]
        .iter()
        .all(|line| understood.iter().all(|asked| allows(asked, *line)));
    let exact = of_files.iter().chain(&understood).find_map(|(request, _)| {
        let text = request.text.strip_prefix('v').unwrap_or(&request.text);
        let is_numbers = text.split('.').all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        let own_major = text.split('.').next()?.parse::<u64>().ok()?;
        (is_numbers && own_major == major).then(|| text.to_owned())
    });
    NodeChoice {
        pinned: (!stays).then(|| exact.unwrap_or_else(|| major.to_string())),
        because,
        finding: None,
    }
}

/// Whether some version of a line fulfils a request: its ends, and every version that the request names.
fn allows((request, range): &(&NodeRequest, &NodeRange), major: u64) -> bool {
    let number = |text: Option<regex::Match<'_>>| text.and_then(|text| text.as_str().parse().ok());
    let named = NUMBERS.captures_iter(&request.text).map(|numbers| {
        let part = |index| number(numbers.get(index)).unwrap_or(0);
        (part(1), part(2), part(3))
    });
    [(major, 0, 0), (major, 999, 0)]
        .into_iter()
        .chain(named)
        .filter(|(own, _, _)| *own == major)
        .any(|(major, minor, patch)| range.contains(&Version::from((major, minor, patch))))
}

fn not_served(requests: &[(&NodeRequest, &NodeRange)]) -> Finding {
    let asked: Vec<_> = requests
        .iter()
        .map(|(request, _)| format!("{} asks for `{}`", request.source.name(), request.text))
        .collect();
    let finding = Finding::new(
        FindingId::NodeVersionUnsupported,
        format!("{}, which Amplify does not serve an app with", asked.join(" and ")),
        "amplify.yml leaves the image's Node 22 in use; ask for Node 22 or 20",
    )
    .severity(Severity::Warning);
    match requests.first() {
        Some((request, _)) => finding.location(Location::file(request.source.file())),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::node_requests;

    #[test]
    fn a_node_is_pinned_where_the_images_own_may_be_another() {
        for (nvmrc, engines, serves, pinned) in [
            ("", "", true, Some(None)),
            ("", ">=20", true, Some(None)),
            ("", ">=18.18.0", true, Some(None)),
            ("", "^20.9.0", true, Some(Some("20"))),
            ("", "20.x || 22.x", true, Some(Some("22"))),
            ("", ">=20 <22", true, Some(Some("20"))),
            ("", "20.11.1", true, Some(Some("20.11.1"))),
            ("22", ">=20", true, Some(Some("22"))),
            ("v20.11.1", "", true, Some(Some("20.11.1"))),
            ("lts/iron", "", true, Some(Some("20"))),
            ("lts/*", "", true, Some(None)),
            ("20", ">=22", true, Some(Some("20"))),
            ("24", "", true, Some(Some("24"))),
            ("18", "", true, None),
            ("18", "", false, Some(Some("18"))),
        ] {
            let folder = tempfile::tempdir().unwrap();
            if !nvmrc.is_empty() {
                std::fs::write(folder.path().join(".nvmrc"), nvmrc).unwrap();
            }
            let manifest = crate::project::Manifest {
                engines_node: Some(engines.to_owned()).filter(|text| !text.is_empty()),
                ..Default::default()
            };
            let requests = node_requests(folder.path(), None, Some(&manifest));
            let choice = choose(&requests, serves);
            let found = choice.finding.is_none().then_some(choice.pinned.as_deref());
            assert_eq!(found, pinned, "{nvmrc:?} {engines:?}");
        }
    }
}
