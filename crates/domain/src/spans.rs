//! Which parts of a video were watched: stretches as a union, and as percents.

use serde::{Deserialize, Serialize};

/// A union of half-open stretches [from, to) of a video, in ms: sorted, disjoint, not touching, none empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spans(Vec<(u64, u64)>);

impl Spans {
    /// Adds [from, to); one that is empty changes nothing.
    pub fn add(&mut self, from: u64, to: u64) {
        if to <= from {
            return;
        }
        let start = self.0.partition_point(|&(_, end)| end < from);
        let stop = start + self.0[start..].partition_point(|&(begin, _)| begin <= to);
        let joined = self.0[start..stop].iter().fold((from, to), |(a, b), &(c, d)| (a.min(c), b.max(d)));
        self.0.splice(start..stop, [joined]);
    }

    /// The length of the union, ms.
    pub fn length_ms(&self) -> u64 {
        self.0.iter().map(|(from, to)| to - from).sum()
    }
}

/// A set of percents, 0 to 99, of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Percents(u128);

impl Percents {
    /// Adds every percent that shares more than a point with [from, to), of a video of `duration_ms`. What lies past the
    /// duration counts as the last percent.
    pub fn add(&mut self, from: u64, to: u64, duration_ms: u64) {
        if to <= from || duration_ms == 0 {
            return;
        }
        let duration = u128::from(duration_ms);
        let first = (u128::from(from) * 100 / duration).min(99);
        let last = ((u128::from(to) * 100).div_ceil(duration) - 1).min(99);
        self.0 |= ((1 << (last - first + 1)) - 1) << first;
    }

    /// The percents of the set, ascending.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..100).filter(move |percent| self.0 >> percent & 1 == 1)
    }

    /// The percents that are in this set but not in `other`.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stretches_join_where_they_touch() {
        let mut spans = Spans::default();
        for (from, to) in [(10, 20), (30, 40), (20, 25), (50, 50), (24, 30)] {
            spans.add(from, to);
        }
        assert_eq!(spans, Spans(vec![(10, 40)]));
    }

    #[test]
    fn a_percent_is_watched_by_any_of_it() {
        let of = |from, to, duration| {
            let mut percents = Percents::default();
            percents.add(from, to, duration);
            percents.iter().collect::<Vec<_>>()
        };
        assert_eq!(of(0, 1_000, 100_000), [0]);
        assert_eq!(of(0, 1_001, 100_000), [0, 1]);
        assert_eq!(of(999, 1_000, 100_000), [0]);
        assert_eq!(of(98_000, 200_000, 100_000), [98, 99]);
        assert_eq!(of(200_000, 200_001, 100_000), [99]);
        assert_eq!(of(5, 5, 100_000), Vec::<u8>::new());
        assert_eq!(of(0, u64::MAX, u64::MAX).len(), 100);
        assert_eq!(of(1, 2, 3), (33..67).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn a_union_is_as_long_as_its_points(stretches in prop::collection::vec((0u64..60, 0u64..60), 0..12)) {
            let mut spans = Spans::default();
            let mut points = std::collections::BTreeSet::new();
            for (from, to) in stretches {
                spans.add(from, to);
                points.extend(from..to);
            }
            prop_assert_eq!(spans.length_ms(), points.len() as u64);
            prop_assert!(spans.0.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
