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
        b'0'..=b'9' => date(line).or_else(|| clock(line)).or_else(|| seconds(line)).unwrap_or(0),
        b'[' => bracket(line),
        b' ' if line.len() > AMPLIFY_INDENT
            && line[..AMPLIFY_INDENT].iter().all(|byte| *byte == b' ') =>
        {
            AMPLIFY_INDENT
        }
        b' ' => indentation(line),
        b'#' => buildkit(line),
        _ => task(line),
    }
}

/// What Amplify puts before a message, behind the date.
const LEVELS: [&[u8]; 4] = [b"[INFO]:", b"[WARNING]:", b"[ERROR]:", b"[HELP]:"];
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
    let level = LEVELS.iter().find(|level| line[end..].starts_with(level));
    let end = end + level.map_or(0, |level| level.len());
    Some(end + usize::from(level.is_some() && line.get(end) == Some(&b' ')))
}

/// `12:34:56 PM: ` of Netlify, `12:34:56.789 ` of Vercel's dashboard.
fn clock(line: &[u8]) -> Option<usize> {
    let hour = digits(line);
    if !(1..=2).contains(&hour) || !looks_like(&line[hour..], b":00:00") {
        return None;
    }
    let end = hour + 6;
    let rest = &line[end..];
    if rest.starts_with(b"  ") {
        return Some(end + rest.iter().take_while(|byte| **byte == b' ').count());
    }
    if rest.starts_with(b" AM: ") || rest.starts_with(b" PM: ") {
        return Some(end + 5);
    }
    if rest.first() == Some(&b'.') {
        let fraction = digits(&rest[1..]);
        let behind = end + 1 + fraction;
        return match line.get(behind) {
            // Copied from a table, the time is a column.
            Some(b' ' | b'\t') if fraction == 3 && line[behind + 1..].starts_with(b"| ") => {
                Some(behind + 3)
            }
            Some(b' ' | b'\t') if fraction == 3 => Some(behind + 1),
            None if fraction == 3 => Some(behind),
            _ => None,
        };
    }
    None
}

/// `8.729 ` of a docker build without its step: four digits, wherever the point stands.
fn seconds(line: &[u8]) -> Option<usize> {
    let whole = digits(line);
    let fraction = digits(line.get(whole + 1..)?);
    let is_time = line[whole] == b'.' && whole > 0 && fraction > 0 && whole + fraction == 4;
    (is_time && line.get(whole + 1 + fraction) == Some(&b' ')).then_some(whole + fraction + 2)
}

/// `[12:34:56.789] ` of Vercel, `[Container] 2025/10/08 22:22:34.059 ` of CodeBuild.
fn bracket(line: &[u8]) -> usize {
    if looks_like(line, b"[00:00:00.000]") {
        return 14 + usize::from(line.get(14) == Some(&b' '));
    }
    if looks_like(line, b"[00:00:00] ") {
        return 11;
    }
    if let Some(level) = LEVELS.iter().find(|level| line.starts_with(level)) {
        return level.len() + usize::from(line.get(level.len()) == Some(&b' '));
    }
    let container = b"[Container] ";
    if line.starts_with(container) && looks_like(&line[container.len()..], b"0000/00/00 00:00:00") {
        let rest = &line[container.len() + 19..];
        let end = rest.iter().position(|byte| *byte == b' ').map_or(rest.len(), |end| end + 1);
        return container.len() + 19 + end;
    }
    0
}

/// What a script indents of npm's output; other output may mean its indentation.
fn indentation(line: &[u8]) -> usize {
    let text = line.trim_ascii_start();
    let is_npm = text.starts_with(b"npm ERR!") || text.starts_with(b"npm error ");
    if is_npm { line.len() - text.len() } else { 0 }
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

/// `@app/web:build: ` of turbo, `apps/web build: ` of pnpm, `job<tab>step<tab>date ` of GitHub's CLI.
fn task(line: &[u8]) -> usize {
    const LONGEST_NAME: usize = 120;
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
    let name = head
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"@/._-".contains(byte))
        .count();
    if name == 0 {
        return 0;
    }
    let rest = &line[name..];
    // A column of names: docker compose, and pnpm in a workspace.
    let gap = rest.iter().take_while(|byte| **byte == b' ').count();
    if gap > 0 && rest[gap..].starts_with(b"| ") {
        return name + gap + 2;
    }
    [&b":build: "[..], b" build: ", b":build:", b" build:"]
        .iter()
        .find(|mark| rest.starts_with(mark) && (mark.ends_with(b" ") || rest.len() == mark.len()))
        .map_or(0, |mark| name + mark.len())
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
            ("12:34:56.789 Failed to compile.", "Failed to compile."),
            ("12:34:56.789 | Failed to compile.", "Failed to compile."),
            ("[12:34:56] Failed to compile.", "Failed to compile."),
            ("12:34:56   npm ERR! code", "npm ERR! code"),
            ("[WARNING]: npm error", "npm error"),
            ("web-1  | npm error", "npm error"),
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
