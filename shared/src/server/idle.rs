//! Connections that wait for a request: the longest idle one makes room where all places are taken, so that clients which say nothing
//! cannot keep out those which do.
//!
//! Invariant: a connection with a request in work is not among them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// What a connection gets to send its first request, or the next, though others wait; and what is left of an answer to be written.
const GRACE: Duration = Duration::from_secs(1);

/// The idle connections of a server, the longest idle first.
#[derive(Debug, Default)]
pub(super) struct Idle(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    next: u64,
    waiting: BTreeMap<u64, (Instant, Arc<Notify>)>,
}

/// One connection among them.
#[derive(Debug)]
pub(super) struct Guest {
    idle: Arc<Idle>,
    state: Mutex<State>,
    leave: Arc<Notify>,
}

#[derive(Debug)]
enum State {
    /// Waits, at this place among those who do.
    Rests(u64),
    /// Has so many requests in work; over HTTP/2 more than one.
    Works(usize),
}

/// A request in work, until it is dropped.
#[derive(Debug)]
pub(super) struct AtWork(Arc<Guest>);

impl Idle {
    /// A place behind all who wait.
    fn place(&self, leave: &Arc<Notify>) -> u64 {
        let mut places = lock(&self.0);
        let place = places.next;
        places.next += 1;
        places.waiting.insert(place, (Instant::now(), Arc::clone(leave)));
        place
    }

    fn leave(&self, place: u64) {
        lock(&self.0).waiting.remove(&place);
    }

    /// Tells the longest idle connection to go, unless it has only just become idle.
    pub(super) fn make_room(&self) {
        let mut places = lock(&self.0);
        if let Some(longest) = places.waiting.first_entry()
            && longest.get().0.elapsed() >= GRACE
        {
            longest.remove().1.notify_one();
        }
    }
}

impl Guest {
    /// A new connection, which is idle until its first request.
    pub(super) fn new(idle: &Arc<Idle>) -> Arc<Self> {
        let leave = Arc::default();
        let state = Mutex::new(State::Rests(idle.place(&leave)));
        Arc::new(Self { idle: Arc::clone(idle), state, leave })
    }

    /// It has one request more in work.
    pub(super) fn works(self: &Arc<Self>) -> AtWork {
        let mut state = lock(&self.state);
        *state = match *state {
            State::Works(requests) => State::Works(requests + 1),
            State::Rests(place) => {
                self.idle.leave(place);
                State::Works(1)
            }
        };
        AtWork(Arc::clone(self))
    }

    /// Returns when the connection has to make room for others; not while it works.
    pub(super) async fn has_to_go(&self) {
        loop {
            self.leave.notified().await;
            if matches!(*lock(&self.state), State::Rests(_)) {
                return;
            }
        }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let Self(guest) = self;
        let mut state = lock(&guest.state);
        *state = match *state {
            State::Works(requests @ 2..) => State::Works(requests - 1),
            _ => State::Rests(guest.idle.place(&guest.leave)),
        };
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let State::Rests(place) = *lock(&self.state) {
            self.idle.leave(place);
        }
    }
}

/// No code that holds the lock panics, so what it holds is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn has_to_go(guest: &Guest) -> bool {
        let mut told = std::pin::pin!(guest.has_to_go());
        told.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    fn older(idle: &Idle, by: Duration) {
        for (since, _) in lock(&idle.0).waiting.values_mut() {
            *since -= by;
        }
    }

    #[test]
    fn the_longest_idle_goes_first_and_who_works_or_has_just_come_stays() {
        let idle = Arc::new(Idle::default());
        let [first, second, third] = [(); 3].map(|()| Guest::new(&idle));
        idle.make_room();
        assert!(![&first, &second, &third].into_iter().any(|guest| has_to_go(guest)), "too early");
        older(&idle, GRACE);
        let requests = [first.works(), first.works()];

        idle.make_room();

        assert!(has_to_go(&second) && !has_to_go(&first) && !has_to_go(&third));
        drop(third);
        for request in requests {
            assert!(lock(&idle.0).waiting.is_empty(), "it has a request in work");
            drop(request);
        }
        idle.make_room();
        assert!(!has_to_go(&first), "it has only just become idle");
        drop(first);
        assert!(lock(&idle.0).waiting.is_empty(), "what has gone is forgotten");
    }
}
