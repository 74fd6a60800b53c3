//! What has ended lately, for the progress line.

use super::{
    figures::{has_latency, is_error},
    latency::Latencies,
};
use crate::outcome::{End, Outcome};

/// What has ended between two looks.
#[derive(Clone, Debug)]
pub struct Recent {
    /// Requests that ended, however.
    pub ended: u64,
    /// Those that got a whole answer.
    pub answered: u64,
    /// Those that count as errors.
    pub errors: u64,
    latencies: Latencies,
}

impl Default for Recent {
    fn default() -> Self {
        Self { ended: 0, answered: 0, errors: 0, latencies: Latencies::new() }
    }
}

impl Recent {
    /// The latency below or at which this share of all lies, in milliseconds; `None` without any.
    #[must_use]
    pub fn at_quantile(&self, quantile: f64) -> Option<f64> {
        self.latencies.at_quantile(quantile)
    }

    /// Adds what ended at another time.
    pub fn add(&mut self, other: &Self) {
        self.ended += other.ended;
        self.answered += other.answered;
        self.errors += other.errors;
        self.latencies.add(&other.latencies);
    }

    pub(super) fn record(&mut self, outcome: &Outcome) {
        self.ended += 1;
        self.answered += u64::from(matches!(outcome.end, End::Answered(_)));
        self.errors += u64::from(is_error(outcome));
        if has_latency(outcome) {
            self.latencies.record(outcome.latency);
        }
    }

    /// Adds `other` and empties it.
    pub(super) fn take(&mut self, other: &mut Self) {
        self.add(other);
        (other.ended, other.answered, other.errors) = (0, 0, 0);
        other.latencies.clear();
    }
}
