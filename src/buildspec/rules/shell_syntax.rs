use std::{
    collections::BTreeSet,
    io::Write,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{RuleContext, context::platform_message};
use crate::{
    buildspec::shell::{Commands, SectionName, Unreadable},
    report::{Evidence, Finding, FindingId, Severity},
};

/// How long bash may take to read a command.
const TIME_LIMIT: Duration = Duration::from_secs(2);
/// Commands about which bash is asked, at most.
const MAXIMUM_QUESTIONS: usize = 16;
/// Bytes of the longest command about which it is asked.
const MAXIMUM_SIZE: usize = 256 * 1024;

/// A command that bash cannot parse. The parser here names suspects; bash itself has the last word.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut questions = 0;
    for (_, commands, severity) in context.commands() {
        let mut seen = None;
        let mut split = BTreeSet::new();
        for unreadable in &commands.unreadable {
            // One finding an item.
            if seen.replace(unreadable.item) == Some(unreadable.item) {
                continue;
            }
            questions += 1;
            if questions > MAXIMUM_QUESTIONS {
                return findings;
            }
            let answer = ask(commands, unreadable);
            // The further parts of one construct say nothing new.
            let section = commands.items[unreadable.item].section;
            if matches!(answer, Answer::AcceptsTogether(_)) && !split.insert(section) {
                continue;
            }
            findings.extend(finding(context, commands, unreadable, answer, severity));
        }
    }
    findings
}

/// What bash says about a command.
enum Answer {
    /// It parses.
    Accepts,
    /// It does not parse on its own, but it does with the commands around it.
    AcceptsTogether(String),
    /// It does not parse.
    Refuses(String),
    /// There is no bash, or it did not answer.
    Silence,
}

fn ask(commands: &Commands, unreadable: &Unreadable) -> Answer {
    let item = &commands.items[unreadable.item];
    // `-n` runs no `shopt`: what the commands switch on is switched on here.
    let extended = commands.items.iter().any(|item| item.text.contains("extglob"));
    let bash = |script: &str| bash(script, extended);
    let refusal = match bash(&item.text) {
        None => return Answer::Silence,
        Some(Ok(())) => return Answer::Accepts,
        Some(Err(refusal)) => refusal,
    };
    let section: String = commands
        .items
        .iter()
        .filter(|other| other.section == item.section)
        .flat_map(|other| [other.text.as_str(), "\n"])
        .collect();
    match bash(&section) {
        Some(Ok(())) => Answer::AcceptsTogether(refusal),
        _ => Answer::Refuses(refusal),
    }
}

fn finding(
    context: &RuleContext<'_>,
    commands: &Commands,
    unreadable: &Unreadable,
    answer: Answer,
    severity: Severity,
) -> Option<Finding> {
    let item = &commands.items[unreadable.item];
    let finding = |message: &str, resolution: &str| {
        context.finding(FindingId::BuildspecShellSyntax, unreadable.place, message, resolution)
    };
    match answer {
        Answer::Accepts => None,
        Answer::Silence if unreadable.beyond_limit || unreadable.readable_with_section => None,
        Answer::Silence => Some(
            finding(
                "this command does not look like bash",
                "Amplify runs it with bash, and no bash is here to ask; check its quotes, brackets and keywords",
            )
            .severity(Severity::Warning),
        ),
        Answer::AcceptsTogether(refusal) => Some(
            finding(
                "this command is only a part of a construct that another list item ends",
                "Amplify puts lines of its own between the items of `commands`; write the whole construct as one item, as a `|` block",
            )
            .severity(Severity::Warning)
            .evidence(Evidence::new("bash -n", refusal)),
        ),
        Answer::Refuses(refusal) => {
            // The backend and the tests can be switched off in the console.
            let severity =
                if item.section == SectionName::Frontend { severity } else { Severity::Warning };
            let shown = refusal
                .split_once(": ")
                .filter(|(line, _)| line.starts_with("line "))
                .map_or(refusal.as_str(), |(_, message)| message);
            let platform = format!("amplify.sh: line N: {shown}");
            Some(
                finding(&format!("bash cannot read this command: {shown}"), advice(&refusal))
                    .severity(severity)
                    .evidence(Evidence::new("bash -n", &refusal))
                    .evidence(platform_message(platform)),
            )
        }
    }
}

fn advice(refusal: &str) -> &'static str {
    if refusal.contains("unexpected EOF while looking for matching") {
        "the build stops here; close what is opened, or escape the character with a backslash if it is meant as it stands"
    } else if refusal.contains("unexpected end of file") {
        "the build stops here; end what `if`, `for`, `case`, `{` or `(` begins within the same item, as a `|` block where it takes several lines"
    } else {
        "the build stops here; remove that word, or put it in quotes if it is meant as it stands"
    }
}

/// Asks bash to read a script without running it: nothing where it gives no answer, else what it complains about.
fn bash(script: &str, extended: bool) -> Option<Result<(), String>> {
    if script.len() > MAXIMUM_SIZE {
        return None;
    }
    let child = Command::new(which::which("bash").ok()?)
        .args(["--norc", "--noprofile", "-n"])
        .args(extended.then_some(["-O", "extglob"]).into_iter().flatten())
        .env_clear()
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let (child, stderr) = answer(child, script)?;
    drop(child);
    // `bash: line 1: syntax error near unexpected token `)'`, then the line itself.
    let complaint = stderr
        .lines()
        // The path of bash stands before it.
        .map(|line| line.find("line ").map_or(line, |start| &line[start..]))
        .find(|line| line.contains("syntax error") || line.contains("unexpected EOF"));
    Some(complaint.map_or(Ok(()), |complaint| Err(complaint.to_owned())))
}

/// Writes the script and waits for the end, within the time limit.
fn answer(mut child: Child, script: &str) -> Option<(Child, String)> {
    let mut stdin = child.stdin.take()?;
    let mut stderr = child.stderr.take()?;
    let script = script.to_owned();
    // bash stops reading at the first error; both pipes may fill.
    let writer = thread::spawn(move || {
        let _ = stdin.write_all(script.as_bytes());
    });
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        let _ = std::io::Read::read_to_end(&mut stderr, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let started = Instant::now();
    while child.try_wait().ok()?.is_none() {
        if started.elapsed() > TIME_LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        thread::sleep(Duration::from_micros(500));
    }
    let _ = writer.join();
    Some((child, reader.join().ok()?))
}
