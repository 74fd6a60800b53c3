//! As many requests as asked for, each in its slot.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use testbed::{Received, Reply, Upstream};

use crate::running::{run, scheduled};

type Arrivals = Arc<Mutex<HashMap<u64, Vec<Instant>>>>;

/// A server that notes when each number arrived.
async fn noting() -> (Upstream, Arrivals) {
    let arrivals = Arrivals::default();
    let noted = Arc::clone(&arrivals);
    let upstream = Upstream::start(move |request| {
        let at = Instant::now();
        noted.lock().expect("no panic").entry(number(request)).or_default().push(at);
        Reply::json(200, &serde_json::json!({}))
    });
    (upstream.await, arrivals)
}

fn number(request: &Received) -> u64 {
    let path = request.path.split('?').next().unwrap_or_default();
    path.trim_start_matches('/').parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rate_times_duration_requests_leave_each_within_its_slot() {
    let (upstream, arrivals) = noting().await;

    let ran = run(&upstream.url(), "--rate 200 --duration 2s").await;

    assert_eq!((ran.outcomes.len(), ran.answers().len()), (400, 400));
    assert_eq!((ran.summary.figures.due, ran.summary.figures.sent), (400, 400));
    let arrivals = arrivals.lock().expect("no panic");
    assert_eq!(arrivals.len(), 400);
    let mut late = 0;
    for (n, outcome) in ran.outcomes.iter().enumerate() {
        let slot = ran.summary.figures_from + Duration::from_millis(5) * n as u32;
        assert_eq!(scheduled(outcome), slot, "request {n}");
        let [arrived] = arrivals[&(n as u64)][..] else { panic!("request {n} came twice") };
        assert!(arrived >= slot, "request {n} came before its time");
        late += usize::from(arrived - slot > Duration::from_millis(50));
    }
    assert!(late < 200, "{late} of 400 came late; the releases {:?} at worst", ran.summary.lag);
    assert!(ran.summary.sending >= Duration::from_secs(2), "{:?}", ran.summary.sending);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poisson_arrivals_are_as_many_at_other_times() {
    let (upstream, arrivals) = noting().await;

    let ran = run(&upstream.url(), "--rate 200 --duration 1s --arrivals poisson").await;

    assert_eq!(ran.answers().len(), 200);
    let arrivals = arrivals.lock().expect("no panic");
    assert!((0..200).all(|n| arrivals[&n].len() == 1));
    let on_the_grid = ran.outcomes.iter().filter(|outcome| {
        (scheduled(outcome) - ran.summary.figures_from).as_micros().is_multiple_of(5000)
    });
    assert!(on_the_grid.count() < 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_warm_up_is_sent_before_and_marked() {
    let (upstream, arrivals) = noting().await;

    let ran = run(&upstream.url(), "--rate 50 --duration 1s --warm-up 500ms").await;

    let (warm_up, figures) = ran.outcomes.split_at(25);
    assert!(warm_up.iter().all(|outcome| outcome.warm_up));
    assert!(figures.len() == 50 && figures.iter().all(|outcome| !outcome.warm_up));
    assert_eq!(scheduled(&figures[0]), ran.summary.figures_from);
    assert_eq!((ran.summary.warm_up.sent, ran.summary.figures.sent), (25, 50));
    assert_eq!(arrivals.lock().expect("no panic").len(), 75);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ramp_sends_each_steps_requests() {
    let (upstream, _) = noting().await;

    let ran = run(&upstream.url(), "--ramp 20..60/500ms --duration 1500ms").await;

    assert_eq!(ran.answers().len(), 10 + 20 + 30);
    let begin = ran.summary.figures_from;
    let step = |n: usize| (scheduled(&ran.outcomes[n]) - begin).as_millis();
    assert_eq!([step(0), step(10), step(30)], [0, 500, 1000]);
    assert_eq!(ran.live.asked_rate(), Some(60.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_loop_of_a_count_sends_exactly_that_many() {
    let (upstream, arrivals) = noting().await;

    let ran = run(&upstream.url(), "--closed --connections 7 --requests 500").await;

    assert_eq!(ran.answers().len(), 500);
    assert_eq!(ran.summary.figures.sent, 500);
    let arrivals = arrivals.lock().expect("no panic");
    let mut numbers: Vec<_> = arrivals.values().map(Vec::len).collect();
    numbers.dedup();
    assert_eq!((arrivals.len(), numbers), (500, vec![1]));
}
