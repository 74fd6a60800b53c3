//! Everything the viewer keeps, within one budget of bytes.
//!
//! Invariant: `stats().bytes <= stats().budget_bytes` at any moment another thread can look. The budget is split once into
//! the shares of traces, evicted ids and log records, and each share evicts its own oldest entries.

mod evicted;
mod logs;
mod origins;
mod stats;
mod trace;
mod traces;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use logs::ServiceLog;
pub(crate) use logs::{LogGroup, NewLog, StoredLog};
pub(crate) use origins::StoredOrigin;
pub use stats::Stats;
use tokio::sync::watch;
pub(crate) use trace::{EncodedTrace, OfOrigins, ServiceNames, StoredSpan};
pub use trace::{ServiceSpan, Trace};
pub(crate) use traces::{NewSpan, SpanGroup};

use crate::TraceId;

/// Below this the shares are too small to hold a trace of ordinary size.
pub const MIN_BUDGET_BYTES: usize = 1024 * 1024;
const LOGS_SHARE: usize = 8;
const EVICTED_SHARE: usize = 16;

/// Traces and logs of the last minutes, in memory.
#[derive(Debug)]
pub struct Store {
    inner: Mutex<Inner>,
    budget: usize,
    /// How often something came in; pages follow it.
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct Inner {
    traces: traces::Traces,
    logs: logs::Logs,
    stats: Stats,
}

/// What is known about a trace id.
#[derive(Clone, Debug)]
pub enum Lookup {
    Found(Trace),
    /// It was here and had to make room.
    Evicted,
    Unknown,
}

impl Store {
    /// An empty store of at most `budget` bytes (at least [`MIN_BUDGET_BYTES`]).
    pub fn within(budget: usize) -> Self {
        let budget = budget.max(MIN_BUDGET_BYTES);
        let (logs, evicted) = (budget / LOGS_SHARE, budget / EVICTED_SHARE);
        let inner = Inner {
            traces: traces::Traces::within(budget - logs - evicted, evicted),
            logs: logs::Logs::within(logs),
            stats: Stats::default(),
        };
        Self { inner: Mutex::new(inner), budget, changes: watch::Sender::new(0) }
    }

    pub fn lookup(&self, id: TraceId) -> Lookup {
        let inner = self.lock();
        match inner.traces.trace(id) {
            Some(trace) => Lookup::Found(trace),
            None if inner.traces.was_evicted(id) => Lookup::Evicted,
            None => Lookup::Unknown,
        }
    }

    /// The trace, unless it is unknown or evicted.
    pub fn trace(&self, id: TraceId) -> Option<Trace> {
        self.lock().traces.trace(id)
    }

    /// Distinct spans taken in since the start: a span sent twice counts once, an evicted one still counts.
    pub fn span_count(&self) -> u64 {
        self.lock().stats.spans_stored
    }

    /// The ids of at most `limit` traces, the last arrived first.
    pub fn newest(&self, limit: usize) -> Vec<TraceId> {
        self.lock().traces.newest().take(limit).collect()
    }

    pub fn stats(&self) -> Stats {
        let inner = self.lock();
        Stats {
            traces_held: inner.traces.len() as u64,
            evicted_ids: inner.traces.evicted_len() as u64,
            logs_held: inner.logs.len() as u64,
            bytes: (inner.traces.bytes() + inner.logs.bytes()) as u64,
            budget_bytes: self.budget as u64,
            ..inner.stats.clone()
        }
    }

    /// Stores spans; `rejected` counts those that were refused before. Returns how many more were refused as too large.
    pub(crate) fn insert_spans(&self, groups: &[SpanGroup<'_>], rejected: u64) -> u64 {
        let mut inner = self.lock();
        let Inner { traces, stats, .. } = &mut *inner;
        let too_large = groups.iter().map(|group| traces.insert(group, stats)).sum();
        stats.spans_rejected += rejected + too_large;
        drop(inner);
        self.tell();
        too_large
    }

    /// Stores log records; `rejected` counts those that were refused before. Returns how many more were refused as too large.
    pub(crate) fn insert_logs(&self, group: Option<&LogGroup<'_>>, rejected: u64) -> u64 {
        let mut inner = self.lock();
        let Inner { logs, stats, .. } = &mut *inner;
        let too_large = group.map_or(0, |group| logs.insert(group, stats));
        stats.logs_rejected += rejected + too_large;
        drop(inner);
        self.tell();
        too_large
    }

    pub(crate) fn count_metrics(&self, received: u64) {
        self.lock().stats.metrics_received += received;
        self.tell();
    }

    /// Changes whenever something has come in.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn tell(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// The log records of a trace, or all, newest first.
    pub fn log_records(&self, trace_id: Option<TraceId>) -> Vec<ServiceLog> {
        let mut names = ServiceNames::default();
        let stored = self.logs(|log| trace_id.is_none_or(|id| log.trace_id == Some(id)));
        let decoded = stored.iter().filter_map(|log| Some((log, log.decode()?)));
        decoded.map(|(log, record)| ServiceLog { service: names.of(&log.origin), record }).collect()
    }

    /// The log records for which `wanted` says yes, newest first.
    pub(crate) fn logs(&self, wanted: impl Fn(&StoredLog) -> bool) -> Vec<StoredLog> {
        self.lock().logs.newest_first().filter(|log| wanted(log)).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics between two consistent states, so what a panicking thread left is still good.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
