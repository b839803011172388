//! The one bash script that Amplify makes of a build specification.

use std::{fmt::Write, path::PathBuf};

/// The commands of one phase, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptPhase {
    /// As amplify.yml names it: `preBuild`, `build`, `postBuild`, `preTest`, `test`, `postTest`.
    pub(crate) name: String,
    /// Its commands.
    pub(crate) commands: Vec<String>,
}

/// A group of phases with Amplify's words around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptSection {
    /// `Backend Build`, `Frontend Build` or `Test`.
    pub(crate) title: &'static str,
    /// What Amplify says before its phases.
    pub(crate) preamble: &'static [&'static str],
    /// Its phases.
    pub(crate) phases: Vec<ScriptPhase>,
}

/// Everything that one shell runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Script {
    /// Its sections, in order.
    pub(crate) sections: Vec<ScriptSection>,
    /// Where the version of the Node that the commands left in use is written.
    pub(crate) node_version_file: Option<PathBuf>,
}

impl Script {
    /// Every command.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &str> {
        self.sections
            .iter()
            .flat_map(|section| &section.phases)
            .flat_map(|phase| &phase.commands)
            .map(String::as_str)
    }

    /// Whether a command of it chooses the Node.
    pub(crate) fn chooses_node(&self) -> bool {
        self.commands().any(|command| command.contains("nvm "))
    }
}

/// Renders the script. Every command runs in the same shell, so that `cd`, `export` and `nvm use`
/// last; the first one that fails ends it with its own code.
pub(crate) fn render(script: &Script) -> String {
    let mut text = String::from("# Written by `deployfix run`; replaced at every run.\n");
    if script.chooses_node() {
        // Amplify's image has nvm loaded.
        text.push_str("__deployfix_nvm=${NVM_DIR:-$HOME/.nvm}/nvm.sh\n");
        text.push_str("[ -s \"$__deployfix_nvm\" ] && . \"$__deployfix_nvm\" --no-use\n");
    }
    text.push_str(CHECK);
    for section in &script.sections {
        echo(&mut text, &format!("## Starting {}", section.title));
        for line in section.preamble {
            echo(&mut text, line);
        }
        for phase in &section.phases {
            echo(&mut text, &format!("# Starting phase: {}", phase.name));
            for command in &phase.commands {
                let command = command.trim_end_matches('\n');
                echo(&mut text, &format!("# Executing command: {command}"));
                // On a line of its own, behind an empty one: neither a here-document nor a comment nor a
                // backslash at the end may swallow the check.
                let _ = write!(text, "{command}\n\n__deployfix_check $?\n");
            }
            echo(&mut text, &format!("# Completed phase: {}", phase.name));
        }
        echo(&mut text, &format!("## Completed {}", section.title));
    }
    if let Some(path) = &script.node_version_file {
        let path = quote(&path.to_string_lossy());
        let _ = writeln!(text, "NODE_OPTIONS= node --version > {path} 2> /dev/null");
    }
    echo(&mut text, "## Build completed successfully");
    text
}

/// The first failure ends the shell, as Amplify's runner does; a command that calls `exit` ends it in the same words.
const CHECK: &str = "\
__deployfix_check() { [ \"$1\" -eq 0 ] || exit \"$1\"; }
__deployfix_end() {
  if [ \"$1\" -ne 0 ]; then
    echo '!!! Build failed'
    echo \"!!! Error: Command failed with exit code $1\"
  fi
}
trap '__deployfix_end $?' EXIT
";

fn echo(text: &mut String, line: &str) {
    let _ = writeln!(text, "echo {}", quote(line));
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn run(commands: &[&str]) -> (String, Option<i32>) {
        let phase = |name: &str, commands: &[&str]| ScriptPhase {
            name: name.into(),
            commands: commands.iter().map(|command| (*command).to_owned()).collect(),
        };
        let section = ScriptSection {
            title: "Frontend Build",
            preamble: &[],
            phases: vec![
                phase("preBuild", commands),
                phase("build", &["echo \"at $(basename \"$PWD\") with $KEPT\""]),
            ],
        };
        let script = render(&Script { sections: vec![section], node_version_file: None });
        let output = Command::new("bash")
            .args(["-c", &script])
            .env("SPACED", "it's a b")
            .current_dir("/")
            .output()
            .unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    }

    #[test]
    fn folder_and_exports_last_over_phases() {
        let (output, code) =
            run(&["cd tmp", "export KEPT=$SPACED", "cat <<END\nhere: $SPACED\nEND"]);
        assert_eq!(code, Some(0), "{output}");
        assert!(output.contains("here: it's a b\n"), "{output}");
        assert!(output.contains("at tmp with it's a b\n"), "{output}");
        assert!(output.ends_with("## Build completed successfully\n"));
    }

    #[test]
    fn the_first_failing_command_ends_it() {
        assert_eq!(run(&["false \\", "echo never"]).1, Some(1));
        for command in ["true && (exit 7)", "exit 7", "set -e; (exit 7)"] {
            let (output, code) = run(&[command, "echo never"]);
            assert_eq!(code, Some(7), "{output}");
            let words = "!!! Build failed\n!!! Error: Command failed with exit code 7\n";
            assert!(output.ends_with(words), "{output}");
        }
    }
}
