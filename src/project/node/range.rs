use std::sync::LazyLock;

use nodejs_semver::{Range, Version};
use regex::Regex;

/// One number of a version, or a placeholder for any.
const NUMBER: &str = r"(?:0|[1-9][0-9]*|[xX*])";

/// One comparator: operator, then up to three numbers, pre-release and build.
#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static COMPARATOR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"^(?<operator>~>|[~^]|[<>]?=?)(?<signs>[v=]*)(?<major>{NUMBER})(?:\.(?<minor>{NUMBER})(?:\.(?<patch>{NUMBER})(?<pre>-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)?)?$"
    ))
    .unwrap()
});

/// A range of versions as npm understands it.
#[derive(Debug, Clone)]
pub(crate) struct NodeRange {
    /// Any of them must hold; within one, every part.
    alternatives: Vec<Vec<Part>>,
}

#[derive(Debug, Clone)]
enum Part {
    Always,
    Never,
    In(Range),
}

impl NodeRange {
    /// Parses a range; nothing where npm finds none in it, which it takes as fulfilled by no version.
    ///
    /// nodejs-semver reads what lies between blanks as alternatives and skips what it cannot read,
    /// so it is given one comparator at a time.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let alternatives = text.split("||").map(alternative).collect::<Option<_>>()?;
        Some(Self { alternatives })
    }

    /// Whether a version lies in it; pre-releases count, as they do when npm checks `engines`.
    pub(crate) fn contains(&self, version: &Version) -> bool {
        let holds = |part: &Part| match part {
            Part::Always => true,
            Part::Never => false,
            Part::In(range) => range.satisfies_with_prerelease(version, true),
        };
        self.alternatives.iter().any(|parts| parts.iter().all(holds))
    }

    /// The range of everything that begins like a version, as `.nvmrc` means `20` or `v20.11`.
    pub(crate) fn prefix(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let is_prefix = text.split('.').count() <= 3
            && text
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        is_prefix.then(|| Self::parse(text)).flatten()
    }
}

fn alternative(text: &str) -> Option<Vec<Part>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [low, "-", high] = words[..] {
        let (low, high) = (bare(low)?, bare(high)?);
        return Some(vec![Part::In(Range::parse(format!("{low} - {high}")).ok()?)]);
    }
    // npm lets blanks stand between an operator and its version.
    let mut comparators: Vec<String> = Vec::new();
    let mut open = false;
    for word in words {
        match comparators.last_mut() {
            Some(last) if open => last.push_str(word),
            _ => comparators.push(word.to_owned()),
        }
        open = comparators.last().is_some_and(|last| last.ends_with(['<', '>', '=', '~', '^']));
    }
    comparators.iter().map(|text| comparator(text)).collect()
}

/// A version without an operator, as both ends of `18 - 20` are.
fn bare(text: &str) -> Option<&str> {
    let captures = COMPARATOR.captures(text)?;
    let start = captures.name("major")?.start();
    (captures.name("operator")?.as_str().trim_matches('=').is_empty()).then_some(&text[start..])
}

