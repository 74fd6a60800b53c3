//! A stop in the middle: Ctrl-C.

use std::time::Duration;

use crate::{
    running::{Options, run_with},
    server::Counting,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_at_a_stop_is_still_answered_and_nothing_new_is_sent() {
    let server = Counting::start(Duration::from_millis(300)).await;

    let stop = Options { stop_after: Some(20), ..Options::default() };
    let ran = run_with(&server.url, "--rate 100 --duration 60s", stop).await;

    assert!(ran.summary.stopped);
    let told = ran.summary.figures;
    assert!((20..3000).contains(&told.due), "{told:?}");
    assert_eq!((ran.answers().len() as u64, told.sent), (told.due, told.due));
    assert_eq!(ran.live.in_flight(), 0);
    assert!(told.due > 20, "those of the last 300 ms were under way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_connection_at_a_stop_is_counted_and_not_sent() {
    let server = Counting::start(Duration::from_millis(100)).await;

    let stop = Options { stop_after: Some(3), ..Options::default() };
    let ran = run_with(&server.url, "--rate 200 --duration 60s --connections 1", stop).await;

    let told = ran.summary.figures;
    assert_eq!(ran.answers().len() as u64, told.sent);
    assert!(told.sent <= 5, "{told:?}");
    assert!(told.left() >= 20 && told.due == told.sent + told.left(), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_after_the_last_request_was_due_lets_go_of_those_that_still_wait() {
    let server = Counting::start(Duration::from_millis(100)).await;

    let stop = Options { stop_after: Some(5), ..Options::default() };
    let ran = run_with(&server.url, "--rate 1000 --duration 100ms --connections 1", stop).await;

    let told = ran.summary.figures;
    assert_eq!((ran.summary.stopped, told.due), (true, 100));
    assert!(told.sent <= 7 && told.left() == 100 - told.sent, "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_loop_stops_with_its_requests_answered() {
    let server = Counting::start(Duration::from_millis(20)).await;

    let stop = Options { stop_after: Some(10), ..Options::default() };
    let ran = run_with(&server.url, "--closed --connections 5 --duration 60s", stop).await;

    assert!(ran.summary.stopped);
    assert!((10..=15).contains(&ran.answers().len()), "{}", ran.answers().len());
    assert_eq!(ran.outcomes.len(), ran.answers().len());
}
