use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use super::model::App;

/// The variables that a specification itself sets for the build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SetVariables {
    /// Names from `env.variables` and from `export` in commands.
    pub(crate) names: BTreeSet<String>,
    /// Names that a command writes to a dotenv file, as far as they stand in it.
    pub(crate) written: BTreeSet<String>,
    /// Patterns of `grep` whose matches a command writes to a dotenv file.
    pub(crate) written_patterns: Vec<String>,
    /// Whether a command writes to a dotenv file in a way that cannot be read here; then anything may be set.
    pub(crate) opaque: bool,
}

#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by every test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

/// `export A=1 B=2`; the names are picked out of the rest of the command.
static EXPORT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:^|[;&|({]|\bthen\b|\bdo\b|\belse\b)\s*(?:export|declare\s+-x)\s+([^;&|]+)")
});
static ASSIGNMENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:^|\s)([A-Za-z_][A-Za-z0-9_]*)="));
/// A redirection into `.env`, `.env.production` and the like, or `tee` to one.
static DOTENV_TARGET: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?:>>?\s*|\btee\s+(?:-a\s+)?)["']?[^\s"'<>|;&]*\.env(?:\.[A-Za-z.]+)?["']?(?:\s|$|[;&|)])"#,
    )
});
static ECHO: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"\b(?:echo|printf)\s+(?:-[en]\s+)*["']?([A-Za-z_][A-Za-z0-9_]*)="#));
static GREP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"\b(?:env|printenv)\s*\|\s*grep((?:\s+(?:-[A-Za-z]+|--[a-z-]+))*)\s+(?:'([^']+)'|"([^"]+)"|([^\s'"|>;&]+))((?:\s+-e\s+\S+)*)"#,
    )
});
static FURTHER_EXPRESSION: LazyLock<Regex> = LazyLock::new(|| pattern(r#"-e\s+["']?([^\s"']+)"#));

/// Reads what `env.variables` and the commands of an app set.
pub(crate) fn variables_set(app: &App) -> SetVariables {
    let mut set = SetVariables::default();
    set.names.extend(app.env_variables.iter().map(|(name, _)| name.value.clone()));
    for line in app.commands().flat_map(|command| command.value.lines()) {
        read_line(&mut set, line);
    }
    set
}

fn read_line(set: &mut SetVariables, line: &str) {
    for export in EXPORT.captures_iter(line) {
        set.names.extend(ASSIGNMENT.captures_iter(&export[1]).map(|name| name[1].to_owned()));
    }
    // A script that is sourced can set anything.
    let trimmed = line.trim_start();
    if trimmed.starts_with("source ") || trimmed.starts_with(". ") || trimmed.starts_with("set -a")
    {
        set.opaque |= !trimmed.contains("nvm") && !trimmed.contains("bashrc");
    }
    if !DOTENV_TARGET.is_match(line) {
        return;
    }
    let before = (set.written.len(), set.written_patterns.len());
    set.written.extend(ECHO.captures_iter(line).map(|name| name[1].to_owned()));
    for grep in GREP.captures_iter(line) {
        if grep[1].contains('v') {
            set.opaque = true;
        }
        let first = [2, 3, 4].into_iter().find_map(|group| grep.get(group));
        set.written_patterns.extend(first.map(|pattern| pattern.as_str().to_owned()));
        let further = FURTHER_EXPRESSION.captures_iter(&grep[5]);
        set.written_patterns.extend(further.map(|pattern| pattern[1].to_owned()));
    }
    let known_already = ECHO.is_match(line) || GREP.is_match(line);
    set.opaque |= !known_already && before == (set.written.len(), set.written_patterns.len());
}

impl SetVariables {
    /// Whether a dotenv file that the commands write holds that name, given that it is set.
    pub(crate) fn writes(&self, name: &str) -> bool {
        let matches = |pattern: &String| {
            // grep's basic `\|` is the alternation of other engines.
            Regex::new(&pattern.replace("\\|", "|"))
                .map_or(true, |pattern| pattern.is_match(&format!("{name}=")))
        };
        self.opaque || self.written.contains(name) || self.written_patterns.iter().any(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> SetVariables {
        let mut set = SetVariables::default();
        for line in lines {
            read_line(&mut set, line);
        }
        set
    }

    #[test]
    fn exports_and_dotenv_lines_are_understood() {
        let names = |line| read(&[line]).names.into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(names("export A=1 B=\"x y\""), "A B");
        assert_eq!(
            names("nvm use 20 && export NODE_OPTIONS=--max-old-space-size=4096"),
            "NODE_OPTIONS"
        );
        assert_eq!(names("if [ x ]; then export A=$B; fi"), "A");
        assert_eq!(names("A=1"), "");
        assert_eq!(names("echo export A=1"), "");
        let set = read(&[
            "env | grep -e API_URL -e TOKEN >> .env.production",
            "env | grep NEXT_PUBLIC_ >> apps/web/.env.production",
            "echo \"DATABASE_URL=$DATABASE_URL\" >> .env",
            "echo SECRET=$SECRET | tee -a .env.local",
        ]);
        for name in ["API_URL", "TOKEN", "NEXT_PUBLIC_X", "DATABASE_URL", "SECRET"] {
            assert!(set.writes(name), "{name}: {set:?}");
        }
        assert!(!set.writes("OTHER"));
        assert!(set.written.contains("DATABASE_URL") && !set.written.contains("API_URL"));
        assert!(read(&["./scripts/env.sh > .env.production"]).opaque);
        assert!(!read(&["cat .env.example"]).opaque);
        assert!(!read(&["source ~/.nvm/nvm.sh"]).opaque);
    }
}
