//! Every trace gets its verdict: from the real viewer, whatever happens to its spans.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use loadgen::{
    outcome::Root,
    verify::{
        backend::Backend,
        contract::{self, Contracts},
        expectation::{Expectation, Kind},
        queue::{Progress, Settings, Verifier},
        verdict::{Judgement, Verdict},
    },
};
use opentelemetry::trace::SpanId;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use testbed::Sink;
use viewer::{Config, Viewer};

use crate::{
    backend::{spans, tempo},
    made,
};

/// Verdicts as they come.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Judgement>>>);

impl Seen {
    pub(crate) fn all(&self) -> Vec<Judgement> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn counts(&self) -> BTreeMap<Verdict, usize> {
        let mut counts = BTreeMap::new();
        for judgement in self.all() {
            *counts.entry(judgement.verdict).or_default() += 1;
        }
        counts
    }
}

/// The first look-up at once, and a timeout of so many milliseconds.
pub(crate) fn settings(timeout: u64) -> Settings {
    let timeout = Duration::from_millis(timeout);
    Settings { after: Duration::ZERO, timeout, concurrency: 8, killed: Vec::new() }
}

pub(crate) fn expectation(number: u64) -> Expectation {
    let root = Root { trace_id: made::id(number), span_id: SpanId::from(1), sampled: true };
    Expectation {
        trace_id: made::id(number),
        root: Some(root),
        contract: Some("made".into()),
        answer: Kind::Completed,
        keyed: None,
        broken: None,
        has_chain: false,
        since: Instant::now(),
    }
}

/// The contract of `made::trace`, written from one.
pub(crate) async fn contracts() -> Arc<Contracts> {
    let sink = Sink::start().await;
    made::send(&sink.endpoint(), made::trace(1)).await;
    let good = spans(tempo(&sink.query_url()).fetch(made::id(1)).await.unwrap());
    let mut contracts = Contracts::load(&[]).unwrap();
    contracts.insert(contract::from_trace("made", &good).unwrap());
    Arc::new(contracts)
}

pub(crate) async fn start(settings: Settings, backend: Backend) -> (Verifier, Seen) {
    let seen = Seen::default();
    let keep = seen.clone();
    let told = move |judgement: &Judgement| keep.0.lock().unwrap().push(judgement.clone());
    (Verifier::start(settings, contracts().await, backend, Some(Arc::new(told))), seen)
}

#[tokio::test]
async fn a_trace_whose_spans_come_late_is_whole_at_a_later_look_up() {
    let sink = Sink::start().await;
    let mut first = made::trace(1);
    let late = first.split_off(3);
    made::send(&sink.endpoint(), first.into_iter().chain(made::trace(2))).await;
    let one_by_one = Settings { concurrency: 1, ..settings(20_000) };
    let (verifier, seen) = start(one_by_one, tempo(&sink.query_url())).await;

    let started = Instant::now();
    verifier.expect(expectation(1));
    verifier.expect(expectation(2));
    // One is looked up after the other: once there is a verdict on the second, the first was found incomplete.
    let second = async || (!seen.all().is_empty()).then_some(());
    testbed::until(Duration::from_secs(5), second).await.expect("a verdict");
    assert_eq!(verifier.progress(), Progress { expected: 2, verified: 1, whole: 1 });
    made::send(&sink.endpoint(), late).await;
    verifier.finish().await;

    assert_eq!(seen.counts(), BTreeMap::from([(Verdict::Whole, 2)]));
    assert!(started.elapsed() < Duration::from_secs(10), "it waited for the timeout");
}

#[tokio::test]
async fn a_trace_that_stays_incomplete_or_away_is_judged_when_its_time_is_over() {
    let sink = Sink::start().await;
    let mut trace = made::trace(1);
    trace.remove(4);
    made::send(&sink.endpoint(), trace).await;
    let (verifier, seen) = start(settings(1_200), tempo(&sink.query_url())).await;

    let started = Instant::now();
    verifier.expect(expectation(1));
    verifier.expect(expectation(2));
    verifier.finish().await;

    assert_eq!(seen.counts(), BTreeMap::from([(Verdict::Missing, 1), (Verdict::Incomplete, 1)]));
    assert!(started.elapsed() >= Duration::from_millis(1_200));
}

