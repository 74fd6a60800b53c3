//! What is counted of requests, as it comes and as it is told.

use std::{collections::BTreeMap, fmt::Display};

use schemars::JsonSchema;
use serde::Serialize;

use super::latency::{Latencies, Latency};
use crate::outcome::{End, NoAnswer, Outcome};

/// Problem codes told apart; what an answer calls its problem is the target's choice, and memory is ours.
const MAX_CODES: usize = 64;
/// What codes beyond those are counted as.
const OTHER_CODES: &str = "other";

/// What came of requests.
#[derive(Clone, Debug, Default, JsonSchema, PartialEq, Serialize)]
pub struct Figures {
    /// Requests that were due, whatever became of them.
    pub requests: u64,
    /// Those that got a whole answer, of any status.
    pub answered: u64,
    /// Those that count as errors: an answer with a status that the scenario does not expect, no answer, or not started.
    pub errors: u64,
    /// `errors` / `requests`, 0 to 1.
    pub error_rate: f64,
    /// Answers by HTTP status.
    pub statuses: BTreeMap<String, u64>,
    /// Problems by their `code`; at most 64 codes are told apart, further ones are `other`.
    pub codes: BTreeMap<String, u64>,
    /// Requests that were sent and got no whole answer, by why: `connect` (the target could not be connected to), `timeout` (not
    /// in time), `broken` (the connection ended before the answer was whole).
    pub failures: BTreeMap<String, u64>,
    /// Requests that found no free connection until it was too late, and were never sent.
    pub not_started: u64,
    /// Bytes of the answers' bodies.
    pub bytes: u64,
    /// Of answers, and of requests that got none in time (`timeout`, not started) with the time they waited: without those the worst
    /// would be left out. Absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}

impl Figures {
    /// Whether not one request was answered as expected: a run of which nothing is known but that it did not work.
    #[must_use]
    pub fn without_success(&self) -> bool {
        self.errors == self.requests
    }
}

/// What came of requests, as it comes.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    requests: u64,
    answered: u64,
    errors: u64,
    statuses: BTreeMap<u16, u64>,
    codes: BTreeMap<String, u64>,
    failures: BTreeMap<NoAnswer, u64>,
    not_started: u64,
    bytes: u64,
    latencies: Latencies,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            requests: 0,
            answered: 0,
            errors: 0,
            statuses: BTreeMap::new(),
            codes: BTreeMap::new(),
            failures: BTreeMap::new(),
            not_started: 0,
            bytes: 0,
            latencies: Latencies::new(),
        }
    }

    pub(crate) fn record(&mut self, outcome: &Outcome) {
        self.requests += 1;
        self.errors += u64::from(is_error(outcome));
        if has_latency(outcome) {
            self.latencies.record(outcome.latency);
        }
        match &outcome.end {
            End::Answered(answer) => {
                self.answered += 1;
                self.bytes += answer.bytes;
                *self.statuses.entry(answer.status).or_default() += 1;
                let code = answer.said.as_ref().and_then(|said| said.code.as_deref());
                code.into_iter().for_each(|code| count(&mut self.codes, code, 1));
            }
            End::Failed(why) => *self.failures.entry(*why).or_default() += 1,
            End::NotStarted => self.not_started += 1,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.answered += other.answered;
        self.errors += other.errors;
        self.not_started += other.not_started;
        self.bytes += other.bytes;
        self.latencies.add(&other.latencies);
        for (status, times) in &other.statuses {
            *self.statuses.entry(*status).or_default() += times;
        }
        for (why, times) in &other.failures {
            *self.failures.entry(*why).or_default() += times;
        }
        other.codes.iter().for_each(|(code, times)| count(&mut self.codes, code, *times));
    }

    pub(crate) fn told(&self) -> Figures {
        Figures {
            requests: self.requests,
            answered: self.answered,
            errors: self.errors,
            error_rate: ratio(self.errors, self.requests),
            statuses: named(&self.statuses, u16::to_string),
            codes: self.codes.clone(),
            failures: named(&self.failures, |why| why_name(*why).to_owned()),
            not_started: self.not_started,
            bytes: self.bytes,
            latency: self.latencies.told(),
        }
    }
}

/// Whether it is an answer that the scenario does not expect, or none.
pub(crate) fn is_error(outcome: &Outcome) -> bool {
    !matches!(&outcome.end, End::Answered(answer) if answer.expected)
}

/// A refused or broken connection is over quickly and would make the figures look better; what waited in vain waited.
pub(crate) fn has_latency(outcome: &Outcome) -> bool {
    match outcome.end {
        End::Answered(_) | End::NotStarted => true,
        End::Failed(why) => why == NoAnswer::Timeout,
    }
}

/// The name of a kind of failure in reports and metrics.
pub(crate) fn why_name(why: NoAnswer) -> &'static str {
    match why {
        NoAnswer::Connect => "connect",
        NoAnswer::Timeout => "timeout",
        NoAnswer::Broken => "broken",
    }
}

/// `part` / `whole`; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "shares of counts far below 2^52")]
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn named<K>(counts: &BTreeMap<K, u64>, name: impl Fn(&K) -> String) -> BTreeMap<String, u64> {
    counts.iter().map(|(key, times)| (name(key), *times)).collect()
}

fn count(codes: &mut BTreeMap<String, u64>, code: &str, times: u64) {
    if let Some(known) = codes.get_mut(code) {
        *known += times;
        return;
    }
    let full = codes.keys().filter(|known| *known != OTHER_CODES).count() >= MAX_CODES;
    let code = if full { OTHER_CODES } else { code };
    *codes.entry(code.to_owned()).or_default() += times;
}

impl Display for NoAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(why_name(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_beyond_the_bound_are_counted_together() {
        let mut codes = BTreeMap::new();
        for n in 0..100 {
            count(&mut codes, &format!("code_{n}"), 2);
        }
        count(&mut codes, "code_7", 1);
        assert_eq!((codes.len(), codes["code_7"], codes["other"]), (65, 3, 72));
    }

    #[test]
    fn the_bound_holds_when_tallies_are_added_up() {
        let tally = |codes: std::ops::Range<u32>| {
            let mut tally = Tally::new();
            codes.for_each(|n| count(&mut tally.codes, &format!("code_{n}"), 1));
            tally
        };
        let mut first = tally(0..70);
        first.add(&tally(30..130));
        assert_eq!((first.codes.len(), first.codes.values().sum::<u64>()), (65, 170));
    }
}
