use crate::report::FindingId;

/// How many ids are proposed.
const PROPOSED: usize = 3;
/// Below this two names have nothing in common.
const LIKENESS: f64 = 0.8;

/// A name that is not that of one id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// What may have been meant, the likeliest first.
    pub(crate) similar: Vec<FindingId>,
    /// Whether it is the last part of each of them.
    pub(crate) ambiguous: bool,
}

/// The id of a name: whole, its last part, a rule's name, or as a finding shows it, in any case.
pub(crate) fn find(name: &str) -> Result<FindingId, Unknown> {
    let wanted = plain(name);
    if let Ok(id) = wanted.parse() {
        return Ok(id);
    }
    let named: Vec<_> =
        FindingId::ALL.iter().copied().filter(|id| short_names(*id).any(|n| n == wanted)).collect();
    match named[..] {
        [id] => Ok(id),
        [] => Err(Unknown { similar: similar(&wanted), ambiguous: false }),
        _ => Err(Unknown { similar: named, ambiguous: true }),
    }
}

/// `error[build/failed]: ...` and `Build/Failed` mean `build/failed`.
fn plain(name: &str) -> String {
    let name = name.split_once('[').map_or(name, |(_, rest)| rest);
    let name = name.split_once(']').map_or(name, |(name, _)| name);
    name.trim().trim_matches('`').to_lowercase()
}

fn short_names(id: FindingId) -> impl Iterator<Item = &'static str> {
    let slug = id.as_str().rsplit('/').next();
    slug.into_iter().chain(slug.and_then(|slug| slug.strip_prefix("buildspec-")))
}

fn similar(wanted: &str) -> Vec<FindingId> {
    let mut candidates: Vec<_> = FindingId::ALL
        .iter()
        .map(|id| {
            let names = short_names(*id).chain([id.as_str()]);
            let likeness = names
                .map(|name| {
                    let likeness = strsim::jaro_winkler(wanted, name);
                    if wanted.len() >= 3 && name.contains(wanted) {
                        likeness.max(0.9)
                    } else {
                        likeness
                    }
                })
                .fold(0.0, f64::max);
            (likeness, *id)
        })
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .collect();
    candidates.sort_by(|one, other| other.0.total_cmp(&one.0));
    candidates.into_iter().take(PROPOSED).map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_id() {
        for (name, id) in [
            ("build/out-of-memory-heap", FindingId::OutOfMemoryHeap),
            ("Out-Of-Memory-Heap", FindingId::OutOfMemoryHeap),
            ("buildspec-syntax", FindingId::BuildspecSyntax),
            ("cache-useless", FindingId::BuildspecCacheUseless),
            ("error[build/timeout]: late", FindingId::BuildTimeout),
            ("`internal/usage`", FindingId::Usage),
        ] {
            assert_eq!(find(name), Ok(id), "{name}");
        }
        for id in FindingId::ALL {
            assert_eq!(find(id.as_str()), Ok(*id));
        }
    }

    #[test]
    fn an_unknown_name_gets_what_it_resembles() {
        for (name, id) in [
            ("build/out-of-memory", FindingId::OutOfMemoryHeap),
            ("lockfile-out-of-synk", FindingId::LockfileOutOfSync),
            ("configuration/buildspec-sintax", FindingId::BuildspecSyntax),
            ("appraot-mismatch", FindingId::BuildspecAppRootMismatch),
        ] {
            assert_eq!(find(name).unwrap_err().similar[0], id, "{name}");
        }
        for name in ["", "/", "[", "🦀", "zzzzzz"] {
            assert_eq!(find(name).unwrap_err(), Unknown { similar: Vec::new(), ambiguous: false });
        }
    }

    #[test]
    fn a_name_of_several_ids_names_them_all() {
        let unknown = find("syntax-error").map_err(|unknown| unknown.ambiguous);
        assert_eq!(unknown, Ok(FindingId::SyntaxError));
    }
}
