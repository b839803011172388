//! What platforms and those who run tasks put before every line.

/// How many bytes at the beginning of a line are a platform's.
pub(super) fn framing(line: &[u8]) -> usize {
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
        b' ' => indentation(line),
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

/// What a script indents of npm's output, and docker compose its summary; other output may mean its indentation.
fn indentation(line: &[u8]) -> usize {
    let text = line.trim_ascii_start();
    let blanks = line.len() - text.len();
    let is_npm = text.starts_with(b"npm ERR!") || text.starts_with(b"npm error ");
    if is_npm { blanks } else { seconds(text).map_or(0, |end| blanks + end) }
}

/// `12:34:56 PM: ` of Netlify, `12:34:56.789 ` of Vercel's dashboard, where a table adds `| `.
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
