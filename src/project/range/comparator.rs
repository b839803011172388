use super::version::SemanticVersion;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Less,
    AtMost,
    Equal,
    AtLeast,
    Greater,
}

/// One bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comparator {
    pub(super) operator: Operator,
    pub(super) version: SemanticVersion,
}

impl Comparator {
    pub(super) fn new(operator: Operator, numbers: [u64; 3], prerelease: &str) -> Self {
        Self { operator, version: SemanticVersion::new(numbers, prerelease) }
    }

    /// What no version fulfils.
    pub(super) fn never() -> Self {
        Self::new(Operator::Less, [0; 3], "0")
    }

    pub(super) fn holds(&self, version: &SemanticVersion) -> bool {
        match self.operator {
            Operator::Less => version < &self.version,
            Operator::AtMost => version <= &self.version,
            Operator::Equal => version == &self.version,
            Operator::AtLeast => version >= &self.version,
            Operator::Greater => version > &self.version,
        }
    }

    /// Whether some version may fulfil both, as far as two bounds tell.
    pub(super) fn meets(&self, other: &Self) -> bool {
        use Operator::{AtLeast, AtMost, Equal, Greater, Less};
        match (self.operator, other.operator) {
            (Equal, _) => other.holds(&self.version),
            (_, Equal) => self.holds(&other.version),
            (Less | AtMost, Less | AtMost) | (Greater | AtLeast, Greater | AtLeast) => true,
            (Less | AtMost, _) => below(other, self),
            (_, Less | AtMost) => below(self, other),
        }
    }
}

/// Whether a lower bound leaves room under an upper one.
fn below(lower: &Comparator, upper: &Comparator) -> bool {
    lower.version < upper.version
        || lower.version == upper.version
            && lower.operator == Operator::AtLeast
            && upper.operator == Operator::AtMost
}
