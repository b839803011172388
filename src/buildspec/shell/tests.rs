use std::fmt::Write;

use proptest::prelude::*;

use super::{Commands, Output};
use crate::buildspec::{model::Spec, parse::parse};

fn read(text: &str) -> Commands {
    let spec = Spec::new(parse(text).unwrap());
    Commands::read(&spec.apps[0], text)
}

/// The commands of one phase, each one a literal block.
pub(super) fn phase(commands: &[&str]) -> (String, Commands) {
    let mut text = String::from("version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n");
    for command in commands {
        let indented = command.replace('\n', "\n          ");
        let _ = writeln!(text, "        - |-\n          {indented}");
    }
    let commands = read(&text);
    (text, commands)
}

/// Every invocation with what is particular about it.
fn told(commands: &[&str]) -> Vec<String> {
    let (text, commands) = phase(commands);
    commands
        .invocations
        .iter()
        .map(|invocation| {
            let mut told = text[invocation.place.start..invocation.place.end].replace('\n', " ");
            for (holds, what) in [
                (invocation.fails_item, "fails"),
                (invocation.conditional, "conditional"),
                (invocation.is_condition, "condition"),
                (invocation.in_subshell, "subshell"),
                (invocation.in_substitution, "substitution"),
                (invocation.in_function, "function"),
                (invocation.in_background, "background"),
            ] {
                if holds {
                    let _ = write!(told, " +{what}");
                }
            }
            match &invocation.output {
                Output::Log => {}
                Output::File(word) => {
                    let _ = write!(told, " >{}", word.text);
                }
                Output::Pipe(index) => {
                    let _ = write!(told, " |{index}");
                }
                Output::Captured => told.push_str(" >$"),
            }
            if let Some(writer) = invocation.piped_from {
                let _ = write!(told, " <{writer}");
            }
            told
        })
        .collect()
}

/// The folder of every invocation, `?` where it is not known.
fn folders(commands: &[&str]) -> String {
    let (_, commands) = phase(commands);
    let folder = |folder: &Option<String>| folder.clone().unwrap_or_else(|| "?".into());
    commands
        .invocations
        .iter()
        .filter(|invocation| invocation.runs("x"))
        .map(|invocation| folder(&invocation.folder))
        .collect::<Vec<_>>()
        .join(",")
}

#[test]
fn it_is_known_what_surrounds_a_command() {
    assert_eq!(told(&["npm ci"]), ["npm ci +fails"]);
    assert_eq!(
        told(&["env | grep -e A >> .env || true"]),
        ["env +subshell |1", "grep -e A >> .env +subshell >.env <0", "true +fails +conditional"]
    );
    assert_eq!(told(&["a && b"]), ["a +fails", "b +fails"]);
    assert_eq!(told(&["a && b\nc"]), ["a", "b +conditional", "c +fails"]);
    assert_eq!(told(&["a; b &"]), ["a", "b +background"]);
    assert_eq!(
        told(&["if a; then b > f; else c; fi 2>&1"]),
        ["a +condition", "b > f +fails +conditional >f", "c +fails +conditional"]
    );
    assert_eq!(
        told(&["{ a; (b | c); } > f"]),
        ["a >f", "b +subshell |2", "c +fails +subshell >f <1"]
    );
    assert_eq!(
        told(&["A=$(b `c`) ", "d \"$(e; f)\" <(g)"]),
        [
            "A=$(b `c`) +fails",
            "b `c` +fails +subshell +substitution >$",
            "c +subshell +substitution >$",
            "d \"$(e; f)\" <(g) +fails",
            "e +subshell +substitution >$",
            "f +subshell +substitution >$",
            "g +subshell +substitution >$",
        ]
    );
    assert_eq!(told(&["! a", "f() { b; }"]), ["a", "b +conditional +function"]);
    assert_eq!(told(&["if a", "then b", "fi"]), ["a +condition", "b +fails +conditional"]);
}

#[test]
fn the_folder_is_followed() {
    for (commands, expected) in [
        (&["cd apps/web", "x", "cd ..", "x"][..], "apps/web,apps"),
        (&["x", "cd a && x && cd b", "x"], ",a,a/b"),
        (&["(cd a && x)", "x"], "a,"),
        (&["cd $A", "x", "cd ..", "x"], "?,?"),
        (&["cd a || exit 1", "x"], "a"),
        (&["cd a || true", "x"], "?"),
        (&["cd a\nx", "x"], "a,a"),
        (&["[ -d a ] && cd a", "x"], "a"),
        (&["[ -d a ] && cd a\nx"], "?"),
        (&["cd a && npm ci\nx"], "a"),
        (&["if [ -d a ]; then cd a; fi", "x"], "?"),
        (&["if y; then cd a; else cd ./a/; fi", "x"], "a"),
        (&["for i in a b; do cd $i; x; cd ..; done", "x"], "?,?"),
        (&["for i in a b; do (cd a; x); done", "x"], "a,"),
        (&["cd a | y", "x"], ""),
        (&["y=$(cd a; x)", "x"], "a,"),
        (&["go() { cd a; x; }", "x", "go", "x"], "?,,?"),
        (&["cd -", "x"], "?"),
        (&["cd ../..", "x"], "../.."),
        (&["cd", "x"], "?"),
        (&["pushd a", "x"], "?"),
        (&["cd 'a", "x"], "?"),
    ] {
        assert_eq!(folders(commands), expected, "{commands:?}");
    }
}

