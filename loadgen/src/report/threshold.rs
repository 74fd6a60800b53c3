//! Thresholds: what a run must reach to be good.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::figures::Figures;

/// Name of the threshold on the share of errors.
pub(super) const MAX_ERROR_RATE: &str = "max_error_rate";

/// The thresholds that were asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// `--max-p99`.
    pub max_p99: Option<Duration>,
    /// `--max-error-rate`.
    pub max_error_rate: Option<f64>,
}

/// A threshold, and whether it was missed.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Threshold {
    /// `max_p99_ms` or `max_error_rate`.
    pub name: String,
    /// What was asked for.
    pub asked: f64,
    /// What was got; absent where nothing was measured, which is a miss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub got: Option<f64>,
    /// Whether it was missed: what was got is above what was asked for.
    pub missed: bool,
}

impl Limits {
    /// Holds the thresholds against all requests.
    pub(super) fn held_against(&self, total: &Figures) -> Vec<Threshold> {
        let p99 = total.latency.as_ref().map(|latency| latency.p99_ms);
        let error_rate = (total.requests > 0).then_some(total.error_rate);
        let max_p99 = self.max_p99.map(|max| ("max_p99_ms", max.as_secs_f64() * 1e3, p99));
        let max_error_rate = self.max_error_rate.map(|max| (MAX_ERROR_RATE, max, error_rate));
        let asked = [max_p99, max_error_rate].into_iter().flatten();
        asked.map(|(name, asked, got)| Threshold::new(name, asked, got)).collect()
    }
}

impl Threshold {
    fn new(name: &str, asked: f64, got: Option<f64>) -> Self {
        let missed = got.is_none_or(|got| got > asked);
        Self { name: name.to_owned(), asked, got, missed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Recorder, made::answered};

    fn figures(statuses: &[u16]) -> Figures {
        let recorder = Recorder::new(vec!["process".to_owned()], None);
        for status in statuses {
            recorder.record(&answered(0, *status, Duration::from_millis(100)));
        }
        recorder.measured().total
    }

    fn missed(limits: Limits, statuses: &[u16]) -> Vec<bool> {
        let thresholds = limits.held_against(&figures(statuses));
        thresholds.iter().map(|threshold| threshold.missed).collect()
    }

    #[test]
    fn a_threshold_is_missed_when_more_was_got_than_asked() {
        let limits = |millis, rate| Limits {
            max_p99: Some(Duration::from_millis(millis)),
            max_error_rate: Some(rate),
        };
        assert_eq!(missed(limits(101, 0.5), &[200, 500]), [false, false]);
        assert_eq!(missed(limits(99, 0.49), &[200, 500]), [true, true]);
        assert_eq!(missed(limits(101, 0.0), &[200]), [false, false]);
        assert!(missed(Limits::default(), &[500]).is_empty());
    }

    #[test]
    fn a_threshold_that_nothing_was_measured_for_is_missed() {
        let limits = Limits { max_p99: Some(Duration::from_secs(1)), max_error_rate: Some(1.0) };
        assert_eq!(missed(limits, &[]), [true, true]);
    }
}
