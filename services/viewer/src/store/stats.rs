//! What the store has seen and holds.

use serde::Serialize;

/// Counters since the start, and what is held now. Shown on `/` and at `/api/store`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Distinct spans taken in since the start, evicted ones included.
    pub spans_stored: u64,
    /// Spans held now.
    pub spans_held: u64,
    /// Spans that came again (a batch that was sent twice) and were not stored again.
    pub spans_duplicate: u64,
    /// Spans that came for a trace already evicted, and were dropped.
    pub spans_late: u64,
    /// Spans refused: invalid ids, or too large.
    pub spans_rejected: u64,
    /// Spans gone with their evicted traces.
    pub spans_evicted: u64,
    pub traces_held: u64,
    pub traces_evicted: u64,
    /// Evicted ids still known; they answer 410.
    pub evicted_ids: u64,
    pub logs_stored: u64,
    pub logs_held: u64,
    pub logs_evicted: u64,
    pub logs_rejected: u64,
    /// Metrics are counted and not kept.
    pub metrics_received: u64,
    /// Bytes held, indexes and allocations included; never above `budget_bytes`.
    pub bytes: u64,
    pub budget_bytes: u64,
}
