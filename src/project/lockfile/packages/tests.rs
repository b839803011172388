use proptest::prelude::*;

use super::*;
use crate::project::{
    lockfile::{Lockfile, LockfileKind},
    text::decode,
};

fn read(kind: LockfileKind, content: &str) -> Vec<LockedPackage> {
    locked_packages(&Lockfile {
        kind,
        path: "lock".into(),
        relative_path: "lock".into(),
        text: Ok(decode(content.as_bytes().to_vec())),
    })
}

fn lines(kind: LockfileKind, content: &str) -> Vec<String> {
    read(kind, content)
        .iter()
        .map(|package| {
            let LockedPackage { name, published_name, version, source, integrity, line, .. } =
                package;
            let alias =
                published_name.as_ref().map(|name| format!(" = {name}")).unwrap_or_default();
            let version = version.as_deref().unwrap_or("-");
            let integrity = integrity.as_deref().unwrap_or("-");
            format!("{}: {name}{alias} {version} {source:?} {integrity}", line.unwrap_or(0))
        })
        .collect()
}

const NPM: &str = r#"{
  "lockfileVersion": 3,
  "packages": {
    "": { "dependencies": { "zod": "^3" } },
    "apps/web": { "name": "@x/web", "version": "1.0.0", "dependencies": { "zod": "^3" } },
    "node_modules/@x/web": { "resolved": "apps/web", "link": true },
    "node_modules/a": { "version": "1.0.0", "resolved": "https://registry.example.com/a/-/a-1.0.0.tgz", "integrity": "sha512-aaaa", "hasInstallScript": true },
    "node_modules/a/node_modules/@s/b": { "name": "c", "version": "2.0.0", "devOptional": true },
    "node_modules/g": { "version": "1.0.0", "resolved": "git+ssh://git@example.com/g.git#0123456789012345678901234567890123456789" },
    "node_modules/t": { "version": "1.0.0", "resolved": "file:t.tgz", "integrity": "sha512-tttt" },
    "node_modules/i": { "version": "1.0.0", "inBundle": true }
  }
}"#;

const NPM_NESTED: &str = r#"{
  "lockfileVersion": 1,
  "requires": true,
  "dependencies": {
    "a": {
      "version": "1.0.0", "resolved": "https://registry.example.com/a/-/a-1.0.0.tgz", "integrity": "sha1-aaaa",
      "requires": { "b": "^2" },
      "dependencies": { "b": { "version": "2.0.0" } }
    },
    "b": { "version": "npm:c@3.0.0", "dev": true },
    "g": { "version": "git+https://example.com/g.git#abc", "from": "g@git+https://example.com/g.git" }
  }
}"#;

const PNPM_5: &str = "lockfileVersion: 5.4\n\nspecifiers:\n  a: ^1\n\npackages:\n\n  /a/1.0.0:\n    resolution: {integrity: sha512-aaaa}\n    dev: true\n\n  /@s/b/2.0.0_react@18.2.0:\n    resolution: {integrity: sha512-bbbb}\n    requiresBuild: true\n    dev: false\n\n  github.com/u/g/0123456:\n    resolution: {tarball: https://codeload.example.com/u/g/tar.gz/0123456}\n    name: g\n    version: 1.0.0\n";
const PNPM_6: &str = "lockfileVersion: '6.0'\n\npackages:\n\n  /a@1.0.0(react@18.2.0):\n    resolution: {integrity: sha512-aaaa}\n\n  /@s/b@2.0.0-rc.1:\n    resolution: {integrity: sha512-bbbb, tarball: https://registry.example.com/b.tgz}\n";
const PNPM_9: &str = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n        specifier: ^1\n        version: 1.0.0\n\npackages:\n\n  '@s/b@2.0.0':\n    resolution: {integrity: sha512-bbbb}\n    os: [linux]\n\n  a@1.0.0:\n    resolution: {integrity: sha512-aaaa}\n\n  g@https://codeload.example.com/u/g/tar.gz/0123456:\n    resolution: {tarball: https://codeload.example.com/u/g/tar.gz/0123456}\n    version: 3.0.0\n\n  f@file:f:\n    resolution: {directory: f, type: directory}\n\nsnapshots:\n\n  a@1.0.0: {}\n";
const YARN_1: &str = "# yarn lockfile v1\n\n\n\"@s/b@^2.0.0\", \"@s/b@^2.1.0\":\n  version \"2.1.0\"\n  resolved \"https://registry.example.com/b.tgz#0123456789012345678901234567890123456789\"\n  integrity sha512-bbbb\n  dependencies:\n    a \"^1\"\n\n\"alias@npm:a@^1\", a@^1:\n  version \"1.0.0\"\n  resolved \"https://registry.example.com/a.tgz#0123456789012345678901234567890123456789\"\n\ng@git+https://example.com/g.git:\n  version \"1.0.0\"\n  resolved \"git+https://example.com/g.git#0123456\"\n\nl@file:./l:\n  version \"1.0.0\"\n";
const BERRY: &str = "# This file is generated\n\n__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"@s/b@npm:^2.0.0, @s/b@npm:^2.1.0\":\n  version: 2.1.0\n  resolution: \"@s/b@npm:2.1.0\"\n  dependencies:\n    a: \"npm:^1\"\n  checksum: 10c0/bbbb\n  languageName: node\n  linkType: hard\n\n\"alias@npm:a@^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n\n\"p@patch:p@npm%3A1.0.0#~/.yarn/patches/p.patch\":\n  version: 1.0.0\n  resolution: \"p@patch:p@npm%3A1.0.0#~/.yarn/patches/p.patch::version=1.0.0&hash=abc\"\n\n\"g@https://example.com/g.git\":\n  version: 1.0.0\n  resolution: \"g@https://example.com/g.git#commit=0123456\"\n";
const BUN: &str = "{\n  \"lockfileVersion\": 1,\n  \"workspaces\": { \"\": { \"dependencies\": { \"a\": \"^1\" } } },\n  \"packages\": {\n    \"a\": [\"a@1.0.0\", \"\", {}, \"sha512-aaaa\"],\n    \"@s/b/a\": [\"c@2.0.0\", \"https://registry.example.com/c.tgz\", {}, \"sha512-cccc\"],\n    \"web\": [\"web@workspace:apps/web\"],\n    \"g\": [\"g@git+https://example.com/g.git#abc\", {}, \"abc\"],\n  }\n}\n";

