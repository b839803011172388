use serde_json::{Map, Value};

/// Levels within levels, above which nobody wrote the file.
const DEEPEST: usize = 64;
/// Blanks in front of a line, likewise.
const FARTHEST: usize = 256;

/// Reads a file whose top level is a table; nothing where it is none, or nests so deep that the parser's time would grow with
/// the square of it.
pub(super) fn table(text: &str) -> Option<Map<String, Value>> {
    if is_too_deep(text) {
        return None;
    }
    Some(serde_yaml::from_str::<Option<Map<String, Value>>>(text).ok()?.unwrap_or_default())
}

fn is_too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    text.lines().any(|line| {
        let content = line.trim_start_matches([' ', '\t', '-', '?', ':']);
        let start = line.len() - content.len();
        let marks = line[..start].bytes().filter(|byte| !matches!(byte, b' ' | b'\t')).count();
        // Quotes are not looked at: text with so many brackets that nothing closes is as odd.
        let is_deep = content.bytes().any(|byte| {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth > DEEPEST
        });
        is_deep || start > FARTHEST || marks > DEEPEST
    })
}
