//! The traces of the store, oldest out first.

use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque, hash_map},
    sync::Arc,
};

use super::{
    StoredOrigin, StoredSpan,
    evicted::Evicted,
    origins::Origins,
    stats::Stats,
    trace::{Entry, Trace},
};
use crate::{SpanId, TraceId, wire::Origin};

/// A trace's own share of the map and the queue. The map is shrunk when less than a quarter of it is used, and the queue
/// has at most two slots per trace.
const TRACE_OVERHEAD: usize =
    4 * (size_of::<(TraceId, Entry)>() + 1) + 2 * size_of::<TraceId>() + 64;
/// No trace may take more than this part of the budget, so one endless trace cannot push all others out.
const TRACE_SHARE: usize = 8;

/// A span to be stored, checked and still encoded.
#[derive(Debug)]
pub(crate) struct NewSpan<'a> {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) bytes: Cow<'a, [u8]>,
}

/// Spans of one resource and scope.
#[derive(Debug)]
pub(crate) struct SpanGroup<'a> {
    pub(crate) origin: Origin<'a>,
    pub(crate) spans: Vec<NewSpan<'a>>,
}

/// Invariant: `order` holds the keys of `entries` in the order of their arrival, `entries_bytes` is the sum of the entries'
/// costs, and `bytes() <= budget` whenever no insert is running.
#[derive(Debug)]
pub(super) struct Traces {
    entries: HashMap<TraceId, Entry>,
    order: VecDeque<TraceId>,
    evicted: Evicted,
    origins: Origins,
    entries_bytes: usize,
    budget: usize,
}

impl Traces {
    pub(super) fn within(budget: usize, evicted_budget: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            evicted: Evicted::within(evicted_budget),
            origins: Origins::default(),
            entries_bytes: 0,
            budget,
        }
    }

    /// Stores the spans of a group and returns how many were refused because their trace is too large.
    pub(super) fn insert(&mut self, group: &SpanGroup<'_>, stats: &mut Stats) -> u64 {
        let origin = self.origins.acquire(group.origin);
        let mut refused = 0;
        for span in &group.spans {
            if self.evicted.contains(span.trace_id) {
                stats.spans_late += 1;
            } else if !self.insert_span(span, &origin, stats) {
                refused += 1;
            }
        }
        self.origins.release(&origin);
        refused
    }

    /// False if the span's trace would become too large.
    fn insert_span(
        &mut self,
        span: &NewSpan<'_>,
        origin: &Arc<StoredOrigin>,
        stats: &mut Stats,
    ) -> bool {
        let limit = self.trace_limit();
        let known = self.entries.get_mut(&span.trace_id);
        if known.as_ref().is_some_and(|entry| entry.contains(span.span_id)) {
            stats.spans_duplicate += 1;
            return true;
        }
        let grown = known.map_or(Entry::default().cost_with(span.bytes.len()), |entry| {
            entry.cost_with(span.bytes.len())
        });
        if grown > limit {
            return false;
        }
        let entry = match self.entries.entry(span.trace_id) {
            hash_map::Entry::Occupied(occupied) => occupied.into_mut(),
            hash_map::Entry::Vacant(vacant) => {
                self.order.push_back(span.trace_id);
                self.entries_bytes += TRACE_OVERHEAD;
                vacant.insert(Entry::default())
            }
        };
        let before = entry.cost();
        self.origins.reuse(origin);
        entry.push(StoredSpan {
            id: span.span_id,
            origin: Arc::clone(origin),
            bytes: Arc::from(&*span.bytes),
        });
        self.entries_bytes = self.entries_bytes + entry.cost() - before;
        stats.spans_stored += 1;
        stats.spans_held += 1;
        while self.live_bytes() > self.budget && self.evict_oldest(stats) {}
        true
    }

    fn evict_oldest(&mut self, stats: &mut Stats) -> bool {
        let Some(id) = self.order.pop_front() else {
            return false;
        };
        if let Some(entry) = self.entries.remove(&id) {
            self.entries_bytes -= entry.cost() + TRACE_OVERHEAD;
            stats.traces_evicted += 1;
            stats.spans_evicted += entry.spans.len() as u64;
            stats.spans_held -= entry.spans.len() as u64;
            for span in &entry.spans {
                self.origins.release(&span.origin);
            }
        }
        self.evicted.remember(id);
        if self.entries.capacity() > 64 && self.entries.len() < self.entries.capacity() / 4 {
            self.entries.shrink_to_fit();
            self.order.shrink_to_fit();
        }
        true
    }

    pub(super) fn trace(&self, id: TraceId) -> Option<Trace> {
        self.entries.get(&id).map(|entry| Trace { id, spans: entry.spans.clone() })
    }

    pub(super) fn was_evicted(&self, id: TraceId) -> bool {
        self.evicted.contains(id)
    }

    /// The ids of the traces, the newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = TraceId> {
        self.order.iter().rev().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn evicted_len(&self) -> usize {
        self.evicted.len()
    }

    pub(super) fn trace_limit(&self) -> usize {
        self.budget / TRACE_SHARE
    }

    pub(super) fn bytes(&self) -> usize {
        self.live_bytes() + self.evicted.bytes()
    }

    /// What the budget of the traces bounds; the evicted ids are bounded by their own.
    fn live_bytes(&self) -> usize {
        self.entries_bytes + self.origins.bytes()
    }
}
