use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use nodejs_semver::Version;
use serde_json::Value;

/// Entries of one folder that are looked at; nobody keeps so many Nodes.
const MOST_ENTRIES: usize = 1000;

/// A Node that a version manager, or the project itself, keeps on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InstalledNode {
    /// Its version, by the name of its folder.
    pub(crate) version: Version,
    /// The folder of its programs, for `PATH`.
    pub(crate) programs: PathBuf,
    /// Who keeps it, as messages name it.
    pub(crate) keeper: &'static str,
}

/// Where one version manager keeps its Nodes, each in a folder named after its version.
struct Keeper {
    name: &'static str,
    /// Variables that move its folder, and the part of the path below them.
    variables: &'static [(&'static str, &'static str)],
    /// Folders below the home.
    homes: &'static [&'static str],
    /// From the version's folder to its programs.
    programs: &'static str,
}

/// Read in nvm 0.40, fnm 1.38, volta 2.0, asdf-nodejs, mise and n 10.
const KEEPERS: &[Keeper] = &[
    Keeper {
        name: "nvm",
        variables: &[("NVM_DIR", "versions/node"), ("XDG_CONFIG_HOME", "nvm/versions/node")],
        homes: &[".nvm/versions/node", ".config/nvm/versions/node"],
        programs: "bin",
    },
    Keeper {
        name: "fnm",
        variables: &[("FNM_DIR", "node-versions"), ("XDG_DATA_HOME", "fnm/node-versions")],
        homes: &[
            ".local/share/fnm/node-versions",
            ".fnm/node-versions",
            "Library/Application Support/fnm/node-versions",
        ],
        programs: "installation/bin",
    },
    Keeper {
        name: "volta",
        variables: &[("VOLTA_HOME", "tools/image/node")],
        homes: &[".volta/tools/image/node"],
        programs: "bin",
    },
    Keeper {
        name: "asdf",
        variables: &[("ASDF_DATA_DIR", "installs/nodejs")],
        homes: &[".asdf/installs/nodejs"],
        programs: "bin",
    },
    Keeper {
        name: "mise",
        variables: &[("MISE_DATA_DIR", "installs/node"), ("XDG_DATA_HOME", "mise/installs/node")],
        homes: &[".local/share/mise/installs/node"],
        programs: "bin",
    },
    Keeper {
        name: "n",
        variables: &[("N_PREFIX", "n/versions/node")],
        homes: &["n/n/versions/node"],
        programs: "bin",
    },
];
/// Where n keeps them without a prefix of its own.
const N_DEFAULT: &str = "/usr/local/n/versions/node";

/// Every Node found in the folders of version managers, and the `node` package of the project; each version once.
pub(crate) fn installed(
    environment: &BTreeMap<String, String>,
    app_root: &Path,
) -> Vec<InstalledNode> {
    let mut found: Vec<InstalledNode> = of_project(app_root).into_iter().collect();
    let folder_of =
        |name: &str| environment.get(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = folder_of("HOME");
    for keeper in KEEPERS {
        let moved = keeper
            .variables
            .iter()
            .filter_map(|(variable, rest)| Some(folder_of(variable)?.join(rest)));
        let usual = home.iter().flat_map(|home| keeper.homes.iter().map(|rest| home.join(rest)));
        let fixed = (keeper.name == "n").then(|| PathBuf::from(N_DEFAULT));
        for folder in moved.chain(usual).chain(fixed) {
            for node in kept_in(&folder, keeper) {
                if found.iter().all(|known| known.version != node.version) {
                    found.push(node);
                }
            }
        }
    }
    found
}

fn kept_in(folder: &Path, keeper: &Keeper) -> Vec<InstalledNode> {
    let entries = fs::read_dir(folder).into_iter().flatten().take(MOST_ENTRIES);
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name();
            let name = name.to_str()?;
            let version = Version::parse(name.strip_prefix('v').unwrap_or(name)).ok()?;
            let programs = entry.path().join(keeper.programs);
            is_program(&programs.join("node")).then_some(InstalledNode {
                version,
                programs,
                keeper: keeper.name,
            })
        })
        .collect()
}

/// The binary that the npm package `node` lays down.
fn of_project(app_root: &Path) -> Option<InstalledNode> {
    let package = app_root.join("node_modules/node");
    let text = fs::read_to_string(package.join("package.json")).ok()?;
    let manifest: Value = serde_json::from_str(&text).ok()?;
    let version = Version::parse(manifest.get("version")?.as_str()?).ok()?;
    let programs = package.join("bin");
    is_program(&programs.join("node")).then_some(InstalledNode {
        version,
        programs,
        keeper: "the `node` package of the project",
    })
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(folder: &Path, mode: u32) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("node"), "").unwrap();
        fs::set_permissions(folder.join("node"), fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn every_manager_is_looked_into() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        for path in [
            ".nvm/versions/node/v18.20.8/bin",
            ".nvm/versions/node/system/bin",
            ".local/share/fnm/node-versions/v20.1.0/installation/bin",
            ".volta/tools/image/node/20.2.0/bin",
            ".asdf/installs/nodejs/20.3.0/bin",
            ".local/share/mise/installs/node/20.4.0/bin",
            // The same version once more.
            ".local/share/mise/installs/node/18.20.8/bin",
        ] {
            node(&home.join(path), 0o755);
        }
        node(&home.join(".nvm/versions/node/v19.0.0/bin"), 0o644);
        node(&folder.path().join("moved/versions/node/v22.5.0/bin"), 0o755);
        let app = folder.path().join("app");
        node(&app.join("node_modules/node/bin"), 0o755);
        fs::write(app.join("node_modules/node/package.json"), r#"{"version":"24.6.0"}"#).unwrap();
        let environment = BTreeMap::from([
            ("HOME".to_owned(), home.display().to_string()),
            ("NVM_DIR".to_owned(), folder.path().join("moved").display().to_string()),
            // A relative folder means another place in every child.
            ("VOLTA_HOME".to_owned(), "relative".to_owned()),
        ]);
        let mut found: Vec<_> = installed(&environment, &app)
            .into_iter()
            .filter(|node| node.programs.starts_with(folder.path()))
            .map(|node| format!("{} {}", node.keeper, node.version))
            .collect();
        found.sort();
        assert_eq!(
            found,
            [
                "asdf 20.3.0",
                "fnm 20.1.0",
                "mise 20.4.0",
                "nvm 18.20.8",
                "nvm 22.5.0",
                "the `node` package of the project 24.6.0",
                "volta 20.2.0",
            ]
        );
    }
}
