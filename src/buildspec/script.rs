//! The one bash script that Amplify makes of a build specification.

use std::fmt::Write;

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
    pub(crate) title: String,
    /// Its phases.
    pub(crate) phases: Vec<ScriptPhase>,
}

/// Renders the script. Every command runs in the same shell, so that `cd`, `export` and `nvm use`
/// last; the first one that fails ends it with its own code.
pub(crate) fn render(sections: &[ScriptSection]) -> String {
    let mut script = String::from("# Written by `deployfix run`; replaced at every run.\n");
    let uses_nvm = sections
        .iter()
        .flat_map(|section| &section.phases)
        .flat_map(|phase| &phase.commands)
        .any(|command| command.contains("nvm "));
    if uses_nvm {
        // Amplify's image has nvm loaded.
        script.push_str("[ -s \"$NVM_DIR/nvm.sh\" ] && . \"$NVM_DIR/nvm.sh\" --no-use\n");
    }
    script.push_str(CHECK);
    for section in sections {
        echo(&mut script, &format!("## Starting {}", section.title));
        for phase in &section.phases {
            echo(&mut script, &format!("# Starting phase: {}", phase.name));
            for command in &phase.commands {
                echo(&mut script, &format!("# Executing command: {command}"));
                // On a line of its own, behind an empty one: neither a here-document nor a comment nor a
                // backslash at the end may swallow the check.
                let command = command.trim_end_matches('\n');
                let _ = write!(script, "{command}\n\n__deployfix_check $?\n");
            }
            echo(&mut script, &format!("# Completed phase: {}", phase.name));
        }
        echo(&mut script, &format!("## Completed {}", section.title));
    }
    echo(&mut script, "## Build completed successfully");
    script
}

/// `exit` inside a function ends the shell, as Amplify's runner does.
const CHECK: &str = "\
__deployfix_check() {
  if [ \"$1\" -ne 0 ]; then
    echo '!!! Build failed'
    echo \"!!! Error: Command failed with exit code $1\"
    exit \"$1\"
  fi
}
";

fn echo(script: &mut String, text: &str) {
    let _ = writeln!(script, "echo {}", quote(text));
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
            title: "Frontend Build".into(),
            phases: vec![
                phase("preBuild", commands),
                phase("build", &["echo \"at $(basename \"$PWD\") with $KEPT\""]),
            ],
        };
        let script = render(&[section]);
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
        let (output, code) = run(&["true && (exit 7)", "echo never"]);
        assert_eq!(code, Some(7));
        assert!(
            output.ends_with("!!! Build failed\n!!! Error: Command failed with exit code 7\n"),
            "{output}"
        );
    }
}
