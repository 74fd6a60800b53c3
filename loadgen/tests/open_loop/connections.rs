//! How many connections there are, and what waits for one.

use std::time::Duration;

use loadgen::outcome::NoAnswer;
use testbed::{Reply, Upstream};

use crate::{
    running::{run, scheduled},
    server::Counting,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_never_exceed_their_bound_and_waiting_for_one_is_in_the_latency() {
    let server = Counting::start(Duration::from_millis(50)).await;

    let ran = run(&server.url, "--rate 400 --duration 500ms --connections 8").await;

    assert_eq!(ran.answers().len(), 200);
    assert_eq!((server.peak(), server.accepted()), (8, 8));
    assert_eq!(ran.summary.connections, 8);
    // 25 rounds of 8, 50 ms each, take 1.25 s; the last was due after half a second.
    let last = ran.outcomes.last().expect("outcomes");
    assert!(scheduled(last) <= ran.summary.figures_from + Duration::from_millis(500));
    assert!(last.latency >= Duration::from_millis(700), "{:?}", last.latency);
    assert!(ran.summary.sending >= Duration::from_millis(1150), "{:?}", ran.summary.sending);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_loop_keeps_its_connections() {
    let server = Counting::start(Duration::ZERO).await;

    let ran = run(&server.url, "--closed --connections 4 --requests 400").await;

    assert_eq!(ran.answers().len(), 400);
    assert_eq!((server.accepted(), ran.live.connections()), (4, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_loop_opens_a_second_connection_only_when_the_first_has_work() {
    let server = Counting::start(Duration::ZERO).await;

    let ran = run(&server.url, "--rate 20 --duration 1s").await;

    assert_eq!(ran.answers().len(), 20);
    // One that was answered within 50 ms frees its connection for the next; a busy machine may need a few.
    assert!(server.accepted() <= 10, "{} connections", server.accepted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_find_no_connection_in_time_are_not_started_and_counted() {
    let upstream = Upstream::start(|_| Reply::Hang).await;

    let flags = "--rate 10000 --duration 20ms --connections 1 --timeout 200ms";
    let ran = run(&upstream.url(), flags).await;

    let (timeouts, not_started) = (ran.failed(NoAnswer::Timeout), ran.not_started());
    assert_eq!(timeouts + not_started, 200);
    assert!(timeouts >= 1 && not_started >= 100, "{timeouts} timeouts");
    let told = ran.summary.figures;
    assert_eq!(
        (told.due, told.sent, told.not_started, told.left()),
        (200, timeouts as u64, not_started as u64, 0)
    );
    assert_eq!(ran.live.not_started(), not_started as u64);
    assert!(ran.outcomes.iter().all(|outcome| outcome.latency >= Duration::from_millis(200)));
    assert!(upstream.requests().len() <= timeouts, "what was not started was not sent");
}
