//! Takes outcomes from all tasks at once and adds them up.
//!
//! Invariant: every outcome is in exactly one shard, and in the figures unless it belongs to the warm-up, which is counted.

use std::{
    cell::Cell,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    figures::{Figures, Tally},
    ramp::{RampStep, RampWindows, Window},
    recent::Recent,
};
use crate::outcome::Outcome;

/// More are not worth their memory: a histogram per step and shard.
const MAX_SHARDS: usize = 8;

thread_local! {
    static THREAD: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Adds outcomes up. Shared by the tasks that make them: each thread has its own part, so that none waits for another.
#[derive(Debug)]
pub struct Recorder {
    steps: Vec<String>,
    ramp: Option<RampWindows>,
    began: OnceLock<Instant>,
    ended: OnceLock<Instant>,
    shards: Box<[Mutex<Shard>]>,
}

#[derive(Debug)]
struct Shard {
    warm_up: u64,
    steps: Vec<Tally>,
    windows: Vec<Window>,
    first_due: Option<Instant>,
    last_end: Option<Instant>,
    recent: Recent,
}

/// What was measured in a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Requests of the warm-up, which are in none of the other figures.
    pub warm_up: u64,
    /// From the begin of the figures to the end of the load or the last answer, whichever is later.
    pub elapsed: Duration,
    /// All requests.
    pub total: Figures,
    /// The same by step of the scenario.
    pub steps: Vec<(String, Figures)>,
    /// The same by step of the ramp; empty without one.
    pub ramp: Vec<RampStep>,
}

impl Recorder {
    /// For a scenario with steps of these names, in the order of [`Outcome::step`].
    #[must_use]
    pub fn new(steps: Vec<String>, ramp: Option<RampWindows>) -> Self {
        let shards = thread::available_parallelism().map_or(1, usize::from).min(MAX_SHARDS);
        let windows = ramp.as_ref().map_or(0, |ramp| ramp.rates.len());
        let shard = || Mutex::new(Shard::new(steps.len(), windows));
        let shards = (0..shards).map(|_| shard()).collect();
        Self { steps, ramp, began: OnceLock::new(), ended: OnceLock::new(), shards }
    }

    /// Says when the figures begin: the start of the load, warm-up left out. Without it that is when the first request was due.
    pub fn begin(&self, at: Instant) {
        // Only the first time counts.
        let _ = self.began.set(at);
    }

    /// Says when the load ended: its last slot, or the moment at which it was stopped. Answers may come later.
    pub fn end(&self, at: Instant) {
        // As above.
        let _ = self.ended.set(at);
    }

    /// Books a request that has ended.
    pub fn record(&self, outcome: &Outcome) {
        let mut shard = self.shard();
        shard.recent.record(outcome);
        if outcome.warm_up {
            shard.warm_up += 1;
            return;
        }
        shard.note_times(outcome);
        if let Some(tally) = shard.steps.get_mut(outcome.step) {
            tally.record(outcome);
        }
        if let (Some(ramp), Some(began)) = (&self.ramp, self.began.get()) {
            ramp.record(&mut shard.windows, *began, outcome);
        }
    }

    /// What has ended since the last call, the warm-up's requests too: for the progress line, which is the one that asks.
    pub fn take_recent(&self) -> Recent {
        let mut recent = Recent::default();
        for shard in &self.shards {
            recent.take(&mut lock(shard).recent);
        }
        recent
    }

    /// All figures up to now.
    #[must_use]
    pub fn measured(&self) -> Measured {
        let mut sum = Shard::new(self.steps.len(), self.windows());
        for shard in &self.shards {
            sum.add(&lock(shard));
        }
        let mut total = Tally::new();
        sum.steps.iter().for_each(|tally| total.add(tally));
        let steps = self.steps.iter().cloned();
        Measured {
            warm_up: sum.warm_up,
            elapsed: self.elapsed(&sum),
            total: total.told(),
            steps: steps.zip(sum.steps.iter().map(Tally::told)).collect(),
            ramp: self.ramp.as_ref().map_or_else(Vec::new, |ramp| ramp.told(&sum.windows)),
        }
    }

    fn elapsed(&self, sum: &Shard) -> Duration {
        let began = self.began.get().copied().or(sum.first_due);
        let ended = self.ended.get().copied().max(sum.last_end);
        began.zip(ended).map_or(Duration::ZERO, |(began, ended)| ended.duration_since(began))
    }

    fn windows(&self) -> usize {
        self.ramp.as_ref().map_or(0, |ramp| ramp.rates.len())
    }

    fn shard(&self) -> MutexGuard<'_, Shard> {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        let thread = THREAD.get().unwrap_or_else(|| {
            let next = THREADS.fetch_add(1, Ordering::Relaxed);
            THREAD.set(Some(next));
            next
        });
        lock(&self.shards[thread % self.shards.len()])
    }
}

/// Every step leaves the figures whole, so a panic elsewhere while they were held does no harm.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn new(steps: usize, windows: usize) -> Self {
        Self {
            warm_up: 0,
            steps: (0..steps).map(|_| Tally::new()).collect(),
            windows: (0..windows).map(|_| Window::new()).collect(),
            first_due: None,
            last_end: None,
            recent: Recent::default(),
        }
    }

    fn note_times(&mut self, outcome: &Outcome) {
        let due = outcome.at.checked_sub(outcome.latency).unwrap_or(outcome.at);
        self.first_due = Some(self.first_due.map_or(due, |first| first.min(due)));
        self.last_end = self.last_end.max(Some(outcome.at));
    }

    fn add(&mut self, other: &Self) {
        self.warm_up += other.warm_up;
        self.steps.iter_mut().zip(&other.steps).for_each(|(sum, tally)| sum.add(tally));
        self.windows.iter_mut().zip(&other.windows).for_each(|(sum, window)| sum.add(window));
        self.first_due = [self.first_due, other.first_due].into_iter().flatten().min();
        self.last_end = self.last_end.max(other.last_end);
    }
}

#[cfg(test)]
mod tests;
