//! How many connections may be in use at once, a number that the fault `pool` lowers and raises while they are.
//!
//! Invariant: places in use and places free are together as many as are allowed, and, just after the number was lowered, those
//! in use above it: each of them is gone when it comes back.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(super) struct Places {
    /// What is configured.
    most: usize,
    /// What holds at the moment, if it is less.
    limit: Box<dyn Fn() -> Option<usize> + Send + Sync>,
    permits: Arc<Semaphore>,
    state: Mutex<State>,
}

struct State {
    allowed: usize,
    /// Places in use that are gone when they come back.
    owed: usize,
}

/// A place in use; it is free again when this is dropped.
pub(super) struct Place {
    permit: Option<OwnedSemaphorePermit>,
    places: Arc<Places>,
}

impl Places {
    pub(super) fn new(
        most: usize,
        limit: impl Fn() -> Option<usize> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(most));
        let state = Mutex::new(State { allowed: most, owed: 0 });
        Arc::new(Self { most, limit: Box::new(limit), permits, state })
    }

    /// Waits for a free place; `None` when there will be none any more.
    pub(super) async fn take(self: &Arc<Self>) -> Option<Place> {
        self.follow_limit();
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        Some(Place { permit: Some(permit), places: Arc::clone(self) })
    }

    /// The number now, and how many are in use.
    pub(super) fn allowed_and_used(&self) -> (usize, usize) {
        self.follow_limit();
        let state = self.lock();
        let all = state.allowed + state.owed;
        (state.allowed, all.saturating_sub(self.permits.available_permits()))
    }

    /// Whether more places are in use than are allowed.
    pub(super) fn are_too_many(&self) -> bool {
        self.lock().owed > 0
    }

    /// Gives no place out any more, after waiting for those in use as long as `patience` does.
    pub(super) async fn close(&self, patience: Duration) {
        let all = u32::try_from(self.lock().allowed).unwrap_or(u32::MAX);
        let in_use = tokio::time::timeout(patience, self.permits.acquire_many(all)).await;
        self.permits.close();
        drop(in_use);
    }

    pub(super) fn are_closed(&self) -> bool {
        self.permits.is_closed()
    }

    /// Looks at the limit: whenever a place is taken or comes back, since nobody tells of a change.
    fn follow_limit(&self) {
        let wanted = (self.limit)().map_or(self.most, |limit| limit.min(self.most));
        let mut state = self.lock();
        if wanted > state.allowed {
            let more = wanted - state.allowed;
            let paid = more.min(state.owed);
            state.owed -= paid;
            self.permits.add_permits(more - paid);
        } else if wanted < state.allowed {
            let fewer = state.allowed - wanted;
            state.owed += fewer - self.permits.forget_permits(fewer);
        }
        state.allowed = wanted;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.follow_limit();
        let Some(permit) = self.permit.take() else { return };
        let mut state = self.places.lock();
        if state.owed > 0 {
            state.owed -= 1;
            permit.forget();
        } else {
            drop(permit);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Four places, and the number that limits them: 0 is no limit.
    fn places() -> (Arc<Places>, Arc<AtomicUsize>) {
        let limit = Arc::new(AtomicUsize::new(0));
        let read = Arc::clone(&limit);
        let places = Places::new(4, move || Some(read.load(Ordering::Relaxed)).filter(|n| *n > 0));
        (places, limit)
    }

    async fn take(places: &Arc<Places>, count: usize) -> Vec<Place> {
        let mut taken = Vec::new();
        for _ in 0..count {
            taken.push(places.take().await.unwrap());
        }
        taken
    }

    fn free(places: &Places) -> usize {
        places.permits.available_permits()
    }

    #[tokio::test]
    async fn the_limit_holds_from_the_next_look_on_and_ends_as_it_began() {
        let (places, limit) = places();
        limit.store(1, Ordering::Relaxed);
        assert_eq!(places.allowed_and_used(), (1, 0));
        assert_eq!(free(&places), 1);
        limit.store(0, Ordering::Relaxed);
        assert_eq!(places.allowed_and_used(), (4, 0));
        assert_eq!(free(&places), 4);
    }

    #[tokio::test]
    async fn a_limit_never_gives_more_than_is_configured() {
        let (places, limit) = places();
        limit.store(9, Ordering::Relaxed);
        assert_eq!(places.allowed_and_used(), (4, 0));
        assert_eq!(free(&places), 4);
    }

    #[tokio::test]
    async fn places_in_use_above_the_limit_are_gone_when_they_come_back() {
        let (places, limit) = places();
        let mut taken = take(&places, 4).await;
        limit.store(2, Ordering::Relaxed);
        assert_eq!(places.allowed_and_used(), (2, 4));
        for used in [3, 2] {
            assert!(places.are_too_many());
            taken.pop();
            assert_eq!((places.allowed_and_used(), free(&places)), ((2, used), 0));
        }
        assert!(!places.are_too_many());
        drop(taken);
        assert_eq!((places.allowed_and_used(), free(&places)), ((2, 0), 2));
    }

    #[tokio::test]
    async fn a_limit_that_is_lifted_in_between_forgives_what_was_owed() {
        let (places, limit) = places();
        let taken = take(&places, 4).await;
        limit.store(1, Ordering::Relaxed);
        assert_eq!(places.allowed_and_used(), (1, 4));
        limit.store(3, Ordering::Relaxed);
        assert_eq!((places.allowed_and_used(), free(&places)), ((3, 4), 0));
        limit.store(0, Ordering::Relaxed);
        assert_eq!((places.allowed_and_used(), free(&places)), ((4, 4), 0));
        drop(taken);
        assert_eq!((places.allowed_and_used(), free(&places)), ((4, 0), 4));
    }

    #[tokio::test]
    async fn who_waits_gets_a_place_as_soon_as_one_comes_back_after_the_limit_was_lifted() {
        let (places, limit) = places();
        limit.store(1, Ordering::Relaxed);
        let held = places.take().await.unwrap();
        let mut waiting = [Box::pin(places.take()), Box::pin(places.take())];
        for waiting in &mut waiting {
            assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        }
        limit.store(0, Ordering::Relaxed);
        drop(held);
        for waiting in waiting {
            assert!(waiting.await.is_some());
        }
    }

    #[tokio::test]
    async fn closing_under_a_limit_waits_for_all_that_are_in_use() {
        let (places, limit) = places();
        let taken = take(&places, 3).await;
        limit.store(1, Ordering::Relaxed);
        assert_eq!(places.allowed_and_used(), (1, 3));
        let mut closing = Box::pin(places.close(Duration::from_secs(60)));
        for place in taken {
            assert!(futures_util::poll!(closing.as_mut()).is_pending());
            drop(place);
        }
        closing.await;
        assert!(places.are_closed() && places.take().await.is_none());
    }
}
