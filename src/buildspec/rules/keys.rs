/// The mappings of a specification that have keys of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The top of a file with one app.
    Root,
    /// The top of a file with `applications`.
    MonorepoRoot,
    Application,
    Env,
    Backend,
    Frontend,
    Test,
    BuildPhases,
    TestPhases,
    Phase,
    Artifacts,
    TestArtifacts,
    Cache,
}

/// The keys that are documented, and after `|` those that are let through: used in the wild without harm.
const KNOWN: &[(Level, &str)] = &[
    (Level::Root, "version env backend frontend test applications | customHeaders"),
    (Level::MonorepoRoot, "version applications | customHeaders"),
    (Level::Application, "appRoot env backend frontend test | customHeaders version"),
    (Level::Env, "variables"),
    (Level::Backend, "phases | buildPath buildpath"),
    (Level::Frontend, "phases artifacts cache buildPath | buildpath customHeaders"),
    (Level::Test, "phases artifacts | buildPath buildpath"),
    (Level::BuildPhases, "preBuild build postBuild | runtime-versions"),
    (Level::TestPhases, "preTest test postTest | runtime-versions"),
    (Level::Phase, "commands | runtime-versions"),
    (Level::Artifacts, "baseDirectory files discard-paths"),
    (Level::TestArtifacts, "baseDirectory files configFilePath | discard-paths"),
    (Level::Cache, "paths"),
];

/// Where a key belongs that stands at another level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Home {
    /// The key, as it is spelt.
    pub(super) key: &'static str,
    /// The mapping that holds it.
    pub(super) level: Level,
    /// The same, as messages name it.
    pub(super) path: &'static str,
}

/// Keys with one home. `version` and `variables` are not among them: too common a word elsewhere.
const HOMES: &[Home] = &[
    home("applications", Level::Root, "the top level"),
    home("appRoot", Level::Application, "an entry of `applications`, beside `frontend`"),
    home("env", Level::Root, "the top level of the app, as `env: variables:`"),
    home("backend", Level::Root, "the top level of the app"),
    home("frontend", Level::Root, "the top level of the app"),
    home("phases", Level::Frontend, "`frontend`"),
    home("artifacts", Level::Frontend, "`frontend`"),
    home("cache", Level::Frontend, "`frontend`"),
    home("buildPath", Level::Frontend, "`frontend`"),
    home("preBuild", Level::BuildPhases, "`phases`"),
    home("build", Level::BuildPhases, "`phases`"),
    home("postBuild", Level::BuildPhases, "`phases`"),
    home("preTest", Level::TestPhases, "`phases` of `test`"),
    home("test", Level::Root, "the top level of the app"),
    home("postTest", Level::TestPhases, "`phases` of `test`"),
    home("commands", Level::Phase, "a phase such as `build`"),
    home("baseDirectory", Level::Artifacts, "`artifacts`"),
    home("files", Level::Artifacts, "`artifacts`"),
    home("discard-paths", Level::Artifacts, "`artifacts`"),
    home("configFilePath", Level::TestArtifacts, "`artifacts` of `test`"),
    home("paths", Level::Cache, "`cache`"),
];

/// Where a variable belongs.
pub(super) const VARIABLE: Home = home("variables", Level::Env, "`variables`, below `env`");

const fn home(key: &'static str, level: Level, path: &'static str) -> Home {
    Home { key, level, path }
}

/// Words of other build systems, and what they are called here.
const SYNONYMS: &[(Level, &str, &str)] = &[
    (Level::Root, "environment", "env"),
    (Level::Application, "environment", "env"),
    (Level::Application, "root", "appRoot"),
    (Level::Application, "path", "appRoot"),
    (Level::Env, "vars", "variables"),
    (Level::BuildPhases, "install", "preBuild"),
    (Level::BuildPhases, "installPhase", "preBuild"),
    (Level::BuildPhases, "buildPhase", "build"),
    (Level::Phase, "script", "commands"),
    (Level::Phase, "scripts", "commands"),
    (Level::Phase, "steps", "commands"),
    (Level::Phase, "run", "commands"),
    (Level::Artifacts, "directory", "baseDirectory"),
    (Level::Artifacts, "outputDirectory", "baseDirectory"),
    (Level::Artifacts, "path", "baseDirectory"),
    (Level::Artifacts, "paths", "files"),
    (Level::Cache, "files", "paths"),
    (Level::Cache, "directories", "paths"),
];

/// How much one may rely on a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    Certain,
    Likely,
}

