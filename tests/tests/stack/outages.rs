//! What is behind the services goes away under load and comes back: no request fails, and the account of section 5 closes.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use testbed::{ChainOptions, CollectorOptions, Scrape, Service, until};

use crate::load::Load;
use crate::system::{System, lost};
use crate::{DEADLINE, PROCESS};

const OUTAGE: Duration = Duration::from_secs(20);
/// Before and after an outage, and the least during it.
const SOME: usize = 20;

const QUEUES: [&str; 2] = ["OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BLRP_MAX_QUEUE_SIZE"];

/// With the queues of compose.yaml.
async fn start() -> Option<System> {
    let compose = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/compose.yaml");
    let compose = std::fs::read_to_string(compose).unwrap();
    let default = |name: &str| {
        let rest = compose.split_once(&format!("${{{name}:-")).unwrap().1;
        rest.split_once('}').unwrap().0.to_owned()
    };
    start_with(QUEUES.map(default)).await
}

async fn start_with(sizes: [String; 2]) -> Option<System> {
    let chain = QUEUES.iter().zip(&sizes);
    let chain = chain.fold(ChainOptions::sqlite(), |chain, (name, size)| chain.env_all(name, size));
    System::start(chain, CollectorOptions::default()).await
}

/// How many spans of each service the backend holds, over these traces, once it has written what it was sent; each id is counted once.
async fn stored(
    system: &System,
    trace_ids: &[String],
    services: &[(Service, Scrape)],
) -> HashMap<String, f64> {
    let exported: f64 =
        services.iter().map(|(_, scrape)| scrape.value("otel_sdk_spans_exported_total")).sum();
    let mut stored = HashMap::new();
    let written = until(DEADLINE, async || {
        stored = stored_now(system, trace_ids).await;
        (stored.values().sum::<f64>() >= exported).then_some(())
    });
    assert!(written.await.is_some(), "of {exported} spans the backend has only {stored:?}");
    stored
}

async fn stored_now(system: &System, trace_ids: &[String]) -> HashMap<String, f64> {
    let mut stored = HashMap::new();
    for trace_id in trace_ids {
        for seen in system.jaeger.spans(trace_id).await {
            *stored.entry(seen.service).or_default() += 1.0;
        }
    }
    stored
}

fn service_name(service: Service) -> &'static str {
    match service {
        Service::Gateway => "gateway",
        Service::User => "user-service",
        Service::Order => "order-service",
        Service::Audit => "audit-service",
    }
}

/// ended = exported + failed + dropped + queued, exported <= stored <= exported + failed; what a service has lost is given back.
fn closes(service: Service, scrape: &Scrape, stored: &HashMap<String, f64>) -> f64 {
    let value = |name: &str| scrape.value(&format!("otel_sdk_spans_{name}"));
    let (ended, exported) = (value("ended_total"), value("exported_total"));
    let (failed, dropped) = (value("failed_total"), value("dropped_total"));
    let stored = stored.get(service_name(service)).copied().unwrap_or_default();
    let account = format!(
        "{service}: ended {ended}, exported {exported}, failed {failed}, dropped {dropped}, stored {stored}"
    );
    println!("{account}");
    assert_eq!(ended, exported + failed + dropped + value("queued"), "{account}");
    assert!(exported <= stored && stored <= exported + failed, "{account}");
    failed + dropped
}

async fn all_are_whole(system: &System, trace_ids: &[String]) {
    for trace_id in trace_ids {
        system.trace(trace_id, PROCESS).await;
    }
}

#[tokio::test]
async fn while_the_collector_is_stopped_no_request_fails_and_nothing_is_lost() {
    let Some(mut system) = start().await else { return };
    let trace_ids = without_the_collector(&mut system).await;

    let services = system.exported().await;
    assert_eq!(lost(&system.forwarded().await), []);
    all_are_whole(&system, &trace_ids).await;
    let stored = stored(&system, &trace_ids, &services).await;
    for (service, scrape) in services {
        assert_eq!(closes(service, &scrape, &stored), 0.0, "{service} has lost spans");
    }
    all_lines_are_there(&system, trace_ids.len()).await;
}

