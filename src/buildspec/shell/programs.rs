//! What well-known programs do.

use super::invocation::Invocation;

/// Managers that run the scripts of package.json, and what they run without `run`.
const MANAGERS: &[&str] = &["npm", "pnpm", "yarn", "bun"];
impl Invocation {
    /// Whether it prints every variable of the environment.
    pub(crate) fn prints_environment(&self) -> bool {
        let first = self.arguments().first().map(|word| word.text.as_str());
        match self.program() {
            Some("env") => self.arguments().iter().all(|word| {
                word.text.contains('=') || matches!(word.text.as_str(), "-0" | "--null")
            }),
            Some("printenv") => self.operands().next().is_none(),
            Some("set") => first.is_none(),
            Some("export") => matches!(first, None | Some("-p")) && self.arguments().len() < 2,
            Some("declare" | "typeset") => {
                matches!(first, None | Some("-p" | "-x" | "-px" | "-xp"))
                    && self.arguments().len() < 2
            }
            _ => false,
        }
    }

    /// Whether it builds an app: the build script of package.json under any manager, or Next itself.
    pub(crate) fn builds(&self) -> bool {
        let words: Vec<_> = self.command().iter().map(|word| word.text.as_str()).collect();
        let Some(program) = self.program() else { return false };
        let is_build = |word: &&str| *word == "build" || word.starts_with("build:");
        match program {
            "next" | "turbo" | "nx" | "lerna" | "deployfix" | "make" | "blitz" => {
                words.iter().skip(1).any(is_build)
                    || program == "nx" && words.iter().any(|word| word.ends_with(":build"))
            }
            "npx" | "pnpx" | "bunx" => {
                let tool = ["next", "turbo", "nx", "deployfix"];
                words.iter().any(|word| tool.contains(word)) && words.iter().any(is_build)
            }
            _ if MANAGERS.contains(&program) => words.iter().skip(1).any(is_build),
            _ => false,
        }
    }
}

/// Whether a path is that of a dotenv file that Next reads.
pub(crate) fn is_env_file(path: &str) -> bool {
    matches!(
        path.rsplit('/').next().unwrap_or(path),
        ".env" | ".env.local" | ".env.production" | ".env.production.local"
    )
}
