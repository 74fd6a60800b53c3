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
    place: Mutex<Option<u64>>,
    leave: Arc<Notify>,
}

impl Idle {
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
        let guest = Self { idle: Arc::clone(idle), place: Mutex::default(), leave: Arc::default() };
        guest.rests();
        Arc::new(guest)
    }

    /// It waits for its next request.
    pub(super) fn rests(&self) {
        let mut places = lock(&self.idle.0);
        let place = places.next;
        places.next += 1;
        places.waiting.insert(place, (Instant::now(), Arc::clone(&self.leave)));
        *lock(&self.place) = Some(place);
    }

    /// It has a request in work.
    pub(super) fn works(&self) {
        if let Some(place) = lock(&self.place).take() {
            lock(&self.idle.0).waiting.remove(&place);
        }
    }

    /// Returns when the connection has to make room for others; not while it works.
    pub(super) async fn has_to_go(&self) {
        loop {
            self.leave.notified().await;
            if lock(&self.place).is_some() {
                return;
            }
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.works();
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
        first.works();

        idle.make_room();

        assert!(has_to_go(&second) && !has_to_go(&first) && !has_to_go(&third));
        first.rests();
        drop(third);
        idle.make_room();
        assert!(!has_to_go(&first), "it has only just become idle");
        drop(first);
        assert!(lock(&idle.0).waiting.is_empty(), "what has gone is forgotten");
    }
}
