//! Requests that are due, and the connections that wait for one.
//!
//! Invariants:
//! - First due, first taken. Since a connection is free again when its request's time is over, whatever waits is taken before or just when its own
//!   is: what waits is never more than the requests of one timeout.
//! - No request waits while a connection is idle: whoever puts one in wakes one, or asks for a new one.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Instant,
};

/// A request that is to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub(super) n: u64,
    /// Its scheduled start; `None` in a closed loop, where it is the sending itself.
    pub(super) at: Option<Instant>,
    pub(super) warm_up: bool,
}

pub(super) struct Backlog {
    bound: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    /// The one that was used last is on top: so few connections stay warm.
    idle: Vec<(usize, Waker)>,
    /// For each connection, whether it stands among the idle ones.
    is_idle: Vec<bool>,
    closed: bool,
}

impl Backlog {
    /// For at most `bound` connections.
    pub(super) fn new(bound: usize) -> Self {
        Self { bound, state: Mutex::default() }
    }

    /// Puts a request in. Gives the number of a connection that must be begun for it, when all there are have work and more are allowed.
    pub(super) fn push(&self, job: Job) -> Option<usize> {
        let mut state = self.lock();
        state.waiting.push_back(job);
        if let Some((connection, waker)) = state.idle.pop() {
            state.is_idle[connection] = false;
            drop(state);
            waker.wake();
            return None;
        }
        let next = state.is_idle.len();
        (next < self.bound).then(|| {
            state.is_idle.push(false);
            next
        })
    }

    /// The next request for a connection; `None` when there will be no more.
    pub(super) fn poll_next(&self, connection: usize, cx: &mut Context<'_>) -> Poll<Option<Job>> {
        let mut state = self.lock();
        // Only when something else than a request has woken it, such as the server that closes.
        if std::mem::take(&mut state.is_idle[connection]) {
            state.idle.retain(|(idle, _)| *idle != connection);
        }
        if let Some(job) = state.waiting.pop_front() {
            return Poll::Ready(Some(job));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.is_idle[connection] = true;
        state.idle.push((connection, cx.waker().clone()));
        Poll::Pending
    }

    /// No request will be put in any more; those that wait are still taken.
    pub(super) fn close(&self) {
        let idle = {
            let mut state = self.lock();
            state.closed = true;
            std::mem::take(&mut state.idle)
        };
        idle.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Lets go of those that wait, and says how many there were.
    pub(super) fn abandon(&self) -> usize {
        std::mem::take(&mut self.lock().waiting).len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