#[test]
fn every_format_tells_name_version_source_and_checksum() {
    use LockfileKind as Kind;
    let report = [
        ("npm 3", Kind::Npm, NPM),
        ("npm 1", Kind::Npm, NPM_NESTED),
        ("pnpm 5", Kind::Pnpm, PNPM_5),
        ("pnpm 6", Kind::Pnpm, PNPM_6),
        ("pnpm 9", Kind::Pnpm, PNPM_9),
        ("yarn 1", Kind::YarnClassic, YARN_1),
        ("yarn berry", Kind::YarnBerry, BERRY),
        ("bun", Kind::Bun, BUN),
    ]
    .map(|(name, kind, content)| format!("# {name}\n{}\n", lines(kind, content).join("\n")))
    .join("\n");
    insta::assert_snapshot!(report);
}

#[test]
fn what_differs_is_told_by_name() {
    let after = NPM.replace("\"1.0.0\", \"resolved\": \"https", "\"1.0.1\", \"resolved\": \"https");
    let after = after.replace("node_modules/i", "node_modules/j");
    let changes = difference(&read(LockfileKind::Npm, NPM), &read(LockfileKind::Npm, &after));
    let texts: Vec<_> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["a 1.0.0 -> 1.0.1", "i 1.0.0 removed", "j 1.0.0 added"]);
}

/// What prettier makes of the file, a key too long for one line, and what only one set of peers needs.
const PNPM_ODD: &str = "lockfileVersion: '9.0'

packages:
  a@1.0.0:
    resolution:
      {
        integrity: sha512-aaaa==,
        tarball: \"file:a.tgz\",
      }
    cpu: [x64]

  ? b@1.0.0
  : resolution: { integrity: sha512-bbbb== }
    hasBin: true

  c@git+https://example.com/o/c.git#0123:
    resolution: {commit: '0123', repo: https://example.com/o/c.git, type: git}
    version: 1.0.0

  d@https://codeload.github.com/o/d/tar.gz/0123:
    resolution: {tarball: https://codeload.github.com/o/d/tar.gz/0123}
    version: 1.0.0

snapshots:
  a@1.0.0(b@1.0.0):
    optional: true

  a@1.0.0(b@2.0.0): {}

  b@1.0.0:
    optional: true
";

#[test]
fn what_formatters_and_long_keys_make_of_it_is_read_too() {
    let windows = PNPM_ODD.replace('\n', "\r\n");
    assert_eq!(read(LockfileKind::Pnpm, &windows), read(LockfileKind::Pnpm, PNPM_ODD));
    assert_eq!(
        lines(LockfileKind::Pnpm, PNPM_ODD),
        [
            "4: a 1.0.0 Local(\"file:a.tgz\") sha512-aaaa==",
            "12: b 1.0.0 Registry sha512-bbbb==",
            "16: c 1.0.0 Git(\"https://example.com/o/c.git#0123\") -",
            "20: d 1.0.0 Git(\"https://codeload.github.com/o/d/tar.gz/0123\") -",
        ]
    );
    let optional: Vec<_> =
        read(LockfileKind::Pnpm, PNPM_ODD).iter().map(|package| package.optional).collect();
    assert_eq!(optional, [Some(false), Some(true), None, None]);
}

#[test]
fn comments_trailing_commas_and_marks_of_bun_are_read() {
    let content = "{\n  // \"packages\": {\n  \"packages\": {\n    \"@s/a/b\": [\"b@2.0.0\", \"\", { \"bundled\": true, }, \"sha512-bb==\", ], /* , */\n  },\n}";
    let [package] = &read(LockfileKind::Bun, content)[..] else { panic!("one package") };
    assert_eq!((package.name.as_str(), package.line, package.bundled), ("b", Some(4), true));
}

#[test]
fn what_is_nested_too_deep_is_not_read() {
    let deep = "{\"dependencies\":{\"a\":".repeat(50_000);
    assert!(read(LockfileKind::Npm, &deep).is_empty());
    assert!(read(LockfileKind::Bun, &"[".repeat(100_000)).is_empty());
}

proptest! {
    /// Cut and changed lockfiles give less, never a panic.
    #[test]
    fn broken_lockfiles_are_read_as_far_as_they_go(
        which in 0_usize..8, at in any::<prop::sample::Index>(), insert in "[\"'{}:,@/# \n\\PC]{0,6}", cut in 0_usize..40
    ) {
        use LockfileKind as Kind;
        let (kind, content) = [
            (Kind::Npm, NPM), (Kind::Npm, NPM_NESTED), (Kind::Pnpm, PNPM_5), (Kind::Pnpm, PNPM_6),
            (Kind::Pnpm, PNPM_9), (Kind::YarnClassic, YARN_1), (Kind::YarnBerry, BERRY), (Kind::Bun, BUN),
        ][which];
        let at = at.index(content.len());
        let end = (at + cut).min(content.len());
        let mangled = format!("{}{insert}{}", &content[..at], &content[end..]);
        let _ = difference(&read(kind, &mangled), &read(kind, content));
    }
}
