//! Who gets which request, and who is woken for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};

use super::{Backlog, Job};

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

fn job(n: u64) -> Job {
    Job { n, at: None, warm_up: false }
}

fn poll(backlog: &Backlog, connection: usize, woken: &Arc<Woken>) -> Poll<Option<u64>> {
    let waker = Waker::from(Arc::clone(woken));
    backlog.poll_next(connection, &mut Context::from_waker(&waker)).map(|job| job.map(|job| job.n))
}

#[test]
fn connections_are_begun_up_to_the_bound_and_the_first_due_is_taken_first() {
    let (backlog, woken) = (Backlog::new(2), Arc::default());

    assert_eq!([0, 1, 2].map(|n| backlog.push(job(n))), [Some(0), Some(1), None]);
    assert_eq!(poll(&backlog, 1, &woken), Poll::Ready(Some(0)));
    assert_eq!(poll(&backlog, 0, &woken), Poll::Ready(Some(1)));
    assert_eq!(poll(&backlog, 0, &woken), Poll::Ready(Some(2)));
    assert_eq!(poll(&backlog, 0, &woken), Poll::Pending);
}

#[test]
fn the_connection_that_was_used_last_is_woken_and_no_other() {
    let backlog = Backlog::new(2);
    let woken: [Arc<Woken>; 2] = Default::default();
    for (connection, woken) in woken.iter().enumerate() {
        assert_eq!(backlog.push(job(0)), Some(connection));
        assert_eq!(poll(&backlog, connection, woken), Poll::Ready(Some(0)));
    }
    for (connection, woken) in woken.iter().enumerate() {
        assert_eq!(poll(&backlog, connection, woken), Poll::Pending);
    }

    assert_eq!(backlog.push(job(7)), None);

    assert_eq!([0, 1].map(|n: usize| woken[n].0.load(Relaxed)), [0, 1]);
    assert_eq!(poll(&backlog, 1, &woken[1]), Poll::Ready(Some(7)));
}

#[test]
fn a_connection_that_something_else_woke_stands_among_the_idle_ones_once() {
    let (backlog, woken) = (Backlog::new(1), Arc::new(Woken::default()));
    assert_eq!(backlog.push(job(0)), Some(0));
    assert_eq!(poll(&backlog, 0, &woken), Poll::Ready(Some(0)));
    for _ in 0..3 {
        assert_eq!(poll(&backlog, 0, &woken), Poll::Pending);
    }

    assert_eq!([1, 2].map(|n| backlog.push(job(n))), [None, None]);

    assert_eq!(woken.0.load(Relaxed), 1);
    assert_eq!(poll(&backlog, 0, &woken), Poll::Ready(Some(1)));
    assert_eq!(poll(&backlog, 0, &woken), Poll::Ready(Some(2)));
}

#[test]
fn what_waits_when_it_closes_is_still_taken_unless_it_is_abandoned() {
    let woken = Arc::default();
    for (abandoned, expected) in [(false, Some(0)), (true, None)] {
        let backlog = Backlog::new(1);
        backlog.push(job(0));
        backlog.close();
        if abandoned {
            assert_eq!(backlog.abandon(), 1);
        }
        assert_eq!(poll(&backlog, 0, &woken), Poll::Ready(expected));
    }
}
