//! What the settings files of the managers say of registries, read once for whoever asks.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use url::Url;

use super::{default_registries::default_registries, text::read_text};

/// The files in which the managers look, in the project and in the home.
const FILES: [&str; 6] =
    [".npmrc", ".pnpmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml", ".bunfig.toml"];
/// Bytes above which a file holds no settings.
const MAXIMUM_SIZE: u64 = 1024 * 1024;

/// What becomes of a variable that is not set and has no default; it may be set where the manager runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unset {
    /// It stays as it is written.
    Stays,
    /// It becomes nothing.
    Vanishes,
}

/// Settings of the project, of the person and of the environment.
pub(crate) struct RegistrySettings {
    /// Contents of the files, the strongest first.
    files: Vec<String>,
    variables: BTreeMap<String, String>,
}

impl RegistrySettings {
    /// Reads the files of some folders, the strongest first, and of the home.
    pub(crate) fn read<'a>(
        folders: impl IntoIterator<Item = &'a Path>,
        variables: &BTreeMap<String, String>,
    ) -> Self {
        let mut folders = folders.into_iter().peekable();
        let first = folders.peek().copied().unwrap_or(Path::new(""));
        let of = |folder: &Path| FILES.map(|name| folder.join(name));
        let named = variables
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("npm_config_userconfig"))
            .map(|(_, path)| first.join(path));
        let paths: Vec<PathBuf> = folders
            .flat_map(of)
            .chain(named)
            .chain(variables.get("HOME").into_iter().flat_map(|home| of(Path::new(home))))
            .collect();
        let files =
            paths.iter().filter_map(|path| Some(read_text(path, MAXIMUM_SIZE).ok()?.content));
        Self { files: files.collect(), variables: variables.clone() }
    }

    /// Settings of one file, and of some variables.
    #[cfg(test)]
    pub(crate) fn of(file: &str, variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Self { files: vec![file.to_owned()], variables: variables.collect() }
    }

    /// The lines of all files, comments among them.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.files.iter().flat_map(|text| text.lines())
    }

    /// The variables of the environment that are set to anything.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let variables = self.variables.iter().filter(|(_, value)| !value.is_empty());
        variables.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The registries that are asked where nothing is configured.
    pub(crate) fn defaults(&self, folder: &Path) -> Vec<Url> {
        default_registries(&self.variables, folder)
    }

    /// A text with `${NAME}`, `${NAME?}`, `${NAME-default}` and `${NAME:-default}` replaced.
    pub(crate) fn expanded(&self, text: &str, unset: Unset) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((reference, behind)) = after.split_once('}') else { break };
            let (name, default) = reference.split_once('-').unwrap_or((reference, ""));
            let name = name.trim_end_matches([':', '?']);
            expanded.push_str(before);
            match self.variables.get(name) {
                Some(value) => expanded.push_str(value),
                None if default.is_empty() && unset == Unset::Stays => {
                    expanded.extend(["${", reference, "}"]);
                }
                None => expanded.push_str(default),
            }
            rest = behind;
        }
        expanded + rest
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn variables_and_defaults_are_filled_in() {
        let settings = RegistrySettings::of("", &[("SET", "value")]);
        for (text, stays, vanishes) in [
            ("a ${SET} b ${SET}", "a value b value", "a value b value"),
            ("${SET-other}${SET:-other}${SET?}", "valuevaluevalue", "valuevaluevalue"),
            ("${NONE-a-b}${NONE:-c}", "a-bc", "a-bc"),
            ("a${NONE}b${NONE?}c${NONE:-}", "a${NONE}b${NONE?}c${NONE:-}", "abc"),
            ("$SET ${SET", "$SET ${SET", "$SET ${SET"),
        ] {
            assert_eq!(settings.expanded(text, Unset::Stays), stays);
            assert_eq!(settings.expanded(text, Unset::Vanishes), vanishes);
        }
    }

    #[test]
    fn the_project_comes_before_the_person() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["app", "home"] {
            fs::create_dir(path(name)).unwrap();
        }
        fs::write(path("home/.npmrc"), "home").unwrap();
        fs::write(path("app/own"), "own").unwrap();
        fs::write(path("app/bunfig.toml"), b"app\xff\n").unwrap();
        let home = path("home").display().to_string();
        let variables = BTreeMap::from([
            ("HOME".to_owned(), home),
            ("NPM_CONFIG_USERCONFIG".to_owned(), "own".to_owned()),
        ]);
        let settings = RegistrySettings::read([path("app").as_path()], &variables);
        assert_eq!(settings.lines().collect::<Vec<_>>(), ["app\u{fffd}", "own", "home"]);
    }
}
