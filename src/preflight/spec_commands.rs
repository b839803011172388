use crate::buildspec::{App, Commands, Specification};

/// What the commands of amplify.yml do, as far as predictions depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one script")]
pub(crate) struct SpecCommands {
    /// An install that refuses to change the lockfile, or deployfix's own.
    pub(crate) installs_frozen: bool,
    /// An install that may change the lockfile.
    pub(crate) installs_freely: bool,
    /// The build script, or deployfix's own build.
    pub(crate) runs_build_script: bool,
    /// Another Node is chosen on the way.
    pub(crate) chooses_node: bool,
    /// The same, after deployfix has run.
    pub(crate) chooses_node_later: bool,
    /// deployfix itself.
    pub(crate) runs_deployfix: bool,
    /// deployfix installs, and so brings manager and Node for its children.
    pub(crate) deployfix_installs: bool,
    /// deployfix builds.
    pub(crate) deployfix_builds: bool,
    /// A package manager is fetched on the way.
    pub(crate) provides_manager: bool,
    /// yarn is told to pass over `engines`.
    pub(crate) ignores_engines: bool,
    /// npm is told to pass over peers.
    pub(crate) ignores_peers: bool,
}

impl SpecCommands {
    pub(crate) fn read(app: &App) -> Self {
        let mut commands = Self::default();
        // Without the file's text: no place is asked for.
        for invocation in Commands::read(app, "").invocations {
            let words = invocation.command().iter().map(|word| word.text.as_str());
            commands.add(&words.collect::<Vec<_>>());
        }
        commands
    }

    fn add(&mut self, words: &[&str]) {
        let has = |word: &str| words.contains(&word);
        let named = |name: &str| {
            words.iter().any(|word| *word == name || word.ends_with(&format!("/{name}")))
        };
        let global = has("-g") || has("--global") || (has("global") && named("yarn"));
        let manager = ["npm", "pnpm", "yarn", "bun"].into_iter().any(named);
        let deployfix = words.iter().any(|word| word.contains("deployfix"));
        self.provides_manager |= named("corepack")
            || (manager && global)
            || words.iter().any(|word| word.contains("bun.sh") || word.contains("get.pnpm.io"));
        let chooses_node = (named("nvm") || named("fnm") || named("volta") || named("n"))
            && (has("use") || has("install") || named("n"));
        self.chooses_node |= chooses_node;
        self.chooses_node_later |= chooses_node && self.runs_deployfix;
        self.runs_deployfix |= deployfix;
        self.deployfix_installs |= deployfix && has("install");
        self.deployfix_builds |= deployfix && has("build");
        self.ignores_engines |= has("--ignore-engines");
        self.ignores_peers |= words
            .iter()
            .any(|word| word.contains("legacy-peer-deps") || word.contains("legacy_peer_deps"));
        if global {
            return;
        }
        let frozen = has("--frozen-lockfile") || has("--immutable") || has("--frozen");
        let install = has("install") || has("i") || words == ["yarn"];
        self.installs_frozen |= (named("npm") && (has("ci") || has("clean-install")))
            || (manager && frozen)
            || (deployfix && (has("install") || has("run")));
        self.installs_freely |= manager && install && !frozen && !deployfix;
        self.runs_build_script |=
            has("build") && (deployfix || (manager && (has("run") || !named("npm"))));
    }
}

/// Whether amplify.yml chooses another Node after it has called deployfix.
pub(crate) fn chooses_node_later(specification: &Specification) -> bool {
    specification.app().is_some_and(|app| SpecCommands::read(app).chooses_node_later)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_apart() {
        let read = |line: &str| SpecCommands::read(&App::of_commands(&[line]));
        let none = SpecCommands::default();
        let frozen = SpecCommands { installs_frozen: true, ..none };
        let free = SpecCommands { installs_freely: true, ..none };
        let build = SpecCommands { runs_build_script: true, ..none };
        for (line, expected) in [
            ("npm ci --cache .npm --prefer-offline", frozen),
            (
                "npx deployfix install",
                SpecCommands { runs_deployfix: true, deployfix_installs: true, ..frozen },
            ),
            ("yarn install --frozen-lockfile", frozen),
            ("npm install", free),
            ("npm i --legacy-peer-deps", SpecCommands { ignores_peers: true, ..free }),
            ("yarn", free),
            ("npm install -g pnpm", SpecCommands { provides_manager: true, ..none }),
            ("corepack enable", SpecCommands { provides_manager: true, ..none }),
            ("nvm use 20", SpecCommands { chooses_node: true, ..none }),
            (
                "deployfix validate && nvm use 20",
                SpecCommands {
                    chooses_node: true,
                    chooses_node_later: true,
                    runs_deployfix: true,
                    ..none
                },
            ),
            ("npm run build", build),
            ("yarn build", build),
            (
                "npx deployfix build",
                SpecCommands { runs_deployfix: true, deployfix_builds: true, ..build },
            ),
            ("npx next build", none),
            ("cd apps/web && npm ci", frozen),
            ("if [ -f x ]; then (time npm ci); fi", frozen),
            ("echo 'npm ci' # npm ci", none),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }
}
