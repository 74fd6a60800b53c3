//! Coordinated omission: what a stall of the server does to the latencies of either loop.

use std::time::{Duration, Instant};

use loadgen::outcome::Outcome;
use testbed::{Reply, Upstream};

use crate::running::{Ran, run, scheduled};

const STALL: Duration = Duration::from_secs(1);

/// A server that answers nothing for a second in the middle of the run, and the moment at which it goes on.
async fn stalling() -> (Upstream, Instant, Instant) {
    let from = Instant::now() + Duration::from_millis(1200);
    let to = from + STALL;
    let upstream = Upstream::start(move |_| {
        let (now, answer) = (Instant::now(), Reply::json(200, &serde_json::json!({})));
        if now < from || now >= to {
            return answer;
        }
        Reply::After(to - now, Box::new(answer))
    });
    (upstream.await, from, to)
}

fn slower_than(ran: &Ran, bound: Duration) -> usize {
    ran.outcomes.iter().filter(|outcome| outcome.latency >= bound).count()
}

/// Whether the requests wait in the server, or here for one of the few connections, which all wait in the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_open_loop_holds_every_request_that_was_due_during_the_stall_with_its_wait() {
    for connections in ["512", "4"] {
        let (upstream, from, to) = stalling().await;

        let flags = format!("--rate 100 --duration 3s --connections {connections}");
        let ran = run(&upstream.url(), &flags).await;

        assert_eq!(ran.answers().len(), 300);
        let due = |outcome: &&Outcome| (from..to).contains(&scheduled(outcome));
        let stalled: Vec<_> = ran.outcomes.iter().filter(due).collect();
        assert!((99..=101).contains(&stalled.len()), "{} were due in the stall", stalled.len());
        for outcome in &stalled {
            // However busy the machine: none of them can have been answered before the stall was over.
            assert!(outcome.latency >= to - scheduled(outcome), "{outcome:?}");
        }
        assert!(slower_than(&ran, STALL / 2) >= 49, "half of them waited half of it");
        let usual = ran.outcomes.len() - slower_than(&ran, STALL / 4);
        assert!(usual >= 150, "only {usual} of 300 were answered in time");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_closed_loop_sees_the_stall_once_for_each_connection() {
    let (upstream, ..) = stalling().await;

    let ran = run(&upstream.url(), "--closed --connections 4 --duration 3s").await;

    let stalled = slower_than(&ran, STALL / 2);
    assert!((4..=8).contains(&stalled), "{stalled} of {} waited", ran.outcomes.len());
    assert!(ran.outcomes.len() > 400, "only {} requests", ran.outcomes.len());
}
