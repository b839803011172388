//! Passes over text in which no pattern can start.

/// Bytes that every pattern has at least: the filter looks at three at a time.
pub(super) const GRAM: usize = 3;

const BITS: u32 = 16;
const MULTIPLIER: u32 = 0x9E37_79B1;

/// The set of three-byte sequences with which patterns start, hashed.
///
/// The automaton follows one long chain of dependent memory reads; this test of independent bytes is several times
/// faster, and an answer of "maybe" costs only a few steps of the automaton.
#[derive(Debug)]
pub(super) struct Filter {
    grams: Box<[u64]>,
}

impl Filter {
    pub(super) fn new<'a>(patterns: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut filter = Self { grams: vec![0; 1 << (BITS - 6)].into() };
        for pattern in patterns {
            match *pattern {
                [first, second, third, fourth, ..] => {
                    filter.insert([first, second, third]);
                    filter.insert([second, third, fourth]);
                }
                [first, second, third] => {
                    filter.insert([first, second, third]);
                    (0..=u8::MAX).for_each(|any| filter.insert([second, third, any]));
                }
                _ => debug_assert!(false, "a pattern is shorter than {GRAM} bytes"),
            }
        }
        filter
    }

    fn insert(&mut self, [first, second, third]: [u8; GRAM]) {
        let slot = slot(u32::from_le_bytes([0, first, second, third]));
        self.grams[slot / 64] |= 1 << (slot % 64);
    }

    /// How many bytes can be passed over: no pattern starts before the position returned.
    #[inline]
    pub(super) fn passable(&self, bytes: &[u8]) -> usize {
        let mut position = 0;
        // The last three bytes of a window are the first three of a pattern that starts at its second byte, and the
        // second to fourth of one that starts at its first: one test clears two positions.
        while let Some(&[first, second, third, fourth]) =
            bytes.get(position..).and_then(<[u8]>::first_chunk)
        {
            let slot = slot(u32::from_le_bytes([first, second, third, fourth]));
            if self.grams[slot / 64] >> (slot % 64) & 1 == 1 {
                break;
            }
            position += 2;
        }
        position
    }
}

/// Ignores the lowest byte.
#[inline]
fn slot(window: u32) -> usize {
    ((window >> 8).wrapping_mul(MULTIPLIER) >> (u32::BITS - BITS)) as usize
}
