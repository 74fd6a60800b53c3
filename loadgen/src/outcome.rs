//! What one request was and how it ended: the one thing that the load hands to the figures, the verifier and the reconciliation.

use std::time::{Duration, Instant};

use opentelemetry::trace::{SpanId, TraceId};
use uuid::Uuid;

/// One request of the load, ended.
#[derive(Debug)]
pub struct Outcome {
    /// Index into the scenario's steps.
    pub step: usize,
    /// Sent before the figures begin: verified and reconciled as all others, but in no figure.
    pub warm_up: bool,
    /// What was sent that can be found again.
    pub sent: Sent,
    /// From the scheduled start (in a closed loop: from the sending) to the last byte of the answer.
    pub latency: Duration,
    /// When it ended.
    pub at: Instant,
    /// How it ended.
    pub end: End,
}

/// What of a request can be found again in traces and rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    /// The trace and our own CLIENT span; `None` where spans are off and nothing was injected.
    pub root: Option<Root>,
    /// The `Idempotency-Key`, which the services make their request id.
    pub request_id: Option<Uuid>,
}

/// The root of a request's trace: this program's own span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The trace.
    pub trace_id: TraceId,
    /// Our CLIENT span.
    pub span_id: SpanId,
    /// Whether the sampled flag was sent, and the span is exported.
    pub sampled: bool,
}

/// How a request ended.
#[derive(Debug)]
pub enum End {
    /// An answer came whole.
    Answered(Answer),
    /// No answer, or not the whole of it.
    Failed(NoAnswer),
    /// Its time came and no connection was free for it until it was too late to be worth anything: never sent.
    NotStarted,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum NoAnswer {
    /// The target could not be connected to.
    Connect,
    /// The answer did not come within the timeout.
    Timeout,
    /// The connection ended before the answer was whole.
    Broken,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Whether the scenario's step expects this status.
    pub expected: bool,
    /// Bytes of the body.
    pub bytes: u64,
    /// What the body and headers said; `None` where nobody wanted it read.
    pub said: Option<Box<Said>>,
}

/// What an answer says of its trace and of what went wrong. Bounded: entries and names beyond sane sizes are cut.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// The trace that the answer names: `trace_id` of the body, which may be that of a row, else of `traceresponse`.
    pub trace_id: Option<TraceId>,
    /// The trace that it was made in, as `traceresponse` says.
    pub made_in: Option<TraceId>,
    /// Whether `traceresponse` says that the trace is sampled; `None` without the header.
    pub sampled: Option<bool>,
    /// A problem's `code`.
    pub code: Option<String>,
    /// A problem's `service`: the one that failed.
    pub service: Option<String>,
    /// The services that say they took part, in the order of the chain, each with the trace of its own SERVER span.
    pub chain: Vec<(String, TraceId)>,
    /// `Idempotency-Replayed: true`.
    pub replayed: bool,
}

/// Takes outcomes as they come; called from the tasks that hold the connections, so it must be quick and never block.
pub trait Observe: Send + Sync + 'static {
    /// One request has ended.
    fn observe(&self, outcome: Outcome);
    /// Whether answers are to be read beyond their status (costs a parse of every body).
    fn reads_answers(&self) -> bool;
}
