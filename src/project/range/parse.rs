//! `parseRange` of `semver` 7.8 and what it calls, step for step.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    comparator::{Comparator, Operator},
    set::Reading,
};

/// One comparator: operator, signs, then up to three numbers, pre-release and build.
fn pattern(number: &str, prerelease: &str) -> String {
    format!(
        r"^(?<operator>~>|[~^]|[<>]?=?)(?<signs>[v=]*)(?<major>{number})(?:\.(?<minor>{number})(?:\.(?<patch>{number})(?:{prerelease})?(?:\+[0-9A-Za-z.-]+)?)?)?$"
    )
}

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static STRICT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&pattern("(?:0|[1-9][0-9]*|[xX*])", "-(?<pre>[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)"))
        .unwrap()
});

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static LOOSE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&pattern("(?:[0-9]+|[xX*])", "-?(?<pre>[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)"))
        .unwrap()
});

/// A version with numbers left open from some place on.
struct Partial<'a> {
    operator: &'a str,
    /// The known ones, padded with zeros.
    numbers: [u64; 3],
    /// How many are known.
    known: usize,
    prerelease: &'a str,
}

/// The comparators of what stands between two `||`; nothing where `semver` finds none.
pub(super) fn alternative(text: &str, reading: Reading) -> Option<Vec<Comparator>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [low, "-", high] = words[..]
        && let (Some(low), Some(high)) = (partial(low, reading), partial(high, reading))
        && [&low, &high].iter().all(|end| end.operator.trim_matches('=').is_empty())
    {
        return Some(between(&low, &high, reading));
    }
    // Blanks may stand between an operator and its version.
    let mut joined: Vec<String> = Vec::new();
    let mut open = false;
    for word in words {
        match joined.last_mut() {
            Some(last) if open => last.push_str(word),
            _ => joined.push(word.to_owned()),
        }
        open = joined.last().is_some_and(|last| last.ends_with(['<', '>', '=', '~', '^']));
    }
    if joined.is_empty() {
        return Some(Vec::new());
    }
    let parts = joined.iter().map(|text| comparators(text, reading));
    let parts: Vec<_> = match reading {
        Reading::Engines => parts.collect::<Option<_>>()?,
        // What is no comparator is thrown out.
        Reading::Dependency => parts.flatten().collect(),
    };
    if parts.is_empty() {
        return None;
    }
    let all: Vec<_> = parts.into_iter().flatten().collect();
    let never = Comparator::never();
    Some(if all.contains(&never) { vec![never] } else { all })
}

fn partial(text: &str, reading: Reading) -> Option<Partial<'_>> {
    let pattern = match reading {
        Reading::Engines => &*STRICT,
        Reading::Dependency => &*LOOSE,
    };
    let captures = pattern.captures(text)?;
    let part = |name| captures.name(name).map(|found| found.as_str());
    let texts = [part("major"), part("minor"), part("patch")];
    let is_open = |number: Option<&str>| number.is_none_or(|text| "xX*".contains(text));
    let known = texts.iter().take_while(|number| !is_open(**number)).count();
    let operator = part("operator").unwrap_or_default();
    if !operator.starts_with(['~', '^']) && texts[known..].iter().any(|number| !is_open(*number)) {
        return None;
    }
    let signs = part("signs").unwrap_or_default();
    let is_desugared = operator.starts_with(['~', '^']) || known < 3;
    if reading == Reading::Engines && !is_desugared && !matches!(signs, "" | "v") {
        return None;
    }
    let mut numbers = [0; 3];
    for (number, text) in numbers.iter_mut().zip(&texts[..known]) {
        // What JavaScript cannot count exactly is no version.
        *number = (*text)?.parse().ok().filter(|number| *number < 1 << 53)?;
    }
    let prerelease = if known == 3 { part("pre").unwrap_or_default() } else { "" };
    Some(Partial { operator, numbers, known, prerelease })
}

/// The first version after all that begin with the first `count` numbers.
fn after(numbers: [u64; 3], count: usize) -> [u64; 3] {
    let mut next = [0; 3];
    next[..count].copy_from_slice(&numbers[..count]);
    if let Some(last) = next[..count].last_mut() {
        *last += 1;
    }
    next
}

fn comparators(text: &str, reading: Reading) -> Option<Vec<Comparator>> {
    let Partial { operator, numbers, known, prerelease } = partial(text, reading)?;
    let lowest = if reading == Reading::Engines { "0" } else { "" };
    let at_least = |prerelease| Comparator::new(Operator::AtLeast, numbers, prerelease);
    let below = |count| Comparator::new(Operator::Less, after(numbers, count), "0");
    if known == 0 {
        return Some(match operator {
            "<" | ">" => vec![Comparator::never()],
            _ => Vec::new(),
        });
    }
    let low = if known == 3 { prerelease } else { lowest };
    let result = match operator {
        "~" | "~>" => vec![at_least(low), below(known.min(2))],
        "^" => {
            // The first number that is not zero may not change.
            let fixed = match numbers {
                [0, 0, _] if known == 3 => 3,
                [0, ..] if known > 1 => 2,
                _ => 1,
            };
            vec![at_least(low), below(fixed)]
        }
        _ if known == 3 => {
            let operator = match operator {
                "<" => Operator::Less,
                "<=" => Operator::AtMost,
                ">" => Operator::Greater,
                ">=" => Operator::AtLeast,
                _ => Operator::Equal,
            };
            vec![Comparator::new(operator, numbers, prerelease)]
        }
        ">" => vec![Comparator::new(Operator::AtLeast, after(numbers, known), lowest)],
        "<=" => vec![below(known)],
        "<" => vec![Comparator::new(Operator::Less, numbers, "0")],
        ">=" => vec![at_least(lowest)],
        _ => vec![at_least(lowest), below(known)],
    };
    let everything = Comparator::new(Operator::AtLeast, [0; 3], lowest);
    Some(result.into_iter().filter(|comparator| *comparator != everything).collect())
}

/// `1.2 - 3.4.5`
fn between(low: &Partial<'_>, high: &Partial<'_>, reading: Reading) -> Vec<Comparator> {
    let mut comparators = Vec::new();
    let includes = reading == Reading::Engines;
    if low.known > 0 {
        let lowest = match low.prerelease {
            "" if includes => "0",
            given => given,
        };
        comparators.push(Comparator::new(Operator::AtLeast, low.numbers, lowest));
    }
    if high.known == 3 && (!high.prerelease.is_empty() || !includes) {
        comparators.push(Comparator::new(Operator::AtMost, high.numbers, high.prerelease));
    } else if high.known > 0 {
        comparators.push(Comparator::new(Operator::Less, after(high.numbers, high.known), "0"));
    }
    comparators
}
