//! Lines as Amplify's build log shows them: `2025-10-08T22:22:34.059Z [INFO]: text`, seen in real logs.

use std::fmt::Write;

use super::Level;
use crate::report::Timestamp;

/// Stands before the further lines of one write: the width of time and level.
const CONTINUATION: &str = "                                 ";
/// What the runner's own lines begin with; each is a write of its own however the pipe delivers them.
const RUNNER: [&str; 3] = ["# ", "## ", "!!!"];

/// Whole lines of two streams, whatever pieces they arrive in.
#[derive(Debug, Default)]
pub(super) struct AmplifyLog {
    output: Vec<u8>,
    error: Vec<u8>,
}

impl AmplifyLog {
    /// The lines that a piece of a stream completes.
    pub(super) fn push(&mut self, level: Level, piece: &[u8]) -> String {
        let pending = if level == Level::Info { &mut self.output } else { &mut self.error };
        pending.extend_from_slice(piece);
        let Some(end) = memchr::memrchr(b'\n', pending) else { return String::new() };
        let lines: Vec<u8> = pending.drain(..=end).collect();
        entry(level, &String::from_utf8_lossy(&lines))
    }

    /// What the streams ended with, their last line breaks missing.
    pub(super) fn finish(&mut self) -> String {
        [(Level::Info, &mut self.output), (Level::Warning, &mut self.error)]
            .into_iter()
            .map(|(level, pending)| {
                entry(level, &String::from_utf8_lossy(&std::mem::take(pending)))
            })
            .collect()
    }
}

/// One write: time and level before its first line, and before every line of the runner.
pub(super) fn entry(level: Level, text: &str) -> String {
    let mut entry = String::new();
    let now = Timestamp::now();
    for (index, line) in text.lines().enumerate() {
        let runner = RUNNER.iter().any(|mark| line.starts_with(mark));
        let level = if line.starts_with("!!!") { Level::Error } else { level };
        let _ = if index == 0 || runner {
            writeln!(entry, "{} [{}]: {line}", now.log_time(), level.word())
        } else {
            writeln!(entry, "{CONTINUATION}{line}")
        };
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times replaced by a word.
    fn timeless(text: &str) -> String {
        text.lines()
            .map(|line| match line.split_once("Z [") {
                Some((time, rest)) if time.len() == 23 => format!("TIME [{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect()
    }

    #[test]
    fn lines_are_whole_and_carry_their_stream() {
        let mut log = AmplifyLog::default();
        assert_eq!(log.push(Level::Info, b"half"), "");
        assert_eq!(timeless(&log.push(Level::Warning, b"warned\n")), "TIME [WARNING]: warned\n");
        assert_eq!(
            timeless(&log.push(Level::Info, b" line\nsecond\n# Executing command: ls\na\nopen")),
            format!(
                "TIME [INFO]: half line\n{CONTINUATION}second\nTIME [INFO]: # Executing command: ls\n{CONTINUATION}a\n"
            )
        );
        assert_eq!(
            timeless(&log.push(Level::Info, b"!\n!!! Build failed\n")),
            "TIME [INFO]: open!\nTIME [ERROR]: !!! Build failed\n"
        );
        log.push(Level::Warning, b"last");
        assert_eq!(timeless(&log.finish()), "TIME [WARNING]: last\n");
        assert_eq!(log.finish(), "");
        let stamp = entry(Level::Info, "x");
        assert_eq!(stamp.find('x'), Some(CONTINUATION.len()));
    }
}