impl Level {
    fn words(self) -> impl Iterator<Item = &'static str> {
        let known = KNOWN.iter().find(|(level, _)| *level == self).map_or("", |(_, keys)| keys);
        known.split_whitespace()
    }

    /// The mapping, as messages name it.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::Root | Self::MonorepoRoot => "at the top level",
            Self::Application => "in an entry of `applications`",
            Self::Env => "in `env`",
            Self::Backend => "in `backend`",
            Self::Frontend => "in `frontend`",
            Self::Test => "in `test`",
            Self::BuildPhases | Self::TestPhases => "in `phases`",
            Self::Phase => "in a phase",
            Self::Artifacts | Self::TestArtifacts => "in `artifacts`",
            Self::Cache => "in `cache`",
        }
    }

    /// The keys that the documentation names.
    pub(super) fn documented(self) -> impl Iterator<Item = &'static str> {
        self.words().take_while(|word| *word != "|")
    }

    /// Whether a key passes here.
    pub(super) fn accepts(self, key: &str) -> bool {
        self.words().any(|word| word == key && word != "|")
    }

    /// The key of this level that was meant.
    pub(super) fn meant(self, key: &str) -> Option<(&'static str, Certainty)> {
        let plain = plain(key);
        if let Some(known) = self.documented().find(|known| is_same(&plain, &self::plain(known))) {
            return Some((known, Certainty::Certain));
        }
        if let Some((_, _, right)) = SYNONYMS
            .iter()
            .find(|(level, word, _)| *level == self && is_same(&plain, &self::plain(word)))
        {
            return Some((right, Certainty::Likely));
        }
        let allowed = if plain.len() < 5 { 1 } else { 2 };
        let mut near: Vec<_> = self
            .documented()
            .map(|known| (strsim::osa_distance(&plain, &self::plain(known)), known))
            .filter(|(distance, _)| *distance <= allowed)
            .collect();
        near.sort_unstable();
        match near.as_slice() {
            [] => None,
            [(_, known)] => Some((known, Certainty::Certain)),
            [(_, known), ..] => Some((known, Certainty::Likely)),
        }
    }
}

/// Where a key belongs, also one that is spelt with other case or hyphens.
pub(super) fn home_of(key: &str) -> Option<Home> {
    let plain = plain(key);
    HOMES.iter().copied().find(|home| self::plain(home.key) == plain)
}

/// A key without case, hyphens and underscores.
fn plain(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Equal but for the plural.
fn is_same(first: &str, second: &str) -> bool {
    first == second
        || first.strip_suffix('s') == Some(second)
        || second.strip_suffix('s') == Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_were_meant() {
        use Certainty::{Certain, Likely};
        for (level, key, expected) in [
            (Level::Artifacts, "base-directory", Some(("baseDirectory", Certain))),
            (Level::Artifacts, "basedirectory", Some(("baseDirectory", Certain))),
            (Level::Artifacts, "discardPaths", Some(("discard-paths", Certain))),
            (Level::Artifacts, "file", Some(("files", Certain))),
            (Level::Artifacts, "name", None),
            (Level::Frontend, "artefacts", Some(("artifacts", Certain))),
            (Level::Frontend, "artifact", Some(("artifacts", Certain))),
            (Level::Frontend, "caches", Some(("cache", Certain))),
            (Level::Frontend, "phase", Some(("phases", Certain))),
            (Level::Frontend, "buildSettings", None),
            (Level::Root, "Frontend", Some(("frontend", Certain))),
            (Level::Root, "fronted", Some(("frontend", Certain))),
            (Level::Root, "application", Some(("applications", Certain))),
            (Level::Root, "api", None),
            (Level::Root, "environment", Some(("env", Likely))),
            (Level::Application, "approot", Some(("appRoot", Certain))),
            (Level::BuildPhases, "pre_build", Some(("preBuild", Certain))),
            (Level::BuildPhases, "prebuild", Some(("preBuild", Certain))),
            (Level::BuildPhases, "install", Some(("preBuild", Likely))),
            (Level::BuildPhases, "deploy", None),
            (Level::Phase, "command", Some(("commands", Certain))),
            (Level::Cache, "path", Some(("paths", Certain))),
        ] {
            assert_eq!(level.meant(key), expected, "{key}");
        }
    }

    #[test]
    fn every_home_knows_its_key() {
        for home in HOMES {
            assert!(home.level.accepts(home.key), "{home:?}");
        }
    }
}
