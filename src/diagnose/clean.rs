//! A line of a log as its tool wrote it: without colours, and without what platforms put before every line.

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

/// How many bytes at the beginning of a line are a platform's.
fn framing(line: &[u8]) -> usize {
    let Some(first) = line.first() else { return 0 };
    match first {
        b'0'..=b'9' => {
            let time = date(line).or_else(|| clock(line)).or_else(|| seconds(line));
            time.unwrap_or_else(|| task(line))
        }
        b'[' => bracket(line),
        b' ' if line.len() > AMPLIFY_INDENT
            && line[..AMPLIFY_INDENT].iter().all(|byte| *byte == b' ') =>
        {
            AMPLIFY_INDENT
        }
        b' ' => indented_seconds(line),
        b'#' => buildkit(line),
        0xE2 => triangle(line),
        _ => task(line),
    }
}

/// `▲  ` of the build of Vercel that Cloudflare runs; `▲ Next.js 16.1.1` is Next.js's own.
fn triangle(line: &[u8]) -> usize {
    let Some(rest) = line.strip_prefix("▲ ".as_bytes()) else { return 0 };
    if rest.starts_with(b"Next.js ") {
        return 0;
    }
    line.len() - rest.trim_ascii_start().len()
}

/// Lines of one message of Amplify after its first begin so.
const AMPLIFY_INDENT: usize = 33;

/// Whether bytes look like the pattern, in which `0` stands for a digit.
fn looks_like(bytes: &[u8], pattern: &[u8]) -> bool {
    bytes.len() >= pattern.len()
        && bytes.iter().zip(pattern).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            shape => byte == shape,
        })
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// `2025-10-08T22:22:34.059Z [INFO]: ` of Amplify, `2025-10-08T22:22:34.0590000Z ` of GitHub and others.
fn date(line: &[u8]) -> Option<usize> {
    if !looks_like(line, b"0000-00-00T00:00:00") {
        return None;
    }
    let mut end = 19;
    if line.get(end) == Some(&b'.') {
        end += 1 + digits(&line[end + 1..]);
    }
    if line.get(end) == Some(&b'Z') {
        end += 1;
    }
    if line.get(end).is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
        end += 1;
    } else if end < line.len() {
        return None;
    }
    let level = [&b"[INFO]:"[..], b"[WARNING]:", b"[ERROR]:", b"[HELP]:"];
    let level = level.iter().find(|level| line[end..].starts_with(level));
    let end = end + level.map_or(0, |level| level.len());
    Some(end + usize::from(level.is_some() && line.get(end) == Some(&b' ')))
}

/// `3.456 ` of docker, in the summary of a step that failed: four figures or more, at most three behind the point.
fn seconds(line: &[u8]) -> Option<usize> {
    let whole = digits(line);
    if whole == 0 || line.get(whole) != Some(&b'.') {
        return None;
    }
    let fraction = digits(&line[whole + 1..]);
    let end = whole + 1 + fraction;
    let is_time = (1..=3).contains(&fraction) && (4..=8).contains(&(whole + fraction));
    match line.get(end) {
        Some(b' ') if is_time => Some(end + 1),
        None if is_time => Some(end),
        _ => None,
    }
}

/// The summary of docker compose is indented.
fn indented_seconds(line: &[u8]) -> usize {
    const DEEPEST: usize = 8;
    let blanks = line.iter().take(DEEPEST).take_while(|byte| **byte == b' ').count();
    seconds(&line[blanks..]).map_or(0, |end| blanks + end)
}

/// `12:34:56 PM: ` of Netlify, `12:34:56.789 ` of Vercel's dashboard, where a table adds `| `.
fn clock(line: &[u8]) -> Option<usize> {
    let hour = digits(line);
    if !(1..=2).contains(&hour) || !looks_like(&line[hour..], b":00:00") {
        return None;
    }
    let end = hour + 6;
    let rest = &line[end..];
    if rest.starts_with(b" AM: ") || rest.starts_with(b" PM: ") {
        return Some(end + 5);
    }
    if rest.first() == Some(&b'.') {
        let fraction = digits(&rest[1..]);
        let behind = end + 1 + fraction;
        return match line.get(behind) {
            Some(b' ' | b'\t') if fraction == 3 => {
                let bar = line[behind + 1..]
                    .strip_prefix(b"|")
                    .map_or(0, |text| 1 + usize::from(matches!(text.first(), Some(b' ' | b'\t'))));
                Some(behind + 1 + bar)
            }
            None if fraction == 3 => Some(behind),
            _ => None,
        };
    }
    None
}

