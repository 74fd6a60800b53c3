//! The points of a target, as many as half an hour has.

use std::{collections::VecDeque, mem::size_of};

use super::point::{Increase, Outcome, Point};

/// Points of one target: 30 minutes of one every five seconds.
///
/// A point takes 144 bytes, 160 more with something counted, and 4 for each bucket of a histogram with observations: 190 KB for one of
/// our services that works all the time, at most 270 KB (three histograms of 32 bounds), and so at most 9 MB for 32 targets. To compare
/// the next read with, each target's last series are kept beside it, some 40 bytes each.
pub(crate) const CAPACITY: usize = 360;

#[derive(Debug, Default)]
pub(crate) struct History {
    points: VecDeque<Point>,
    /// How the last read ended, why, and since when.
    outcome: Outcome,
    reason: Option<String>,
    since: u64,
}

impl History {
    pub(super) fn push(&mut self, (point, reason): (Point, Option<String>)) {
        if self.points.is_empty() || self.outcome != point.outcome {
            self.since = point.at;
        }
        self.outcome = point.outcome;
        self.reason = reason;
        if self.points.len() == CAPACITY {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }

    /// Oldest first.
    pub(crate) fn points(&self) -> &VecDeque<Point> {
        &self.points
    }

    /// How the last read ended, since when, and why; `None` before the first.
    pub(crate) fn state(&self) -> Option<(Outcome, u64, Option<&str>)> {
        (!self.points.is_empty()).then_some((self.outcome, self.since, self.reason.as_deref()))
    }

    /// What the points take, but for the allocator's own.
    pub(crate) fn bytes(&self) -> usize {
        let increases = self.points.iter().filter_map(|point| point.increase.as_ref());
        let counts = |increase: &Increase| {
            increase
                .histograms
                .iter()
                .flatten()
                .map(|counts| 4 * counts.counts.len())
                .sum::<usize>()
        };
        let increased: usize =
            increases.map(|increase| size_of::<Increase>() + counts(increase)).sum();
        self.points.capacity() * size_of::<Point>() + increased
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::scrape::{Counts, MAX_BOUNDS, MAX_TARGETS};

    #[test]
    fn the_oldest_point_goes_first_and_the_bytes_are_as_documented() {
        let bounds: Arc<[f64]> = [0.0; MAX_BOUNDS].into();
        let counts =
            || Some(Counts { bounds: Arc::clone(&bounds), counts: [1; MAX_BOUNDS].into() });
        let mut history = History::default();
        for at in 0..2 * CAPACITY as u64 {
            let histograms = [counts(), counts(), counts()];
            let increase = Some(Box::new(Increase { histograms, ..Increase::default() }));
            history.push((Point { at, increase, ..Point::default() }, None));
        }
        assert_eq!((history.points().len(), history.points()[0].at), (CAPACITY, CAPACITY as u64));
        let bytes = history.bytes();
        assert_eq!((size_of::<Point>(), size_of::<Increase>()), (144, 160));
        assert!(bytes < 280_000 && bytes * MAX_TARGETS < 9_000_000, "{bytes}");
    }

    #[test]
    fn a_state_lasts_until_another_comes() {
        let mut history = History::default();
        assert_eq!(history.state(), None);
        let point = |at, outcome| Point { at, outcome, ..Point::default() };
        history.push((point(1, Outcome::Up), None));
        history.push((point(2, Outcome::Down), Some("refused".to_owned())));
        history.push((point(3, Outcome::Down), Some("too slow".to_owned())));
        assert_eq!(history.state(), Some((Outcome::Down, 2, Some("too slow"))));
    }
}
