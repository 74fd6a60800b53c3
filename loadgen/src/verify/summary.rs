//! The verdicts on all traces of a run, for the report and the terminal.
//!
//! Invariants: every trace is counted once, by verdict; the detail of those that are not good is kept up to [`MAX_FAILURES`], and how many more
//! there were is told.

use std::collections::BTreeMap;

use opentelemetry::trace::TraceId;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    expectation::Expectation,
    verdict::{Hop, Judgement, Verdict},
};

mod terminal;

/// Failures kept with their detail.
pub const MAX_FAILURES: usize = 100_000;

/// The verdicts on all traces.
#[derive(Clone, Debug, Default, JsonSchema, PartialEq, Serialize)]
pub struct Summary {
    /// Traces to verify: one for every sampled request that was sent.
    pub expected: u64,
    /// How many traces got each verdict; a verdict that none got is not here.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// Of the whole ones, those whose step has no contract: they were only held to be one tree under one root.
    pub without_contract: u64,
    /// How many traces got each verdict that blames a hop, by hop.
    pub hops: Vec<HopCount>,
    /// The traces that are neither whole nor killed on purpose, in the order in which they were judged.
    pub failures: Vec<Failure>,
    /// Failures beyond the first 100,000, which are counted but not listed.
    pub failures_left_out: u64,
}

/// How many traces got a verdict at a hop.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct HopCount {
    /// `service.name` of the caller.
    pub from: String,
    /// `service.name` of the callee.
    pub to: String,
    /// The verdict.
    pub verdict: Verdict,
    /// How many traces.
    pub count: u64,
}

/// A trace that is not as it should be.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Failure {
    /// The trace, 32 digits of hexadecimal.
    pub trace_id: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// The hop to look at, where one is to blame.
    pub hop: Option<Hop>,
    /// One sentence: which span, where.
    pub detail: String,
}

impl Summary {
    /// Counts the trace of an expectation.
    pub fn settle(&mut self, expectation: &Expectation, judgement: Judgement) {
        let is_whole = judgement.verdict == Verdict::Whole;
        self.without_contract += u64::from(is_whole && expectation.contract.is_none());
        self.add(expectation.trace_id, judgement);
    }

    /// Counts a trace.
    pub fn add(&mut self, trace_id: TraceId, judgement: Judgement) {
        let Judgement { verdict, hop, detail, .. } = judgement;
        *self.verdicts.entry(verdict).or_default() += 1;
        if let Some(hop) = &hop {
            self.count_hop(hop, verdict);
        }
        if verdict.is_good() {
            return;
        }
        if self.failures.len() < MAX_FAILURES {
            let trace_id = trace_id.to_string();
            self.failures.push(Failure { trace_id, verdict, hop, detail });
        } else {
            self.failures_left_out += 1;
        }
    }

    fn count_hop(&mut self, hop: &Hop, verdict: Verdict) {
        let key = (&*hop.from, &*hop.to, verdict);
        let place =
            self.hops.binary_search_by(|other| (&*other.from, &*other.to, other.verdict).cmp(&key));
        match place {
            Ok(place) => self.hops[place].count += 1,
            Err(place) => {
                let Hop { from, to } = hop.clone();
                self.hops.insert(place, HopCount { from, to, verdict, count: 1 });
            }
        }
    }

    /// How many traces got this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> u64 {
        self.verdicts.get(&verdict).copied().unwrap_or_default()
    }

    /// How many traces have been judged.
    #[must_use]
    pub fn judged(&self) -> u64 {
        self.verdicts.values().sum()
    }

    /// Whether every expected trace was judged, and is whole or was killed on purpose.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let good = self.count(Verdict::Whole) + self.count(Verdict::Killed);
        good == self.judged() && good == self.expected
    }
}
