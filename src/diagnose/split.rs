//! Lines that a platform split: npm up to 9 writes `npm`, `ERR!` and the text one by one, and Amplify logs each as a line.

/// What npm writes first.
const NAME: &[u8] = b"npm";
/// What it writes next.
const LEVELS: [&[u8]; 6] = [b"ERR!", b"WARN", b"notice", b"error", b"warn", b"info"];

/// Joins the last line of a text to the one before, where that one holds only the beginning of a line of npm. The line
/// before stays, empty, so that all keep their numbers.
pub(super) fn rejoin(text: &mut Vec<u8>, starts: &mut [usize]) {
    let [.., before, here] = starts else { return };
    let head = text[*before..*here].trim_ascii();
    let tail = text[*here..].trim_ascii();
    let begins = |levels: &[u8]| LEVELS.iter().any(|level| levels.starts_with(level));
    let is_split = match head.strip_prefix(NAME).map(<[u8]>::trim_ascii) {
        Some(b"") => begins(tail),
        Some(level) => LEVELS.contains(&level) && !tail.is_empty() && !tail.starts_with(NAME),
        None => false,
    };
    if !is_split {
        return;
    }
    let joined = [head, b" ", tail].concat();
    text.truncate(*before);
    text.push(b'\n');
    *here = text.len();
    text.extend_from_slice(&joined);
}

/// Whether a platform that splits lines wrote this one.
pub(super) fn may_be_split(raw: &[u8]) -> bool {
    memchr::memmem::find(&raw[..raw.len().min(40)], b"Z [WARNING]:").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(lines: &[&str]) -> String {
        let (mut text, mut starts) = (Vec::new(), Vec::new());
        for line in lines {
            starts.push(text.len());
            text.extend_from_slice(line.as_bytes());
            rejoin(&mut text, &mut starts);
            text.push(b'\n');
        }
        assert_eq!(starts.len(), lines.len());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn what_npm_wrote_in_pieces_is_one_line_again() {
        assert_eq!(
            joined(&["npm", "ERR! code", "npm ERR! path"]),
            "\nnpm ERR! code\nnpm ERR! path\n"
        );
        assert_eq!(joined(&["npm", " ERR!", "code ELIFECYCLE"]), "\n\nnpm ERR! code ELIFECYCLE\n");
        assert_eq!(joined(&["npm WARN", "deprecated x"]), "\nnpm WARN deprecated x\n");
    }

    #[test]
    fn what_is_whole_stays() {
        for lines in [
            &["npm ERR!", "npm ERR! path"][..],
            &["npm ERR!", "", "next"],
            &["npm", "run build"],
            &["first"],
        ] {
            assert_eq!(joined(lines), lines.join("\n") + "\n");
        }
    }
}