/// `[12:34:56.789] ` of Vercel, `[Container] 2025/10/08 22:22:34.059 ` of CodeBuild, `[1] ` of concurrently,
/// `[@app/web]: ` of yarn.
fn bracket(line: &[u8]) -> usize {
    if looks_like(line, b"[00:00:00.000]") {
        return 14 + usize::from(line.get(14) == Some(&b' '));
    }
    let container = b"[Container] ";
    if line.starts_with(container) && looks_like(&line[container.len()..], b"0000/00/00 00:00:00") {
        let rest = &line[container.len() + 19..];
        let end = rest.iter().position(|byte| *byte == b' ').map_or(rest.len(), |end| end + 1);
        return container.len() + 19 + end;
    }
    let number = digits(&line[1..]);
    if (1..=2).contains(&number) && line.get(1 + number) == Some(&b']') {
        return 2 + number + usize::from(line.get(2 + number) == Some(&b' '));
    }
    let name = name_length(&line[1..]);
    if name > 0 && !line[1].is_ascii_uppercase() && line[1 + name..].starts_with(b"]: ") {
        return name + 4;
    }
    0
}

/// Bytes at the beginning that a package's name or folder may consist of.
fn name_length(line: &[u8]) -> usize {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"@/._-".contains(byte);
    line.iter().take(LONGEST_NAME).take_while(is_part).count()
}

/// `#12 3.456 ` of a docker build.
fn buildkit(line: &[u8]) -> usize {
    let number = digits(&line[1..]);
    if number == 0 || line.get(1 + number) != Some(&b' ') {
        return 0;
    }
    let seconds = &line[2 + number..];
    let whole = digits(seconds);
    if whole == 0 || seconds.get(whole) != Some(&b'.') {
        return 0;
    }
    let fraction = digits(&seconds[whole + 1..]);
    let end = 2 + number + whole + 1 + fraction;
    if fraction > 0 && line.get(end) == Some(&b' ') { end + 1 } else { 0 }
}

/// Names of packages and tasks in a prefix are no longer.
const LONGEST_NAME: usize = 120;

/// How the names of scripts that build begin: those whose words are looked for without their prefix.
const TASKS: &[&[u8]] = &[
    b"build",
    b"prebuild",
    b"postbuild",
    b"vercel-build",
    b"next:",
    b"lint",
    b"type",
    b"check",
    b"gen",
    b"codegen",
    b"deploy",
    b"export",
];

/// `@app/web:build: ` of turbo, `apps/web build: ` of pnpm, `web-1  | ` of docker compose, `job<tab>step<tab>date ` of GitHub's CLI.
fn task(line: &[u8]) -> usize {
    let head = &line[..line.len().min(LONGEST_NAME)];
    if let Some(first) = memchr::memchr(b'\t', head)
        && let Some(second) = memchr::memchr(b'\t', &head[first + 1..])
    {
        let behind = first + second + 2;
        let rest = line[behind..].strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line[behind..]);
        if looks_like(rest, b"0000-00-00T00:00:00") {
            return line.len() - rest.len();
        }
    }
    let name = name_length(line);
    if name == 0 {
        return 0;
    }
    let rest = &line[name..];
    let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    let is_number = line[..name].iter().all(u8::is_ascii_digit);
    if blanks > 0 && !is_number && rest[blanks..].starts_with(b"|") {
        let bar = &rest[blanks + 1..];
        return name + blanks + 1 + usize::from(bar.first() == Some(&b' '));
    }
    let Some(b':' | b' ') = rest.first() else { return 0 };
    let script = &rest[1..];
    if !TASKS.iter().any(|task| script.starts_with(task)) {
        return 0;
    }
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b":_-".contains(byte);
    let end = script.iter().take_while(is_part).count();
    match (script[..end].strip_suffix(b":"), script.get(end)) {
        (Some(_), Some(b' ')) => name + 1 + end + 1,
        (Some(_), None) => name + 1 + end,
        _ => 0,
    }
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
