//! The registries that managers ask where nothing is configured, as their own programs name them.

use std::{collections::BTreeMap, path::Path};

use url::Url;

use super::{ManagerKind, text::read_text};

/// Bytes of a manager's own source; yarn 1 is one file of 5 MB.
const MAXIMUM_SIZE: u64 = 16 * 1024 * 1024;

/// Where the program of a manager names its registry: file, section and setting. Of npm 7 and later, npm 6, yarn 1, and of
/// yarn in corepack, which lies beside npm.
const PLACES: [(&str, &str, &str); 4] = [
    (
        "node_modules/@npmcli/config/lib/definitions/definitions.js",
        "Definition('registry'",
        "default: ",
    ),
    ("lib/config/defaults.js", "registry:", "registry:"),
    ("lib/cli.js", "YARN_REGISTRY =", "YARN_REGISTRY ="),
    ("../corepack/dist/lib/corepack.cjs", "yarn: {", "url: "),
];

/// The default registries of the managers that are installed here.
pub(crate) fn default_registries(variables: &BTreeMap<String, String>, folder: &Path) -> Vec<Url> {
    let path = variables.get("PATH");
    [ManagerKind::Npm, ManagerKind::YarnClassic]
        .iter()
        .filter_map(|kind| which::which_in(kind.program(), path, folder).ok()?.canonicalize().ok())
        .flat_map(|program| {
            let packages = program.ancestors().skip(1).take(3);
            packages.flat_map(of_package).collect::<Vec<_>>()
        })
        .collect()
}

fn of_package(package: &Path) -> impl Iterator<Item = Url> {
    PLACES.iter().filter_map(move |(file, section, setting)| {
        let text = read_text(&package.join(file), MAXIMUM_SIZE).ok()?.content;
        let section = &text[text.find(section)?..];
        let setting = &section[section.find(setting)?..];
        let line = setting.lines().next()?;
        let address = &line[line.find("http")?..];
        let end = address.find(['"', '\'', '`', '{', ' ']).unwrap_or(address.len());
        // corepack names the address of an archive there, whose host is what yarn asks.
        Url::parse(&address[..end]).ok()?.join("/").ok()
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn programs_name_what_they_ask() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        write("modules/npm/bin/npm", "");
        write(
            "modules/npm/node_modules/@npmcli/config/lib/definitions/definitions.js",
            "new Definition('a', {\n default: 1,\n}),\nnew Definition('registry', {\n  default: 'https://npm.example.com/',\n",
        );
        write(
            "modules/corepack/dist/lib/corepack.cjs",
            "yarn: {\n  ranges: {\n    a: {\n      url: \"https://yarn.example.com/yarn/-/yarn-{}.tgz\",\n",
        );
        write("yarn/bin/yarn", "");
        write("yarn/lib/cli.js", "var YARN_REGISTRY = 'https://classic.example.com';\n");
        let path = format!("{0}/modules/npm/bin:{0}/yarn/bin", folder.path().display());
        let variables = BTreeMap::from([("PATH".to_owned(), path)]);
        let found = default_registries(&variables, folder.path());
        let found: Vec<_> = found.iter().map(Url::as_str).collect();
        assert_eq!(
            found,
            [
                "https://npm.example.com/",
                "https://yarn.example.com/",
                "https://classic.example.com/"
            ]
        );
        assert!(default_registries(&BTreeMap::new(), folder.path()).is_empty());
    }
}
