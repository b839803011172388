//! A value as a line of a `.env` file from which `@next/env` reads exactly that value.

use std::collections::BTreeMap;

use super::{dotenv, expand::expand};

/// Followed by lines with every quote, a line must still be read alone.
const HOSTILE: &str = "Z1='x'\nZ2=\"x\"\nZ3=`x`\n# it's \"a\" `comment`\n";

/// `NAME=…` without a newline, or nothing when the format cannot express the value.
pub(super) fn encode(name: &str, value: &str) -> Option<String> {
    // The parser's line ends include these two, which this crate's reader does not follow.
    if value.contains(['\0', '\u{2028}', '\u{2029}']) {
        return None;
    }
    // A dollar is expanded in every kind of quotes.
    let escaped = value.replace('$', "\\$");
    let plain = !value.is_empty()
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_./:@%+,=~?&-".contains(&byte));
    let one_line = escaped.replace('\n', "\\n").replace('\r', "\\r");
    let mut quoted = [('"', &one_line), ('\'', &escaped), ('`', &escaped), ('"', &escaped)];
    // Next.js also reads many values that hold their own quote, but other tools do not.
    quoted.sort_by_key(|(quote, _)| value.contains(*quote));
    let quoted = quoted.map(|(quote, inner)| format!("{quote}{inner}{quote}"));
    plain
        .then(|| escaped.clone())
        .into_iter()
        .chain(quoted)
        .chain([escaped.clone()])
        .map(|written| format!("{name}={written}"))
        .find(|line| reads_back(line, name, value))
}

fn reads_back(line: &str, name: &str, value: &str) -> bool {
    ["", HOSTILE].iter().all(|after| {
        let entries = dotenv::parse(&format!("{line}\n{after}")).entries;
        let expected = if after.is_empty() { 1 } else { 4 };
        let Ok(expanded) = expand(&entries, &BTreeMap::new()) else { return false };
        expanded.values.len() == expected
            && expanded.values.first().is_some_and(|(n, v)| n == name && v == value)
            && expanded.values.iter().skip(1).all(|(_, v)| v == "x")
    })
}
