//! Prometheus on the real rules, scraping everything that is there.

use std::collections::BTreeSet;
use std::time::Duration;

use testbed::{ChainOptions, CollectorOptions, External, Prometheus, Service, Target, until};

use crate::load::Load;
use crate::system::{System, is_not_run};
use crate::{DEADLINE, PROCESS};

/// On a machine with much else to do audit may take its second and be recorded later, which is nothing that metrics are about.
const ANSWERED: [u16; 2] = [200, 202];

fn targets(system: &System) -> Vec<Target> {
    let chain = &system.chain;
    vec![
        Target::service("gateway", &chain.url(Service::Gateway)),
        Target::service("user-service", &chain.url(Service::User)),
        Target::service("order-service", &chain.url(Service::Order)),
        Target::service("audit-service", &chain.url(Service::Audit)),
        Target::other("otel-collector", system.collector.metrics_address()),
        Target::other("otel-collector-prometheus", system.collector.prometheus_address()),
        Target::other("loki", system.loki.address()),
    ]
}

async fn start(chain: ChainOptions) -> Option<(System, Prometheus)> {
    if is_not_run(&[External::PROMETHEUS]) {
        return None;
    }
    let system = System::start(chain, CollectorOptions::default()).await?;
    let prometheus = Prometheus::start().await;
    prometheus.scrape(&targets(&system));
    Some((system, prometheus))
}

/// Waits until a query gives something, and gives the number of series.
async fn series(prometheus: &Prometheus, query: &str) -> usize {
    let found = until(DEADLINE, async || {
        Some(prometheus.query(query).await.len()).filter(|count| *count > 0)
    });
    found.await.unwrap_or_else(|| panic!("{query} has no data"))
}

/// The rules of a type, as Prometheus has them.
async fn rules(prometheus: &Prometheus, kind: &str) -> Vec<serde_json::Value> {
    let body = prometheus.get("/api/v1/rules", &[("type", kind)]).await;
    let groups = body["data"]["groups"].as_array().unwrap();
    groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).cloned().collect()
}

/// The exemplars of the latency buckets name traces that the backend has.
async fn a_slow_bucket_leads_to_a_trace(
    system: &System,
    prometheus: &Prometheus,
    trace_ids: &[String],
) {
    let query = "http_request_duration_seconds_bucket{service=\"gateway\"}";
    let parameters = [("query", query), ("start", "0"), ("end", "9999999999")];
    let body = prometheus.get("/api/v1/query_exemplars", &parameters).await;
    let series = body["data"].as_array().unwrap();
    let exemplars: Vec<&str> = series
        .iter()
        .flat_map(|series| series["exemplars"].as_array().unwrap())
        .map(|exemplar| exemplar["labels"]["trace_id"].as_str().unwrap())
        .collect();
    assert!(!exemplars.is_empty(), "{body}");
    for trace_id in exemplars {
        assert!(trace_ids.iter().any(|ours| ours == trace_id), "{trace_id} is no trace of ours");
        system.trace(trace_id, PROCESS).await;
    }
}

/// Waits until each rule has been evaluated once more; none may fail.
async fn every_rule_is_evaluated_again(prometheus: &Prometheus) {
    for kind in ["record", "alert"] {
        let times = |rules: &[serde_json::Value]| -> Vec<String> {
            rules.iter().map(|rule| rule["lastEvaluation"].to_string()).collect()
        };
        let before = times(&rules(prometheus, kind).await);
        let again = until(DEADLINE, async || {
            let now = rules(prometheus, kind).await;
            let moved = times(&now).iter().zip(&before).all(|(now, before)| now != before);
            moved.then_some(now)
        });
        for rule in again.await.unwrap() {
            let outcome = (&rule["health"], &rule["lastError"]);
            assert_eq!(outcome, (&"ok".into(), &serde_json::Value::Null), "{rule}");
        }
    }
}

#[tokio::test]
async fn everything_is_scraped_every_rule_has_data_and_no_name_has_two_sources() {
    let Some((system, prometheus)) = start(ChainOptions::sqlite()).await else { return };
    let load = Load::on(&system.chain);

    let all_up =
        until(DEADLINE, async || (prometheus.query("up == 1").await.len() == 8).then_some(()));
    assert!(all_up.await.is_some(), "{:?}", prometheus.query("up").await);
    let recording = rules(&prometheus, "record").await;
    assert!(recording.len() > 20, "{recording:?}");
    for rule in &recording {
        series(&prometheus, rule["name"].as_str().unwrap()).await;
    }
    // Only with two scrapes of the last of them do the alerts have anything to stumble over.
    series(&prometheus, "rate(otelcol_receiver_refused_log_records[5m])").await;
    every_rule_is_evaluated_again(&prometheus).await;
    let trace_ids = load.end(&ANSWERED).await;
    a_slow_bucket_leads_to_a_trace(&system, &prometheus, &trace_ids).await;

    let query = "count by (__name__) (count by (__name__, job) ({__name__=~\"(http|db|tracechain|otel_sdk)_.*\"})) > 1";
    assert_eq!(prometheus.query(query).await, []);
    let services: BTreeSet<String> = prometheus
        .query("http_requests_total")
        .await
        .into_iter()
        .map(|sample| sample.labels["service"].clone())
        .collect();
    let expected = ["audit-service", "gateway", "order-service", "user-service"];
    assert_eq!(services, expected.map(String::from).into());
}

#[tokio::test]
async fn services_that_push_their_metrics_look_as_if_they_had_been_scraped() {
    let chain = ChainOptions::sqlite()
        .env_all("OTEL_METRICS_EXPORTER", "otlp")
        .env_all("OTEL_METRIC_EXPORT_INTERVAL", "1000");
    let Some((system, prometheus)) = start(chain).await else { return };
    let load = Load::on(&system.chain);
    load.goes_on(Duration::ZERO, 20).await;

    let query = "http_requests_total{job=\"tracechain\", service=\"gateway\", endpoint=\"/api/v1/process\", status_code=\"200\"}";
    assert_eq!(series(&prometheus, query).await, 1);
    series(
        &prometheus,
        "http_successful_request_total{job=\"tracechain\", service=\"order-service\"}",
    )
    .await;
    series(&prometheus, "http_request_duration_seconds_bucket{service=\"gateway\", le=\"0.3\"}")
        .await;
    nobody_is_called_for_what_is_not_scraped(&prometheus).await;
    load.end(&ANSWERED).await;
}

async fn nobody_is_called_for_what_is_not_scraped(prometheus: &Prometheus) {
    let down = "up{job=\"tracechain\"} == 0";
    let all = until(DEADLINE, async || (prometheus.query(down).await.len() == 4).then_some(()));
    assert!(all.await.is_some(), "{:?}", prometheus.query("up").await);
    series(prometheus, "count(otel_sdk_spans_ended_total{source=\"otlp\"}) == 4").await;
    let alerts = rules(prometheus, "alert").await;
    let target_down = alerts.iter().find(|rule| rule["name"] == "TargetDown").unwrap();
    assert_eq!(prometheus.query(target_down["query"].as_str().unwrap()).await, []);
}
