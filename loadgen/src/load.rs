//! The load: requests leave when the plan says so, over connections of this module's own, and every one's end is told.
//!
//! Invariants:
//! - In an open loop a request's latency counts from its scheduled start, whether a connection was free by then or not.
//! - Every request that was due is told once: answered, failed or not started. Only what a stop found waiting is not; it is counted.
//! - A request is sent a second time only when the first certainly was not taken.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use uuid::Uuid;

/// What is sent: makes the request of each number.
pub trait Requests: Send + Sync + 'static {
    /// The request number `n`, counted from 0 with those of the warm-up; always the same for the same number. Called from the tasks that
    /// hold the connections, so it must be quick.
    fn request(&self, n: u64) -> Prepared;
}

/// A request, ready to be sent but for its `traceparent`, `host` and `content-length`.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Index into the scenario's steps.
    pub step: usize,
    /// The method.
    pub method: Method,
    /// Path and query; a valid one, since a request that cannot be written is never started.
    pub path: String,
    /// The path without what differs from request to request, for the span's name.
    pub template: Arc<str>,
    /// All headers that the scenario and the command line give.
    pub headers: HeaderMap,
    /// The body, perhaps empty.
    pub body: Bytes,
    /// The `Idempotency-Key`, where one is among the headers.
    pub request_id: Option<Uuid>,
    /// The statuses that are expected; empty: any of 2xx.
    pub expected: Arc<[u16]>,
}