fn comparator(text: &str) -> Option<Part> {
    let captures = COMPARATOR.captures(text)?;
    let part = |name| captures.name(name).map(|found| found.as_str());
    let numbers = [part("major"), part("minor"), part("patch")];
    let is_placeholder = |number: Option<&str>| number.is_none_or(|text| "xX*".contains(text));
    let known = numbers.iter().take_while(|number| !is_placeholder(**number)).count();
    if numbers[known..].iter().any(|number| !is_placeholder(*number)) {
        return None;
    }
    let operator = part("operator").unwrap_or_default();
    // A doubled `=` is only let through before an incomplete version.
    if known == 3 && !operator.is_empty() && part("signs").is_some_and(|signs| signs.contains('='))
    {
        return None;
    }
    if known == 0 {
        return Some(if matches!(operator, "<" | ">") { Part::Never } else { Part::Always });
    }
    let version: Vec<&str> = numbers[..known].iter().copied().flatten().collect();
    let operator = if operator == "~>" { "~" } else { operator };
    let pre = if known == 3 { part("pre").unwrap_or_default() } else { "" };
    Range::parse(format!("{operator}{}{pre}", version.join("."))).ok().map(Part::In)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSIONS: &[&str] = &[
        "16.20.2", "17.9.1", "18.0.0", "18.17.1", "18.20.4", "19.8.1", "20.0.0", "20.8.1",
        "20.9.0", "20.11.1", "20.12.0", "20.20.2", "21.0.0", "21.7.3", "22.0.0", "22.18.0",
        "23.0.0", "24.14.1", "26.0.0",
    ];

    /// What npm's `semver` 7.8 answers for each version, with pre-releases included.
    const NPM_ANSWERS: &[(&str, &str)] = &[
        ("20", "0000001111110000000"),
        ("v20", "0000001111110000000"),
        ("20.x", "0000001111110000000"),
        ("20.11", "0000000001000000000"),
        ("20.11.1", "0000000001000000000"),
        ("v20.11.1", "0000000001000000000"),
        ("=20.11.1", "0000000001000000000"),
        ("= 20", "0000001111110000000"),
        ("==20", "0000001111110000000"),
        ("==20.11.1", "invalid"),
        (">=20", "0000001111111111111"),
        (">=20.x", "0000001111111111111"),
        (">=20.9", "0000000011111111111"),
        (">=20.9.0", "0000000011111111111"),
        (">20", "0000000000001111111"),
        (">20.x", "0000000000001111111"),
        ("<20", "1111110000000000000"),
        ("<=20.9", "1111111110000000000"),
        ("<20.9.0", "1111111100000000000"),
        ("<= 22", "1111111111111111000"),
        ("~20.9", "0000000010000000000"),
        ("~20.9.0", "0000000010000000000"),
        ("~>20.9", "0000000010000000000"),
        ("^20.9", "0000000011110000000"),
        ("^20.9.0", "0000000011110000000"),
        ("^ 20", "0000001111110000000"),
        ("^20.x", "0000001111110000000"),
        ("^*", "1111111111111111111"),
        ("~*", "1111111111111111111"),
        (">*", "0000000000000000000"),
        (">=*", "1111111111111111111"),
        ("<*", "0000000000000000000"),
        ("<=*", "1111111111111111111"),
        ("*", "1111111111111111111"),
        ("x", "1111111111111111111"),
        ("", "1111111111111111111"),
        ("||", "1111111111111111111"),
        ("|| 20", "1111111111111111111"),
        ("18 || 20", "0011101111110000000"),
        ("18 20", "0000000000000000000"),
        (">=18 <21", "0011111111110000000"),
        (">=18,<21", "invalid"),
        (">=18, <21", "invalid"),
        ("18 - 20", "0011111111110000000"),
        ("18.x - 20.x", "0011111111110000000"),
        ("v18 - v20", "0011111111110000000"),
        ("18 -20", "invalid"),
        ("18-20", "invalid"),
        ("^18.18.0 || ^19.8.0 || >= 20.0.0", "0000111111111111111"),
        ("lts/*", "invalid"),
        ("lts/iron", "invalid"),
        ("node", "invalid"),
        ("20.11.1-nightly", "0000000000000000000"),
        (">=20.0.0-0", "0000001111111111111"),
        ("^20.11.1-rc.1", "0000000001110000000"),
        (">=20 <", "invalid"),
        (">=", "invalid"),
        ("20.x.x", "0000001111110000000"),
        ("20.x.1", "invalid"),
        ("!20", "invalid"),
        (">=020.1.0", "invalid"),
        ("20.11.1+build", "0000000001000000000"),
        (">= v20", "0000001111111111111"),
        (">=20 || <18", "1100001111111111111"),
        ("=>20", "invalid"),
        (">=20 <=22.x", "0000001111111111000"),
        ("^0.12", "0000000000000000000"),
        (">=14.0.0 <=16.x || 20", "1000001111110000000"),
        ("20 LTS", "invalid"),
        ("~20.9 || ~22", "0000000010000011000"),
        (">=18.0.0-pre", "0011111111111111111"),
        ("^20.0.0 ^20.9.0", "0000000011110000000"),
        ("20 22", "0000000000000000000"),
        (">=20.9.0 <20.12.0 || 22.x", "0000000011000011000"),
        ("\t>=20\n", "0000001111111111111"),
        (">=99999999999999999999", "invalid"),
        (">=20.11.1.2", "invalid"),
    ];

    #[test]
    fn ranges_mean_what_npm_says() {
        let versions: Vec<_> = VERSIONS.iter().map(|text| Version::parse(text).unwrap()).collect();
        for (text, expected) in NPM_ANSWERS {
            let answer = NodeRange::parse(text).map_or("invalid".to_owned(), |range| {
                versions
                    .iter()
                    .map(|version| if range.contains(version) { '1' } else { '0' })
                    .collect()
            });
            assert_eq!(&answer, expected, "{text:?}");
        }
    }
}
