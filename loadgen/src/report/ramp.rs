//! The figures of each step of a ramp: where a system stops to keep up.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    figures::{has_latency, is_error, ratio},
    latency::Latencies,
};
use crate::outcome::{End, Outcome};

/// The steps of a ramp: each as long as the others, but for the last, which may be shorter.
#[derive(Clone, Debug, PartialEq)]
pub struct RampWindows {
    /// How long a step lasts.
    pub length: Duration,
    /// How long all of them last.
    pub total: Duration,
    /// Requests per second asked for in each.
    pub rates: Vec<f64>,
}

/// One step of a ramp. Requests belong to the step in which they were due.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct RampStep {
    /// Requests per second asked for.
    pub rate_asked: f64,
    /// Answers per second that came while the step lasted, whichever step their requests were due in.
    pub rate_reached: f64,
    /// Requests that were due.
    pub requests: u64,
    /// Those that ended in an error.
    pub errors: u64,
    /// `errors` / `requests`, 0 to 1.
    pub error_rate: f64,
    /// The median latency in milliseconds; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// The 99th percentile of the latency in milliseconds; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<f64>,
}

/// One step as it is counted.
#[derive(Debug)]
pub(super) struct Window {
    requests: u64,
    errors: u64,
    answers: u64,
    latencies: Latencies,
}

impl RampWindows {
    /// Books an outcome of a ramp that began at `began`.
    pub(super) fn record(&self, windows: &mut [Window], began: Instant, outcome: &Outcome) {
        let ended = outcome.at.saturating_duration_since(began);
        if matches!(outcome.end, End::Answered(_))
            && ended < self.total
            && let Some(window) = windows.get_mut(self.index(ended))
        {
            window.answers += 1;
        }
        // The schedule's last slots may fall on the last step's very end.
        let last = windows.len().saturating_sub(1);
        let due = self.index(ended.saturating_sub(outcome.latency)).min(last);
        if let Some(window) = windows.get_mut(due) {
            window.requests += 1;
            window.errors += u64::from(is_error(outcome));
            if has_latency(outcome) {
                window.latencies.record(outcome.latency);
            }
        }
    }

    pub(super) fn told(&self, windows: &[Window]) -> Vec<RampStep> {
        let begins = (0..).map(|index| self.length * index);
        let steps = self.rates.iter().zip(windows).zip(begins);
        let length = |begin| self.length.min(self.total.saturating_sub(begin));
        steps.map(|((rate, window), begin)| window.told(*rate, length(begin))).collect()
    }

    fn index(&self, since: Duration) -> usize {
        let index = since.as_nanos() / self.length.as_nanos().max(1);
        usize::try_from(index).unwrap_or(usize::MAX)
    }
}

impl Window {
    pub(super) fn new() -> Self {
        Self { requests: 0, errors: 0, answers: 0, latencies: Latencies::new() }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.answers += other.answers;
        self.latencies.add(&other.latencies);
    }

    fn told(&self, rate_asked: f64, length: Duration) -> RampStep {
        RampStep {
            rate_asked,
            rate_reached: super::per_second(self.answers, length),
            requests: self.requests,
            errors: self.errors,
            error_rate: ratio(self.errors, self.requests),
            p50_ms: self.latencies.at_quantile(0.5),
            p99_ms: self.latencies.at_quantile(0.99),
        }
    }
}
