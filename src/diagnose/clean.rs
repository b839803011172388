//! A line of a log as its tool wrote it: without colours, and without what platforms put before every line.

use super::framing::framing;

/// Longer lines are cut: no message of a tool is longer, and bundles on one line are.
const LONGEST_LINE: usize = 8 * 1024;
/// A prefix may stand in a prefix: turbo in Amplify.
const DEEPEST_FRAMING: usize = 3;

/// Appends a line, without its end, to the clean text.
pub(super) fn clean_line(raw: &[u8], clean: &mut Vec<u8>) {
    let raw = &raw[..raw.len().min(LONGEST_LINE)];
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    let begin = clean.len();
    if memchr::memchr(b'\x1b', raw).is_some() {
        without_escapes(raw, clean);
    } else {
        clean.extend_from_slice(raw);
    }
    // A line that was written over: what stands there in the end.
    if let Some(end) = memchr::memrchr(b'\r', &clean[begin..]) {
        clean.drain(begin..=begin + end);
    }
    for _ in 0..DEEPEST_FRAMING {
        let prefix = framing(&clean[begin..]);
        if prefix == 0 {
            break;
        }
        clean.drain(begin..begin + prefix);
    }
    while clean[begin..].last().is_some_and(u8::is_ascii_whitespace) {
        clean.pop();
    }
}

/// Leaves out CSI sequences (colours) and operating system commands (links, titles).
fn without_escapes(raw: &[u8], clean: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(start) = memchr::memchr(b'\x1b', rest) {
        clean.extend_from_slice(&rest[..start]);
        let sequence = &rest[start + 1..];
        let length = match sequence.first() {
            Some(b'[') => sequence
                .iter()
                .skip(1)
                .position(|byte| (0x40..=0x7e).contains(byte))
                .map_or(sequence.len(), |end| end + 2),
            Some(b']') => sequence.iter().position(|byte| matches!(byte, 0x07 | b'\x1b')).map_or(
                sequence.len(),
                |end| match sequence.get(end..end + 2) {
                    Some(b"\x1b\\") => end + 2,
                    _ => end + 1,
                },
            ),
            Some(_) => 1,
            None => 0,
        };
        rest = &sequence[length.min(sequence.len())..];
    }
    clean.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(line: &str) -> String {
        let mut text = b"before\n".to_vec();
        clean_line(line.as_bytes(), &mut text);
        String::from_utf8_lossy(&text[7..]).into_owned()
    }

    #[test]
    fn colours_and_framing_go() {
        for (line, expected) in [
            (
                "2025-10-08T22:22:34.059Z [WARNING]: \x1b[31mnpm error\x1b[0m code E404\r",
                "npm error code E404",
            ),
            ("                                 npm error 404", "npm error 404"),
            ("2025-10-08T22:22:34 [INFO]: Beginning deployment", "Beginning deployment"),
            (
                "2025-10-08T22:22:34.0591234Z ##[error]Process completed",
                "##[error]Process completed",
            ),
            ("build\tRun npm ci\t2025-10-08T22:22:34.0591234Z npm error", "npm error"),
            ("[12:34:56.789] Failed to compile.", "Failed to compile."),
            ("2025-10-08T22:22:34.34597Z\t▲  Failed to compile.", "Failed to compile."),
            ("▲ Next.js 14.2.4", "▲ Next.js 14.2.4"),
            ("12:34:56.789 Failed to compile.", "Failed to compile."),
            ("[12:34:56] Failed to compile.", "Failed to compile."),
            ("12:34:56   npm ERR! code", "npm ERR! code"),
            ("[WARNING]: npm error", "npm error"),
            ("  npm error code E404", "npm error code E404"),
            ("  at Page", "  at Page"),
            ("19.65 error: lockfile is frozen", "error: lockfile is frozen"),
            ("2.50 kB first load", "2.50 kB first load"),
            ("1:34:56 PM: Failed to compile.", "Failed to compile."),
            (
                "[Container] 2025/10/08 22:22:34.059123 Running command npm ci",
                "Running command npm ci",
            ),
            ("#12 3.456 npm error", "npm error"),
            ("@app/web:build: Failed to compile.", "Failed to compile."),
            (
                "2025-10-08T22:22:34.059Z [INFO]: web:build: Failed to compile.",
                "Failed to compile.",
            ),
            ("apps/web build: Failed to compile.", "Failed to compile."),
            ("10% building\r50% building\r100% done", "100% done"),
            ("\x1b]8;;https://example.com\x1b\\a link\x1b]8;;\x1b\\", "a link"),
            ("src/app/page.tsx:3:7", "src/app/page.tsx:3:7"),
            ("Error: 12:34", "Error: 12:34"),
            ("12:5  Error: no", "12:5  Error: no"),
            ("12:34:56.789 | Failed to compile.", "Failed to compile."),
            ("12:34:56.789 |", ""),
            ("147.4 Failed to compile.", "Failed to compile."),
            ("0.424", ""),
            ("    86.22 TypeError: no", "TypeError: no"),
            ("    1.5 MB", "    1.5 MB"),
            ("1.5 MB", "1.5 MB"),
            ("16.2.0 is out", "16.2.0 is out"),
            ("[1] ./app/page.tsx:3:18", "./app/page.tsx:3:18"),
            ("[@app/web]: Failed to compile.", "Failed to compile."),
            ("[Error]: no", "[Error]: no"),
            ("web-1  | Failed to compile.", "Failed to compile."),
            ("@app/web:build:production: Failed to compile.", "Failed to compile."),
            ("web:type-check: src/a.ts(1,2): error TS1: x", "src/a.ts(1,2): error TS1: x"),
            ("app build started: now", "app build started: now"),
            ("12 | const a = 1", "12 | const a = 1"),
            ("1web:build: Failed to compile.", "Failed to compile."),
            ("cut \x1b[3", "cut"),
        ] {
            assert_eq!(clean(line), expected, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut text = Vec::new();
            clean_line(&raw, &mut text);
            prop_assert!(text.len() <= raw.len());
        }
    }
}
