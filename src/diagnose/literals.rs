//! Texts one of which every match of a pattern contains: what is looked for before a pattern is tried.

use regex_syntax::{
    ParserBuilder,
    hir::{Hir, HirKind},
};

/// More alternatives than this are not worth it.
const MOST_LITERALS: usize = 64;

/// The literals of a pattern; nothing where a match need not contain any.
pub(super) fn required(pattern: &str) -> Option<Vec<Vec<u8>>> {
    let mut parser = ParserBuilder::new().multi_line(true).unicode(false).utf8(false).build();
    let literals = of(&parser.parse(pattern).ok()?)?;
    (literals.len() <= MOST_LITERALS && literals.iter().all(|literal| literal.len() > 1))
        .then_some(literals)
}

fn of(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(vec![literal.0.to_vec()]),
        HirKind::Capture(capture) => of(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => of(&repetition.sub),
        // The part whose shortest literal is longest tells most.
        HirKind::Concat(parts) => {
            parts.iter().filter_map(of).max_by_key(|literals| weight(literals))
        }
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(of(part)?);
            }
            Some(all)
        }
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
}

/// How much literals tell: the length of the shortest, and fewer are better.
fn weight(literals: &[Vec<u8>]) -> (usize, std::cmp::Reverse<usize>) {
    (literals.iter().map(Vec::len).min().unwrap_or(0), std::cmp::Reverse(literals.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_match_contains_is_found() {
        let texts = |pattern: &str| {
            let literals = required(pattern)?;
            Some(
                literals
                    .into_iter()
                    .map(|text| String::from_utf8(text).unwrap())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(texts("^npm (?:ERR!|error) code E404").unwrap(), [" code E404"]);
        assert_eq!(texts("(?:one|two)[^\n]*three").unwrap(), ["three"]);
        assert_eq!(texts("alpha|beta").unwrap(), ["alpha", "beta"]);
        assert_eq!(texts("(?P<x>needle)+z?").unwrap(), ["needle"]);
        assert_eq!(texts("[a-z]+|needle"), None);
        assert_eq!(texts("(?:needle)?"), None);
    }
}
