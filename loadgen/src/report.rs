//! The report of a run: a table for people, JSON for machines.
//!
//! The types here are the JSON's documentation: `report.schema.json` is made from them.
//!
//! Invariant: nothing that was asked for is left out of the report; what could not be measured or verified says so.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use shared::telemetry::SpanAccount;

use crate::{exit::Exit, reconcile, verify::summary::Summary as Verification};

mod asked;
mod figures;
mod file;
mod latency;
#[cfg(test)]
pub(crate) mod made;
mod picture;
mod ramp;
mod recent;
mod recorder;
mod table;
mod threshold;

pub use asked::{Asked, Load};
pub use figures::Figures;
pub(crate) use figures::{has_latency, why_name};
pub use file::ReportFile;
pub use latency::{Bucket, Latency};
pub use ramp::{RampStep, RampWindows};
pub use recent::Recent;
pub use recorder::{Measured, Recorder};
pub(crate) use table::rate;
pub use threshold::{Limits, Threshold};

/// Of the JSON's form: raised when a member changes its meaning or goes away. New members do not raise it.
pub const SCHEMA_VERSION: u32 = 1;

/// The report of one run.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[schemars(title = "Report of loadgen")]
pub struct Report {
    /// Version of this form: raised when a member changes its meaning or goes away.
    pub schema_version: u32,
    /// Version of loadgen.
    pub loadgen_version: String,
    /// What was asked for.
    pub asked: Asked,
    /// From the begin of the figures to the end of the load or the last answer, whichever is later.
    pub elapsed_seconds: f64,
    /// Requests per second asked for, of a ramp over all its steps; absent in a closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_asked: Option<f64>,
    /// Answers per second of `elapsed_seconds`.
    pub rate_reached: f64,
    /// Requests of the warm-up. They are in no other figure, but verified and reconciled.
    pub warm_up_requests: u64,
    /// Requests that were due and not sent because the run was stopped. They are in no other figure.
    pub unsent_requests: u64,
    /// Connections that were opened.
    pub connections_opened: u64,
    /// The latest that the open loop released a request after its time, in milliseconds: more than some means that loadgen's own machine was
    /// too busy; absent in a closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_release_ms: Option<f64>,
    /// All requests.
    pub total: Figures,
    /// The same by step of the scenario, in its order.
    pub steps: Vec<Step>,
    /// The same by step of the ramp; empty without one.
    pub ramp: Vec<RampStep>,
    /// What became of loadgen's own spans; absent where they are off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spans: Option<Spans>,
    /// What became of the traces (`--verify`); absent where they were not verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// What the rows of the target say (`--reconcile`); absent where they were not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconciliation: Option<reconcile::Summary>,
    /// The thresholds that were asked for.
    pub thresholds: Vec<Threshold>,
    /// 0: good. 1: a threshold was missed, or not one request was answered as expected (`errors` = `requests`, 0 requests as well)
    /// without a `max_error_rate` of 1. 3: a trace is not whole or rows do not agree, whatever else.
    pub exit_code: u8,
}

/// What came of one step of the scenario.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Step {
    /// The step's name.
    pub name: String,
    /// What came of its requests.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What became of loadgen's own sampled spans: `ended` = `exported` + `failed` + `dropped` + `queued`.
#[derive(Clone, Copy, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Spans {
    /// Ended.
    pub ended: u64,
    /// Taken by the endpoint.
    pub exported: u64,
    /// Sent without a success heard of; some may have arrived.
    pub failed: u64,
    /// Never sent.
    pub dropped: u64,
    /// Still waiting when the report was made.
    pub queued: u64,
}

/// What a report is made of.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was asked for.
    pub asked: Asked,
    /// What was measured.
    pub measured: Measured,
    /// Requests that were due and not sent because the run was stopped.
    pub unsent: u64,
    /// Connections that were opened.
    pub connections: u64,
    /// The latest that a request was released after its time; `None` in a closed loop.
    pub latest_release: Option<Duration>,
    /// The account of the own spans, where there are any.
    pub spans: Option<SpanAccount>,
    /// What became of the traces, with `--verify`.
    pub verification: Option<Verification>,
    /// What became of the rows, with `--reconcile`.
    pub reconciliation: Option<reconcile::Summary>,
    /// The thresholds.
    pub limits: Limits,
}

impl Report {
    /// The report of a run that has ended.
    #[must_use]
    pub fn new(run: Run) -> Self {
        let Run {
            asked, measured, unsent, connections, latest_release, spans, verification, ..
        } = run;
        let (reconciliation, limits) = (run.reconciliation, run.limits);
        let Measured { warm_up, elapsed, total, steps, ramp } = measured;
        let thresholds = limits.held_against(&total);
        let met =
            is_of_use(&total, &thresholds) && !thresholds.iter().any(|threshold| threshold.missed);
        let whole = verification.as_ref().is_none_or(Verification::is_good);
        let agree = reconciliation.as_ref().is_none_or(reconcile::Summary::agrees);
        let named = |(name, figures)| Step { name, figures };
        Self {
            schema_version: SCHEMA_VERSION,
            loadgen_version: env!("CARGO_PKG_VERSION").to_owned(),
            elapsed_seconds: elapsed.as_secs_f64(),
            rate_asked: asked.load.rate(),
            rate_reached: per_second(total.answered, elapsed),
            asked,
            warm_up_requests: warm_up,
            unsent_requests: unsent,
            connections_opened: connections,
            latest_release_ms: latest_release.map(|late| late.as_secs_f64() * 1e3),
            total,
            steps: steps.into_iter().map(named).collect(),
            ramp,
            spans: spans.map(Spans::from),
            verification,
            reconciliation,
            thresholds,
            exit_code: Exit::of_run(met, whole, agree).code(),
        }
    }

    /// The JSON schema of a report, as `report.schema.json` holds it.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}

impl From<SpanAccount> for Spans {
    fn from(account: SpanAccount) -> Self {
        let SpanAccount { ended, exported, failed, dropped, queued } = account;
        Self { ended, exported, failed, dropped, queued }
    }
}

/// Whether anything was answered as expected. Where not even that is needed, `--max-error-rate 1` says so: of a run without requests it is
/// missed.
fn is_of_use(total: &Figures, thresholds: &[Threshold]) -> bool {
    let tolerated =
        |threshold: &Threshold| threshold.name == threshold::MAX_ERROR_RATE && !threshold.missed;
    !total.without_success() || thresholds.iter().any(tolerated)
}

/// `count` / `time`; 0 of no time.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}
