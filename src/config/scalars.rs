//! Sizes and durations as people write them.

use std::time::Duration;

/// Bytes of each unit of size; the suffix is compared without case.
const SIZES: &[(&str, u64)] = &[
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("b", 1),
    ("", 1),
];

/// Milliseconds of each unit of time.
const UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// Bytes of `200MB`, `1.5GiB` or a plain number of bytes.
pub(crate) fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let unit = unit.trim_start().to_ascii_lowercase();
    let (_, factor) = SIZES.iter().find(|(name, _)| *name == unit)?;
    // Half a byte is a mistake.
    if *factor == 1 && number.contains('.') {
        return None;
    }
    scale(number, *factor)
}

/// `25m`, `10s`, `500ms`, `1h30m`; a bare number has no meaning.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total: u64 = 0;
    let mut largest = usize::MAX;
    while !rest.is_empty() {
        let (number, after) = split(rest)?;
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let index = UNITS.iter().position(|(name, _)| *name == unit)?;
        if index >= largest {
            return None;
        }
        largest = index;
        total = total.checked_add(scale(number, UNITS.get(index)?.1)?)?;
        rest = next;
    }
    (!text.is_empty()).then(|| Duration::from_millis(total))
}

fn split(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// `number * factor` without floating point; at most three decimals.
fn scale(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.len() > 3 {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse::<u64>().ok()?.checked_mul(factor)? / 1_000;
    whole.parse::<u64>().ok()?.checked_mul(factor)?.checked_add(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("512", Some(512)),
            ("200MB", Some(200_000_000)),
            ("200mb", Some(200_000_000)),
            ("1.5GiB", Some(1_610_612_736)),
            ("4 GiB", Some(4 << 30)),
            ("2.5", None),
            ("MB", None),
            ("", None),
            ("-1MB", None),
            ("200M", None),
            ("1.2.3MB", None),
            ("99999999999999999999", None),
            ("99999999999GiB", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, milliseconds) in [
            ("25m", Some(1_500_000)),
            ("10s", Some(10_000)),
            ("500ms", Some(500)),
            ("1h30m", Some(5_400_000)),
            ("1.5s", Some(1_500)),
            ("", None),
            ("25", None),
            ("m", None),
            ("30m1h", None),
            ("1m1m", None),
            ("25 m", None),
            ("1d", None),
            ("99999999999999999h", None),
        ] {
            assert_eq!(duration(text), milliseconds.map(Duration::from_millis), "{text}");
        }
    }
}
