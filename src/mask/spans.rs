//! Places of the text to be masked, merged where they overlap.

/// From the first byte to the one after the last, counted from the start of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Disjoint spans in order. Spans that only touch stay two: they are two secrets.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans(Vec<Span>);

impl Spans {
    pub(super) fn add(&mut self, mut span: Span) {
        let follows = self.0.last().is_none_or(|last| last.end <= span.start);
        if follows {
            self.0.push(span);
            return;
        }
        let first = self.0.partition_point(|known| known.end <= span.start);
        let end = self.0.partition_point(|known| known.start < span.end);
        if let Some(overlapped) = self.0.get(first..end).filter(|spans| !spans.is_empty()) {
            span.start = span.start.min(overlapped[0].start);
            span.end = span.end.max(overlapped[overlapped.len() - 1].end);
        }
        self.0.splice(first..end, [span]);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes and yields the spans that start at or before `position`.
    pub(super) fn take_until(&mut self, position: usize) -> impl Iterator<Item = Span> {
        let count = self.0.partition_point(|span| span.start <= position);
        self.0.drain(..count)
    }
}

#[cfg(test)]
mod tests {
    use super::{Span, Spans};

    fn merged(spans: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let mut all = Spans::default();
        for &(start, end) in spans {
            all.add(Span { start, end });
        }
        all.take_until(usize::MAX).map(|span| (span.start, span.end)).collect()
    }

    #[test]
    fn overlapping_spans_merge_and_touching_ones_do_not() {
        assert_eq!(merged(&[(0, 2), (2, 4)]), [(0, 2), (2, 4)]);
        assert_eq!(merged(&[(0, 2), (2, 4), (1, 3)]), [(0, 4)]);
        assert_eq!(merged(&[(5, 9), (1, 3)]), [(1, 3), (5, 9)]);
        assert_eq!(merged(&[(5, 9), (0, 2), (1, 3), (6, 7)]), [(0, 3), (5, 9)]);
        assert_eq!(merged(&[(4, 6), (8, 9), (0, 9)]), [(0, 9)]);
    }
}
