use std::{cmp::Reverse, collections::BTreeMap};

use nodejs_semver::Version;

use super::{InstalledNode, NodeRange, RequestSource, Wanted, engine_refusal, requests};
use crate::project::{Project, next_minimum};

/// One who needs a Node, or asks for one.
#[derive(Debug, Clone)]
pub(crate) struct NodeDemand {
    /// Who, as messages name it: `.nvmrc`, Next.js 16.0.0.
    pub(crate) by: String,
    /// What, as it is written.
    pub(crate) text: String,
    /// The same, parsed.
    pub(crate) range: NodeRange,
    /// What certainly happens under another Node; nothing where nobody refuses.
    pub(crate) refusal: Option<String>,
    /// The major version that a version file names; another release of it is no other Node.
    major: Option<u64>,
}

impl NodeDemand {
    /// Whether a Node is so far from it that another one should run.
    fn is_against(&self, node: &Version) -> bool {
        !self.range.contains(node) && self.major != Some(node.major())
    }
}

/// What is to be done about the Node in use.
#[derive(Debug, Clone)]
pub(crate) enum NodeChoice<'a> {
    /// It will do, or nothing better is there and nobody refuses it.
    Stay,
    /// Another one fits.
    Switch {
        /// The best of the others.
        to: &'a InstalledNode,
        /// Those that the one in use does not fit.
        because: Vec<&'a NodeDemand>,
    },
    /// It certainly fails, and no other one may take its place.
    Nothing {
        /// Those that refuse.
        because: Vec<&'a NodeDemand>,
        /// One that fits, but that Amplify would not serve the app with.
        elsewhere: Option<&'a InstalledNode>,
    },
}

/// Everyone who has a say in the Node of an install and a build.
pub(crate) fn node_demands(
    project: &Project,
    variables: &BTreeMap<String, String>,
) -> Vec<NodeDemand> {
    let mut demands = Vec::new();
    if let Some(minimum) = next_minimum(&project.next) {
        demands.push(NodeDemand {
            by: format!("Next.js {}", minimum.next_version),
            text: minimum.text,
            range: minimum.range,
            refusal: Some("`next build` exits before it reads the project".into()),
            major: None,
        });
    }
    let refusal = engine_refusal(project, variables);
    let manifest = project.manifest.manifest.as_ref();
    for request in requests(&project.root, project.repository_root.as_deref(), manifest) {
        let Wanted::Range(range) = request.wanted else { continue };
        let of_manager = request.source == RequestSource::Engines;
        let number = request.text.trim_start_matches('v').split('.').next().unwrap_or_default();
        demands.push(NodeDemand {
            by: format!("`{}`", request.source.name()),
            range,
            refusal: refusal.filter(|_| of_manager).map(ToOwned::to_owned),
            major: number.parse().ok().filter(|_| !of_manager),
            text: request.text,
        });
    }
    demands
}

/// Chooses the Node of the children.
///
/// Where someone certainly refuses the Node in use, the others are ranked by how many of the wishes they
/// fulfil, by `rank` (what Amplify serves), and by version. Where there are only wishes, another Node must fulfil all of them.
/// With `served`, the major version that Amplify will run the app under, no other major builds it:
/// native modules would not load, and what the project refuses would serve it.
pub(crate) fn choose_node<'a>(
    in_use: Option<&Version>,
    demands: &'a [NodeDemand],
    installed: &'a [InstalledNode],
    served: Option<u64>,
    rank: impl Fn(u64) -> u8,
) -> NodeChoice<'a> {
    let refusing: Vec<_> = demands
        .iter()
        .filter(|demand| demand.refusal.is_some())
        .filter(|demand| in_use.is_none_or(|node| !demand.range.contains(node)))
        .collect();
    let certain = in_use.is_none() || !refusing.is_empty();
    let wishing: Vec<_> =
        demands.iter().filter(|demand| in_use.is_none_or(|node| demand.is_against(node))).collect();
    if !certain && wishing.is_empty() {
        return NodeChoice::Stay;
    }
    let fulfilled = |node: &InstalledNode| {
        demands.iter().filter(|demand| demand.range.contains(&node.version)).count()
    };
    let fits = |node: &&InstalledNode| {
        demands
            .iter()
            .all(|demand| demand.refusal.is_none() || demand.range.contains(&node.version))
            && (certain || fulfilled(node) == demands.len())
    };
    let best = |served: Option<u64>| {
        installed
            .iter()
            .filter(fits)
            .filter(|node| served.is_none_or(|major| node.version.major() == major))
            .max_by_key(|node| {
                let version = (node.version.major(), node.version.minor(), node.version.patch());
                (fulfilled(node), Reverse(rank(node.version.major())), version)
            })
    };
    match best(served) {
        Some(to) => NodeChoice::Switch { to, because: if certain { refusing } else { wishing } },
        None if certain => NodeChoice::Nothing { because: refusing, elsewhere: best(None) },
        None => NodeChoice::Stay,
    }
}

