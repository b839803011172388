//! Logs that no tool wrote: nothing may panic, and nothing may take more than its size.

use super::diagnose;

/// Bytes that look random and are the same in every run.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..size).map(|_| next()).collect()
}

fn id(log: &[u8]) -> Option<String> {
    let ran = diagnose(&["-", "--format", "json"], log);
    let report = ran.json();
    assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.stderr);
    report["diagnoses"][0]["primary"]["id"].as_str().map(ToOwned::to_owned)
}

const HEAP: &[u8] =
    b"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n";

#[test]
fn an_empty_log_and_noise_tell_nothing() {
    assert_eq!(id(b""), None);
    assert_eq!(id(b"\n\n\n"), None);
    assert_eq!(id(&noise(500_000)), None);
}

#[test]
fn an_error_is_found_among_junk() {
    let mut log = noise(200_000);
    log.extend_from_slice(b"\nhalf a character: \xe2\x9c\n");
    log.extend(vec![b'x'; 10 * 1024 * 1024]);
    log.push(b'\n');
    log.extend_from_slice(HEAP);
    log.extend(noise(200_000));
    assert_eq!(id(&log).as_deref(), Some("build/out-of-memory-heap"));
}

#[test]
fn one_error_said_a_hundred_thousand_times_is_one() {
    let log = HEAP.repeat(100_000);
    assert_eq!(id(&log).as_deref(), Some("build/out-of-memory-heap"));
    let log = b"# Executing command: npm run build\n".repeat(50_000);
    assert_eq!(id(&log), None);
}

#[test]
fn a_log_without_its_last_line_end_and_with_windows_ends_is_read() {
    assert_eq!(id(HEAP.trim_ascii_end()).as_deref(), Some("build/out-of-memory-heap"));
    let windows = String::from_utf8_lossy(HEAP).replace('\n', "\r\n");
    assert_eq!(id(windows.as_bytes()).as_deref(), Some("build/out-of-memory-heap"));
}
