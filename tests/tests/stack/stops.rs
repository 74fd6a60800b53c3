//! What compose stops gets so many seconds, and is killed then.

use std::path::Path;
use std::time::{Duration, Instant};

use testbed::{Collector, CollectorOptions, External, Loki, Scrape, Tempo, until};

use crate::DEADLINE;
use crate::made::Front;
use crate::system::is_not_run;

/// `stop_grace_period` of a service of compose.yaml.
fn grace(service: &str) -> Duration {
    let compose = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/compose.yaml");
    let compose = std::fs::read_to_string(compose).unwrap();
    let of_service = compose.split_once(&format!("\n  {service}:\n")).unwrap().1;
    let seconds = of_service.split_once("stop_grace_period: ").unwrap().1;
    Duration::from_secs(seconds.split_once('s').unwrap().0.parse().unwrap())
}

async fn ends_in_time(service: &str, stop: impl Future<Output = ()>) {
    let began = Instant::now();
    stop.await;
    let (took, grace) = (began.elapsed(), grace(service));
    println!("{service} ended after {took:?}");
    assert!(took < grace, "{service} took {took:?} to end, and is killed after {grace:?}");
}

#[tokio::test]
async fn the_collector_and_loki_end_before_they_are_killed() {
    if is_not_run(&[External::COLLECTOR, External::LOKI]) {
        return;
    }
    let mut collector = Collector::start(CollectorOptions::default()).await;
    let mut loki = Loki::start().await;

    ends_in_time("otel-collector", collector.stop()).await;
    ends_in_time("loki", loki.stop()).await;
}

/// With metrics that nobody takes, which it would wait for.
#[tokio::test]
async fn tempo_ends_before_it_is_killed_though_prometheus_is_away() {
    if is_not_run(&[External::COLLECTOR, External::TEMPO]) {
        return;
    }
    let mut tempo = Tempo::start("http://127.0.0.1:1").await;
    let options = CollectorOptions::default().traces_to(&tempo.otlp_address());
    let collector = Collector::start(options).await;
    Front::new().send(&collector.endpoint()).await;
    let collected = until(DEADLINE, async || {
        let pending =
            Scrape::of(&tempo.url()).await.sum("prometheus_remote_storage_samples_pending");
        (pending > 0.0).then_some(())
    });
    assert!(collected.await.is_some(), "Tempo has derived no metrics");

    ends_in_time("tempo", tempo.stop()).await;
}
