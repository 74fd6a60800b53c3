//! What is known of a request when its trace is looked up: all that is kept per request until its verdict.

use std::{sync::Arc, time::Instant};

use opentelemetry::trace::TraceId;

use super::verdict::Hop;
use crate::outcome::Root;

/// One trace to verify. Small, since one is kept for every request that waits for its verdict.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The trace to look up: our own root's, or the one that the answer named where spans are off.
    pub trace_id: TraceId,
    /// Our own root span; `None` where spans are off, or the trace was made by something else.
    pub root: Option<Root>,
    /// Name of the contract that it is held against; `None`: only the rules for answers of another kind.
    pub contract: Option<Arc<str>>,
    /// Which of the contract's variants.
    pub answer: Kind,
    /// Whether an `Idempotency-Key` was sent; `None` where that is not known.
    pub keyed: Option<bool>,
    /// The hop at which the `chain` of the answer shows a new trace.
    pub broken: Option<Box<Hop>>,
    /// Whether the answer had a `chain` at all: without one, a broken hop is told from the last span that is there.
    pub has_chain: bool,
    /// When the answer (or its absence) was there.
    pub since: Instant,
}

/// What kind of answer a request got, which decides on what its trace must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Success, and all done: the contract's plain table.
    Completed,
    /// 202: part of the work is delivered later, within the same trace.
    Pending,
    /// A repeat of an idempotency key.
    Replayed,
    /// A problem, or no answer at all: a connected tree under one root that reaches the named service.
    Problem {
        /// The service that the problem names.
        reaches: Option<Arc<str>>,
    },
    /// Not known: whole when any variant of the contract fits.
    Unknown,
}
