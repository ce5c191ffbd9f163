//! Neighbouring ranges as one request.

use std::ops::Range;

/// What a request may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a hole between two wanted ranges that are cheaper to read than a second request.
    pub gap: u64,
    /// Bytes asked for at once, at most, but for a single range that is longer.
    pub span: u64,
}

/// What is held by each thread that reads content.
pub(super) const CONTENT: Limits = Limits { gap: 256 << 10, span: 8 << 20 };

/// Bytes of a source that one request fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span<S, T> {
    /// Whose bytes.
    pub source: S,
    /// Where.
    pub range: Range<u64>,
    /// What lies in them, in order of where it begins.
    pub items: Vec<T>,
}

/// What to ask for to have all of `wanted`: in order of source and place, near ranges together.
pub fn spans<S: Ord + Copy, T>(
    wanted: impl IntoIterator<Item = (S, Range<u64>, T)>,
    limits: Limits,
) -> Vec<Span<S, T>> {
    let mut wanted: Vec<_> = wanted.into_iter().collect();
    wanted.sort_by_key(|(source, range, _)| (*source, range.start));
    let mut spans: Vec<Span<S, T>> = Vec::new();
    for (source, range, item) in wanted {
        let near = |span: &Span<S, T>| {
            span.source == source
                && range.start.saturating_sub(span.range.end) <= limits.gap
                && range.end.saturating_sub(span.range.start) <= limits.span
        };
        match spans.last_mut().filter(|span| near(span)) {
            Some(span) => {
                span.range.end = span.range.end.max(range.end);
                span.items.push(item);
            }
            None => spans.push(Span { source, range, items: vec![item] }),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { gap: 10, span: 1000 };

    #[test]
    fn near_ranges_of_one_source_are_one_span() {
        let wanted = [
            ('b', 500..600, 1),
            ('a', 0..100, 2),
            ('a', 110..120, 3),
            ('a', 120..121, 4),
            // Too far by one.
            ('a', 132..140, 5),
            ('b', 1_490..1_500, 6),
            ('b', 610..620, 7),
            // Near, and too long.
            ('b', 620..1_501, 8),
            // Inside another.
            ('b', 550..551, 9),
            // Too long on its own.
            ('c', 0..5000, 10),
            ('c', 5000..5001, 11),
        ];
        let span = |source, start, end, items: &[i32]| Span { source, range: start..end, items: items.to_vec() };
        let expected = [
            span('a', 0, 121, &[2, 3, 4]),
            span('a', 132, 140, &[5]),
            span('b', 500, 620, &[1, 9, 7]),
            span('b', 620, 1_501, &[8, 6]),
            span('c', 0, 5000, &[10]),
            span('c', 5000, 5001, &[11]),
        ];
        assert_eq!(spans(wanted, LIMITS), expected);
    }

    #[test]
    fn ranges_at_the_end_of_numbers_do_not_overflow() {
        let end = u64::MAX;
        let found = spans([((), 0..end, 'a'), ((), end..end, 'b')], LIMITS);
        assert_eq!(found.len(), 2);
        assert!(spans::<(), ()>([], LIMITS).is_empty());
    }
}