#[test]
fn the_program_is_found_behind_others() {
    let (_, commands) = phase(&[
        "sudo -u root yum install -y x",
        "NODE_ENV=production env -u A B=c /usr/bin/npm run build",
        "time nohup npm ci",
        "timeout -s KILL 5m npx next build",
        "$NPM ci",
        "'np'm ci",
        "env",
    ]);
    let programs: Vec<_> =
        commands.invocations.iter().map(|invocation| invocation.program().unwrap_or("?")).collect();
    assert_eq!(programs, ["yum", "npm", "npm", "npx", "?", "npm", "env"]);
    assert_eq!(commands.invocations[1].subcommand(), Some("run"));
    assert_eq!(commands.invocations[1].assignments[0].value.fixed(), Some("production"));
}

#[test]
fn words_know_what_they_expand() {
    let (text, commands) =
        phase(&["echo \"é ${A:-$B}\" '$C' ${#D}${E:+$F}\\\n$G <<X\n$H `I`\nX\n"]);
    let invocation = &commands.invocations[0];
    let words = invocation.words.iter().chain(invocation.redirections.iter().map(|r| &r.target));
    let expansions: Vec<_> = words
        .flat_map(|word| &word.expansions)
        .map(|expansion| {
            let place = expansion.place;
            (
                expansion.name.as_str(),
                format!("{:?}", expansion.form),
                &text[place.start..place.end],
            )
        })
        .map(|(name, form, text)| format!("{name} {form} {text}"))
        .collect();
    assert_eq!(
        expansions,
        [
            "A Value ${A:-$B}",
            "B Value $B",
            "D Length ${#D}",
            "E Alternative ${E:+$F}",
            "F Value $F",
            "G Value $G",
            "H Value X",
        ]
    );
    assert_eq!(invocation.words[2].fixed(), Some("$C"));
}

/// What would take a naive parser for ever, or its stack.
#[test]
fn hostile_commands_are_bounded() {
    let started = std::time::Instant::now();
    for command in [
        "(".repeat(5000),
        format!("{}a{}", "(".repeat(5000), ")".repeat(5000)),
        "$(".repeat(1000),
        format!("echo {}a{}", "$(".repeat(1000), ")".repeat(1000)),
        format!("echo {}a{}", "\"$(".repeat(31), ")\"".repeat(31)),
        format!("echo {}a{}", "${a:-".repeat(1000), "}".repeat(1000)),
        format!("echo {}a{}", "${a:-".repeat(31), "}".repeat(31)),
        "`".repeat(1001),
        "if a; then ".repeat(1000),
        format!("{}a{}", "if a; then ".repeat(31), "; fi".repeat(31)),
        format!("{}a;{}", "{ ".repeat(31), " }".repeat(31)),
        "case a in a) ".repeat(1000),
        format!("{}b{}", "case a in a) ".repeat(8), " ; esac".repeat(8)),
        format!("{}a;b{}", "(".repeat(8), ")".repeat(8)),
        format!("[[ {} a ]]", "! ".repeat(5000)),
        format!("[[ a =~ {} ]]", "(".repeat(5000)),
        "a && ".repeat(10000),
        "a | ".repeat(10000),
        "a ".repeat(500_000),
        "é".repeat(30_000),
        "$a ".repeat(20_000),
        "\"".repeat(30_001),
        "a;".repeat(30_000),
        "99999999999999>a".to_owned(),
        "<<a ".repeat(3000),
        "a=( ".repeat(3000),
        "f() ".repeat(3000),
        "time ".repeat(3000),
        "coproc ".repeat(3000),
    ] {
        let _ = phase(&[&command]);
        let spent = started.elapsed();
        assert!(spent.as_secs() < 20, "{} took {spent:?}", &command[..command.len().min(40)]);
    }
}

proptest! {
    #[test]
    fn no_command_panics(command in "([ \n;&|()<>{}$\"'`\\\\!*?=#a9é-]|\\$\\(|\\$\\{|\\[\\[ | \\]\\]|<<|if |then |fi|case |in |esac|do |done|for |[a-c]=){0,40}") {
        let text = format!("frontend: {{phases: {{build: {{commands: [{}]}}}}}}", serde_json::to_string(&command).unwrap());
        let _ = read(&text);
    }
}
