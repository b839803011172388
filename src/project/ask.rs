use std::{
    collections::BTreeMap,
    io::Read,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Between two looks at the child; it usually ends within 10 ms.
const POLL_INTERVAL: Duration = Duration::from_millis(1);
/// Bytes of an answer that are read; every answer asked for here is one line.
const LONGEST_ANSWER: usize = 4096;

/// What a program answers on its standard output, trimmed; nothing where it fails or is too slow.
///
/// `NODE_OPTIONS` is withheld: a flag meant for the build may be unknown to the program, or preload code.
pub(crate) fn ask(
    program: &Path,
    arguments: &[&str],
    environment: &BTreeMap<String, String>,
    folder: &Path,
    limit: Duration,
) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(environment)
        .env_remove("NODE_OPTIONS")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let deadline = Instant::now() + limit;
    let ended = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status.success(),
            Ok(None) if Instant::now() < deadline => thread::sleep(POLL_INTERVAL),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                break false;
            }
        }
    };
    let mut answer = vec![0; LONGEST_ANSWER];
    let length = child.stdout.take().filter(|_| ended)?.read(&mut answer).ok()?;
    Some(std::str::from_utf8(&answer[..length]).ok()?.trim().to_owned())
}
