//! How long calls took and how many failed.

use serde::Serialize;

/// Calls over an edge, or calls that a node served.
#[derive(Clone, Debug, Default)]
pub(in crate::query) struct Calls {
    durations: Vec<u64>,
    errors: usize,
}

/// What calls come to; all zero for none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(in crate::query) struct Numbers {
    pub(in crate::query) requests: usize,
    requests_per_second: f64,
    /// Share of the requests of which either side says that they failed, 0 to 1.
    error_share: f64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
}

impl Calls {
    /// `duration` in nanoseconds.
    pub(super) fn add(&mut self, duration: u64, failed: bool) {
        self.durations.push(duration);
        self.errors += usize::from(failed);
    }

    pub(in crate::query) fn extend(&mut self, other: &Self) {
        self.durations.extend(&other.durations);
        self.errors += other.errors;
    }

    pub(in crate::query) fn len(&self) -> usize {
        self.durations.len()
    }

    pub(in crate::query) fn is_empty(&self) -> bool {
        self.durations.is_empty()
    }

    pub(in crate::query) fn numbers(mut self, window_seconds: f64) -> Numbers {
        self.durations.sort_unstable();
        let requests = self.durations.len();
        Numbers {
            requests,
            requests_per_second: requests as f64 / window_seconds,
            error_share: self.errors as f64 / requests.max(1) as f64,
            p50_ms: self.quantile(0.50),
            p95_ms: self.quantile(0.95),
            p99_ms: self.quantile(0.99),
        }
    }

    /// Nearest rank, of sorted durations, in milliseconds.
    fn quantile(&self, share: f64) -> f64 {
        let rank = (self.durations.len() as f64 * share).ceil() as usize;
        self.durations.get(rank.saturating_sub(1)).map_or(0.0, |nanos| *nanos as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_durations_that_occurred_and_none_is_zero() {
        let mut calls = Calls::default();
        for milliseconds in [40, 10, 30, 20] {
            calls.add(milliseconds * 1_000_000, milliseconds == 40);
        }
        let numbers = calls.numbers(2.0);
        assert_eq!((numbers.p50_ms, numbers.p95_ms, numbers.p99_ms), (20.0, 40.0, 40.0));
        assert_eq!((numbers.requests_per_second, numbers.error_share), (2.0, 0.25));
        let none = Calls::default().numbers(1.0);
        assert_eq!((none.requests, none.error_share, none.p95_ms), (0, 0.0, 0.0));
    }
}