/// What a version manager is to be asked for, where no Node on disk fits: a version that a file
/// names, else the first of `majors` whose newest release nobody refuses.
pub(crate) fn node_to_fetch(
    demands: &[NodeDemand],
    served: Option<u64>,
    majors: &[u64],
) -> Option<String> {
    let nobody_refuses = |version: &Version| {
        served.is_none_or(|major| version.major() == major)
            && demands
                .iter()
                .all(|demand| demand.refusal.is_none() || demand.range.contains(version))
    };
    let named = demands.iter().filter(|demand| demand.major.is_some()).find_map(|demand| {
        let text = demand.text.trim_start_matches('v');
        nobody_refuses(&Version::parse(text).ok()?).then(|| text.to_owned())
    });
    // The newest release of a line is not known here; a range that ends within the line is left alone.
    let newest = |major: u64| Version::from((major, 999, 0));
    let fulfilled =
        |major: u64| demands.iter().filter(|demand| demand.range.contains(&newest(major))).count();
    let line = served
        .into_iter()
        .chain(majors.iter().copied())
        .filter(|major| nobody_refuses(&newest(*major)))
        .enumerate()
        .max_by_key(|(place, major)| (fulfilled(*major), Reverse(*place)))
        .map(|(_, major)| major.to_string());
    named.or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn demand(text: &str, refuses: bool) -> NodeDemand {
        NodeDemand {
            by: "x".into(),
            text: text.into(),
            range: NodeRange::parse(text).unwrap(),
            refusal: refuses.then(|| "stops".into()),
            major: if refuses { None } else { text.split('.').next().unwrap().parse().ok() },
        }
    }

    fn nodes(versions: &[&str]) -> Vec<InstalledNode> {
        let node = |version: &&str| InstalledNode {
            version: Version::parse(version).unwrap(),
            programs: PathBuf::from("/x"),
            keeper: "nvm",
        };
        versions.iter().map(node).collect()
    }

    /// 22 and 20 are served, 24 perhaps.
    fn rank(major: u64) -> u8 {
        match major {
            20 | 22 => 0,
            24 => 1,
            _ => 2,
        }
    }

    #[test]
    fn the_best_node_is_chosen() {
        let must = |text| demand(text, true);
        let wish = |text| demand(text, false);
        for (in_use, demands, installed, served, expected) in [
            // It fits.
            ("20.9.0", vec![must(">=20.9.0")], vec!["22.1.0"], None, "stay"),
            ("20.9.0", vec![], vec!["22.1.0"], None, "stay"),
            // It certainly fails.
            ("18.1.0", vec![must(">=20.9.0")], vec!["18.20.0", "20.9.0", "22.1.0"], None, "22.1.0"),
            ("18.1.0", vec![must(">=20.9.0")], vec!["22.1.0", "24.1.0", "26.1.0"], None, "22.1.0"),
            ("18.1.0", vec![must(">=20"), wish("20")], vec!["22.1.0", "20.9.0"], None, "20.9.0"),
            ("18.1.0", vec![must(">=23")], vec!["26.1.0", "24.1.0"], None, "24.1.0"),
            ("18.1.0", vec![must(">=20")], vec!["19.9.0"], None, "nothing"),
            ("18.1.0", vec![must(">=20"), must("<22")], vec!["22.0.0", "20.1.0"], None, "20.1.0"),
            // Amplify serves under the major of the shell.
            ("20.8.0", vec![must(">=20.9")], vec!["22.1.0", "20.20.0"], Some(20), "20.20.0"),
            ("20.8.0", vec![must(">=20.9")], vec!["22.1.0"], Some(20), "nothing but 22.1.0"),
            // Only wishes.
            ("22.1.0", vec![wish("20")], vec!["20.9.0", "20.1.0"], None, "20.9.0"),
            ("22.1.0", vec![wish("20.1.0")], vec!["20.9.0"], None, "stay"),
            ("20.2.0", vec![wish("20.1.0")], vec!["20.1.0"], None, "stay"),
            ("22.1.0", vec![wish("20"), wish("18")], vec!["20.9.0", "18.1.0"], None, "stay"),
            ("22.1.0", vec![wish("20")], vec!["20.9.0"], Some(22), "stay"),
            // No Node at all.
            ("", vec![wish("20")], vec!["20.9.0", "22.1.0"], None, "20.9.0"),
        ] {
            let installed = nodes(&installed);
            let version = Version::parse(in_use).ok();
            let answer = match choose_node(version.as_ref(), &demands, &installed, served, rank) {
                NodeChoice::Stay => "stay".to_owned(),
                NodeChoice::Switch { to, .. } => to.version.to_string(),
                NodeChoice::Nothing { elsewhere: None, .. } => "nothing".to_owned(),
                NodeChoice::Nothing { elsewhere: Some(node), .. } => {
                    format!("nothing but {}", node.version)
                }
            };
            assert_eq!(answer, expected, "{in_use} {demands:?}");
        }
    }

    #[test]
    fn a_version_manager_is_asked_for_what_nobody_refuses() {
        let must = |text| demand(text, true);
        let wish = |text| demand(text, false);
        for (demands, served, expected) in [
            (vec![must(">=20.9.0")], None, Some("22")),
            (vec![must(">=20.9.0"), wish("20")], None, Some("20")),
            (vec![must(">=20.9.0"), wish("20.11.1")], None, Some("20.11.1")),
            (vec![must(">=20.9.0"), wish("18.1.0")], None, Some("22")),
            (vec![must("^20.9.0")], Some(20), Some("20")),
            (vec![must(">=22")], Some(20), None),
            (vec![must("20.1.x")], None, None),
        ] {
            let answer = node_to_fetch(&demands, served, &[22, 20, 24, 18]);
            assert_eq!(answer.as_deref(), expected, "{demands:?}");
        }
    }
}
