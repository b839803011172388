use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;

use super::{Lockfile, LockfileKind};

/// What is read of npm's lockfiles; everything else is passed over.
#[derive(Deserialize)]
struct NpmLockfile {
    #[serde(default)]
    packages: NpmPackages,
    #[serde(default)]
    dependencies: BTreeMap<String, Versioned>,
}

#[derive(Deserialize, Default)]
struct NpmPackages {
    #[serde(rename = "node_modules/next")]
    next: Option<Versioned>,
}

#[derive(Deserialize)]
struct Versioned {
    version: Option<String>,
}

/// The version of `next` that a lockfile holds; nothing where several stand in it or none can be read.
pub(crate) fn locked_next(lockfile: &Lockfile) -> Option<String> {
    let content = &lockfile.text.as_ref().ok()?.content;
    match lockfile.kind {
        LockfileKind::Npm | LockfileKind::NpmShrinkwrap => {
            let lockfile: NpmLockfile = serde_json::from_str(content).ok()?;
            lockfile
                .packages
                .next
                .as_ref()
                .or_else(|| lockfile.dependencies.get("next"))
                .and_then(|next| next.version.clone())
        }
        LockfileKind::Pnpm => {
            only(content, r"(?m)^  '?/?next[@/](\d[0-9A-Za-z.-]*)(?:[(_:'].*)?:?$")
        }
        LockfileKind::YarnClassic => {
            only(content, r#"(?m)^"?next@[^\n]*:\r?\n  version "([^"]+)""#)
        }
        LockfileKind::YarnBerry => {
            only(content, r#"(?m)^"?next@npm:[^\n]*:\r?\n  version: "?([0-9][^"\s]*)"#)
        }
        LockfileKind::Bun => only(content, r#"(?m)^\s*"next": \["next@([0-9][^"]*)""#),
        LockfileKind::BunBinary => None,
    }
}

/// The one value that a pattern captures; nothing where the file holds different ones.
fn only(content: &str, pattern: &str) -> Option<String> {
    let pattern = Regex::new(pattern).ok()?;
    let mut versions = pattern.captures_iter(content).map(|captures| captures[1].to_owned());
    let first = versions.next()?;
    versions.all(|version| version == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text::decode;

    #[test]
    fn next_is_found_in_every_kind() {
        for (kind, content) in [
            (
                LockfileKind::Npm,
                r#"{"lockfileVersion":3,"packages":{"node_modules/next":{"version":"15.5.29"}}}"#,
            ),
            (
                LockfileKind::Npm,
                r#"{"lockfileVersion":1,"dependencies":{"next":{"version":"15.5.29"}}}"#,
            ),
            (
                LockfileKind::Pnpm,
                "packages:\n\n  next@15.5.29:\n    resolution: {}\n\nsnapshots:\n\n  next@15.5.29(react@19.0.0):\n    dependencies: {}\n  next-auth@4.0.0:\n",
            ),
            (
                LockfileKind::Pnpm,
                "packages:\n\n  /next@15.5.29(react@18.2.0):\n    resolution: {}\n",
            ),
            (
                LockfileKind::Pnpm,
                "packages:\n\n  /next/15.5.29_react@18.2.0:\n    resolution: {}\n",
            ),
            (
                LockfileKind::Pnpm,
                "snapshots:\n  'next@15.5.29(@babel/core@7.0.0)(react@19.0.0)':\n",
            ),
            (
                LockfileKind::YarnClassic,
                "next-auth@4:\n  version \"4.0.0\"\n\nnext@^15.0.0, next@15:\n  version \"15.5.29\"\n",
            ),
            (
                LockfileKind::YarnBerry,
                "\"next@npm:^15.0.0\":\n  version: 15.5.29\n  resolution: \"x\"\n",
            ),
            (
                LockfileKind::Bun,
                "{\n  \"packages\": {\n    \"next\": [\"next@15.5.29\", \"\", {}],\n  }\n}",
            ),
        ] {
            let lockfile = Lockfile {
                kind,
                path: "x".into(),
                relative_path: "x".into(),
                text: Ok(decode(content.into())),
            };
            assert_eq!(locked_next(&lockfile).as_deref(), Some("15.5.29"), "{content}");
        }
    }
}
