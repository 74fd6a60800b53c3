//! Verdicts while the backend is in trouble: kept trying until the timeout, then told why, never called missing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use loadgen::verify::{queue::Settings, verdict::Verdict};
use serde_json::json;
use testbed::{Port, Reply, Upstream};

use crate::{
    backend::tempo,
    made,
    queue::{expectation, settings, start},
};

fn good(path: &str) -> Reply {
    let number = (0..10_000).find(|number| path.ends_with(&made::id(*number).to_string()));
    let trace = made::tempo_answer(made::trace(number.unwrap()));
    Reply::body(200, "application/protobuf", trace)
}

/// The reason for which three traces are not verified at a backend like this, and how long that took.
async fn unverified_at(url: &str, timeout: u64) -> (String, Duration) {
    let (verifier, seen) = start(settings(timeout), tempo(url)).await;
    let started = Instant::now();
    (0..3).for_each(|number| verifier.expect(expectation(number)));
    verifier.finish().await;
    assert_eq!(seen.counts(), BTreeMap::from([(Verdict::Unverified, 3)]));
    (seen.all()[0].detail.clone(), started.elapsed())
}

#[tokio::test]
async fn a_backend_that_is_down_leaves_traces_unverified_soon_after_their_time() {
    let nobody = Port::reserve();
    let url = format!("http://127.0.0.1:{}", nobody.number());
    let (reason, took) = unverified_at(&url, 1_500).await;
    assert!(reason.contains("the backend cannot be reached: Connection refused"), "{reason}");
    assert!(took >= Duration::from_millis(1_500) && took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn garbage_leaves_traces_unverified_after_their_time() {
    let upstream = Upstream::start(|_| Reply::body(200, "text/html", "<html></html>")).await;
    let (reason, took) = unverified_at(&upstream.url(), 1_500).await;
    assert!(reason.contains("no trace: it is not application/protobuf"), "{reason}");
    assert!(took >= Duration::from_millis(1_500) && took < Duration::from_secs(6), "{took:?}");
}

#[tokio::test]
async fn a_black_hole_leaves_traces_unverified_without_asking_for_each() {
    let upstream = Upstream::start(|_| Reply::Hang).await;
    let (verifier, seen) = start(settings(1_500), tempo(&upstream.url())).await;
    let started = Instant::now();
    (0..1_000).for_each(|number| verifier.expect(expectation(number)));
    verifier.finish().await;
    assert_eq!(seen.counts(), BTreeMap::from([(Verdict::Unverified, 1_000)]));
    assert!(seen.all()[0].detail.contains("did not answer within 5 s"));
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[tokio::test]
async fn retry_after_is_honoured_and_the_traces_are_whole_then() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let times = Arc::clone(&asked);
    let upstream = Upstream::start(move |request| {
        times.lock().unwrap().push(Instant::now());
        if times.lock().unwrap().len() > 1 {
            return good(&request.path);
        }
        Reply::json(429, &json!({})).header("retry-after", "2")
    })
    .await;
    let one_by_one = Settings { concurrency: 1, ..settings(20_000) };
    let (verifier, seen) = start(one_by_one, tempo(&upstream.url())).await;
    (0..20).for_each(|number| verifier.expect(expectation(number)));
    verifier.finish().await;
    assert_eq!(seen.counts(), BTreeMap::from([(Verdict::Whole, 20)]));
    let times = asked.lock().unwrap();
    let rest = times[1] - times[0];
    assert!(rest >= Duration::from_millis(1_990) && rest < Duration::from_secs(4), "{rest:?}");
    assert_eq!(times.len(), 21);
}

#[tokio::test]
async fn a_rest_longer_than_the_time_that_is_left_is_honoured_too() {
    let upstream =
        Upstream::start(|_| Reply::json(503, &json!({})).header("retry-after", "3600")).await;
    let (reason, took) = unverified_at(&upstream.url(), 1_500).await;
    let expected = "answered 503 Service Unavailable and asked for 3600 s of rest";
    assert!(reason.contains(expected), "{reason}");
    assert!(took >= Duration::from_millis(1_500) && took < Duration::from_secs(4), "{took:?}");
    assert!(upstream.requests().len() <= 3);
}

#[tokio::test]
async fn an_outage_in_the_middle_costs_no_verdict() {
    let upstream = Upstream::start(|_| Reply::json(503, &json!({}))).await;
    let (verifier, seen) = start(settings(20_000), tempo(&upstream.url())).await;
    (0..100).for_each(|number| verifier.expect(expectation(number)));
    let refused = async || (upstream.requests().len() >= 3).then_some(());
    testbed::until(Duration::from_secs(10), refused).await.expect("three refusals");
    upstream.answer(|request| good(&request.path));
    verifier.finish().await;
    assert_eq!(seen.counts(), BTreeMap::from([(Verdict::Whole, 100)]));
}

#[tokio::test]
async fn a_backend_too_slow_for_the_load_still_looks_at_every_trace_once() {
    let upstream = Upstream::start(|request| {
        Reply::After(Duration::from_millis(100), Box::new(good(&request.path)))
    })
    .await;
    // Two seconds of look-ups for half a second of time.
    let two_at_once = Settings { concurrency: 2, ..settings(500) };
    let (verifier, seen) = start(two_at_once, tempo(&upstream.url())).await;
    (0..40).for_each(|number| verifier.expect(expectation(number)));
    verifier.finish().await;
    assert_eq!(seen.counts(), BTreeMap::from([(Verdict::Whole, 40)]));
}