#[tokio::test]
async fn what_a_queue_cannot_hold_while_the_collector_is_stopped_is_dropped_and_accounted_for() {
    let Some(mut system) = start_with(["600".to_owned(), "600".to_owned()]).await else { return };
    let trace_ids = without_the_collector(&mut system).await;

    let services = system.exported().await;
    system.forwarded().await;
    let stored = stored(&system, &trace_ids, &services).await;
    let gone: f64 =
        services.iter().map(|(service, scrape)| closes(*service, scrape, &stored)).sum();
    assert!(gone > 0.0, "the queues were not filled");
    // And what comes after they have emptied is whole again.
    let (status, answer) = system.process(1, Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    system.trace(answer["trace_id"].as_str().unwrap(), PROCESS).await;
}

/// Load over an outage of the Collector; the trace ids of all requests, none of which failed.
async fn without_the_collector(system: &mut System) -> Vec<String> {
    let load = Load::on(&system.chain);
    load.goes_on(Duration::ZERO, SOME).await;

    system.collector.stop().await;
    load.goes_on(OUTAGE, SOME).await;
    system.collector.restart().await;
    load.goes_on(Duration::ZERO, SOME).await;
    load.end(&[200]).await
}

#[tokio::test]
async fn while_the_backends_are_stopped_nothing_is_dropped_and_all_is_delivered_afterwards() {
    let Some(mut system) = start().await else { return };
    let load = Load::on(&system.chain);
    load.goes_on(Duration::ZERO, SOME).await;

    tokio::join!(system.jaeger.stop(), system.loki.stop());
    load.goes_on(OUTAGE, SOME).await;
    tokio::join!(system.jaeger.restart(), system.loki.restart());
    load.goes_on(Duration::ZERO, SOME).await;
    let trace_ids = load.end(&[200]).await;

    let services = system.exported().await;
    assert_eq!(lost(&system.forwarded().await), []);
    all_are_whole(&system, &trace_ids).await;
    let stored = stored(&system, &trace_ids, &services).await;
    for (service, scrape) in services {
        assert_eq!(closes(service, &scrape, &stored), 0.0, "{service} has lost spans");
    }
    all_lines_are_there(&system, trace_ids.len()).await;
}

/// One completed request is logged by each of the four services.
async fn all_lines_are_there(system: &System, requests: usize) {
    let query =
        "sum(count_over_time({service_namespace=\"tracechain\"} |= \"Request completed\" [1h]))";
    let mut seen = String::new();
    let there = until(DEADLINE, async || {
        let answer = system.loki.query(query).await;
        seen = answer["data"]["result"][0]["value"][1].as_str().unwrap_or_default().to_owned();
        (seen == (4 * requests).to_string()).then_some(())
    });
    assert!(there.await.is_some(), "{seen} lines of {requests} requests");
}

#[tokio::test]
async fn what_the_collector_has_taken_survives_its_kill_while_the_backend_is_away() {
    let Some(mut system) = start().await else { return };
    system.jaeger.stop().await;
    let load = Load::on(&system.chain);
    load.goes_on(Duration::ZERO, 2 * SOME).await;
    let trace_ids = load.end(&[200]).await;
    let services = system.exported().await;
    let exported: f64 =
        services.iter().map(|(_, scrape)| scrape.value("otel_sdk_spans_exported_total")).sum();
    let queued = system.collector.metrics().await;
    let queue = "otelcol_exporter_queue_size{data_type=\"traces\",exporter=\"otlp_grpc/tempo\"}";
    assert_eq!(queued.value(queue), exported);

    system.collector.kill().await;
    system.collector.restart().await;
    system.jaeger.restart().await;

    all_are_whole(&system, &trace_ids).await;
}