#[tokio::test]
async fn an_evicted_trace_is_evicted_at_once_and_never_whole() {
    let config = Config { store_bytes: viewer::MIN_BUDGET_BYTES, ..Config::default() };
    let viewer = Viewer::start(&config).await.unwrap();
    let endpoint = format!("http://{}", viewer.addresses().otlp_http);
    let mut sent = 0;
    while viewer.store().stats().traces_evicted < 100 {
        made::send(&endpoint, (sent..sent + 100).flat_map(made::trace)).await;
        sent += 100;
    }
    let evicted = usize::try_from(viewer.store().stats().traces_evicted).unwrap();
    let url = format!("http://{}", viewer.addresses().query);
    let (verifier, seen) = start(settings(60_000), tempo(&url)).await;

    let started = Instant::now();
    (0..sent).for_each(|number| verifier.expect(expectation(number)));
    verifier.finish().await;

    let whole = usize::try_from(sent).unwrap() - evicted;
    let expected = BTreeMap::from([(Verdict::Whole, whole), (Verdict::Evicted, evicted)]);
    assert_eq!(seen.counts(), expected);
    assert!(started.elapsed() < Duration::from_secs(30), "it waited for the timeout");
}

#[tokio::test]
async fn ten_thousand_good_traces_raise_no_false_alarm() {
    const TRACES: u64 = 10_000;
    let sink = Sink::start().await;
    let (verifier, seen) = start(settings(30_000), tempo(&sink.query_url())).await;
    for first in (0..TRACES).step_by(500) {
        let numbers = first..first + 500;
        made::send(&sink.endpoint(), numbers.clone().flat_map(made::trace)).await;
        numbers.for_each(|number| verifier.expect(expectation(number)));
    }
    let intake = verifier.intake();
    verifier.finish().await;

    assert_eq!(seen.counts(), BTreeMap::from([(Verdict::Whole, 10_000)]));
    let all = Progress { expected: TRACES, verified: TRACES, whole: TRACES };
    assert_eq!(intake.progress(), all);
}

#[tokio::test]
async fn a_share_of_spans_lost_on_the_way_is_counted_exactly() {
    let sink = Sink::start().await;
    let mut random = StdRng::seed_from_u64(7);
    let (mut hurt, mut gone) = (0, 0);
    for first in (0..1_000_u64).step_by(100) {
        let mut sent = Vec::new();
        for number in first..first + 100 {
            let mut trace = made::trace(number);
            trace.retain(|_| !random.random_bool(0.05));
            hurt += usize::from((1..5).contains(&trace.len()));
            gone += usize::from(trace.is_empty());
            sent.extend(trace);
        }
        made::send(&sink.endpoint(), sent).await;
    }
    let (verifier, seen) = start(settings(3_000), tempo(&sink.query_url())).await;
    (0..1_000).for_each(|number| verifier.expect(expectation(number)));
    verifier.finish().await;

    let counts = seen.counts();
    let count = |verdict| counts.get(&verdict).copied().unwrap_or(0);
    assert!(hurt > 100, "{hurt}");
    assert_eq!((count(Verdict::Whole), count(Verdict::Missing)), (1_000 - hurt - gone, gone));
    // Which of them it is depends on where the span was: below it, above others, or all of a service.
    let told = [Verdict::Incomplete, Verdict::Orphaned, Verdict::Broken].map(count);
    assert_eq!(told.iter().sum::<usize>(), hurt, "{counts:?}");
}

#[tokio::test]
async fn what_is_dropped_asks_no_more() {
    let upstream =
        testbed::Upstream::start(|_| testbed::Reply::json(404, &serde_json::json!({}))).await;
    let (verifier, seen) = start(settings(60_000), tempo(&upstream.url())).await;
    verifier.expect(expectation(1));
    let asked = async || (!upstream.requests().is_empty()).then_some(());
    testbed::until(Duration::from_secs(5), asked).await.expect("a look-up");
    let intake = verifier.intake();
    drop(verifier);
    // What is handed in afterwards is neither kept nor counted.
    let gone = async || {
        let before = intake.progress();
        intake.expect(expectation(2));
        (intake.progress() == before).then_some(())
    };
    testbed::until(Duration::from_secs(5), gone).await.expect("the end of the task");
    assert!(seen.all().is_empty());
}
