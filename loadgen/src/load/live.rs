//! What the load is doing right now, for the progress line, and the counts of its summary.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// Counters that anyone may read while the load runs, warm-up included. Each is right by itself, not one with another. One for every run.
#[derive(Debug, Default)]
pub struct Live {
    begin: OnceLock<Instant>,
    figures: Counters,
    warm_up: Counters,
    /// Bits of the f64.
    rate: AtomicU64,
    connections: AtomicU64,
    /// Nanoseconds from the begin to the last start of a request.
    last_start: AtomicU64,
}

#[derive(Debug, Default)]
struct Counters {
    due: AtomicU64,
    started: AtomicU64,
    ended: AtomicU64,
    not_started: AtomicU64,
}

/// Requests, counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Their time came; in a closed loop those that were sent.
    pub due: u64,
    /// Of those, the ones that a connection took.
    pub sent: u64,
    /// Of those that were due, the ones that found no connection in time.
    pub not_started: u64,
}

impl Tally {
    /// Those that were due and still waited for a connection when the load was stopped.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.due.saturating_sub(self.sent + self.not_started)
    }
}

impl Live {
    /// Requests whose time has come; in a closed loop those that were sent.
    #[must_use]
    pub fn due(&self) -> u64 {
        self.sum(|counters| &counters.due)
    }

    /// Requests that a connection took.
    #[must_use]
    pub fn started(&self) -> u64 {
        self.sum(|counters| &counters.started)
    }

    /// Of those, the ones that have ended.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.sum(|counters| &counters.ended)
    }

    /// Requests that found no connection in time.
    #[must_use]
    pub fn not_started(&self) -> u64 {
        self.sum(|counters| &counters.not_started)
    }

    /// Requests on their way.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.started().saturating_sub(self.ended())
    }

    /// Connections that were opened.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    /// Requests per second that are asked for now; `None` in a closed loop, and before the first.
    #[must_use]
    pub fn asked_rate(&self) -> Option<f64> {
        let rate = f64::from_bits(self.rate.load(Relaxed));
        (rate > 0.0).then_some(rate)
    }

    /// Since the first request was due; zero before.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.begin.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    pub(super) fn tally(&self, warm_up: bool) -> Tally {
        let counters = self.counters(warm_up);
        Tally {
            due: counters.due.load(Relaxed),
            sent: counters.started.load(Relaxed),
            not_started: counters.not_started.load(Relaxed),
        }
    }

    pub(super) fn begun(&self) -> Option<Instant> {
        self.begin.get().copied()
    }

    /// From the begin to the last start of a request.
    pub(super) fn last_start(&self) -> Duration {
        Duration::from_nanos(self.last_start.load(Relaxed))
    }

    pub(super) fn begins(&self, at: Instant) {
        // There is one for every run, so that it is not set yet.
        let _ = self.begin.set(at);
    }

    pub(super) fn asks(&self, rate: f64) {
        self.rate.store(rate.to_bits(), Relaxed);
    }

    pub(super) fn is_due(&self, warm_up: bool) {
        self.counters(warm_up).due.fetch_add(1, Relaxed);
    }

    pub(super) fn starts(&self, warm_up: bool, now: Instant) {
        self.counters(warm_up).started.fetch_add(1, Relaxed);
        if let Some(begin) = self.begin.get() {
            let since = now.saturating_duration_since(*begin).as_nanos();
            self.last_start.store(u64::try_from(since).unwrap_or(u64::MAX), Relaxed);
        }
    }

    pub(super) fn ends(&self, warm_up: bool) {
        self.counters(warm_up).ended.fetch_add(1, Relaxed);
    }

    pub(super) fn starts_never(&self, warm_up: bool) {
        self.counters(warm_up).not_started.fetch_add(1, Relaxed);
    }

    pub(super) fn connects(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    fn counters(&self, warm_up: bool) -> &Counters {
        if warm_up { &self.warm_up } else { &self.figures }
    }

    fn sum(&self, which: impl Fn(&Counters) -> &AtomicU64) -> u64 {
        which(&self.figures).load(Relaxed) + which(&self.warm_up).load(Relaxed)
    }
}
