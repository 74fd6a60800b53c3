//! What a real Tempo makes of the traces: its service graph in Prometheus, and exemplars.

use std::collections::BTreeMap;

use serde_json::json;
use testbed::{
    Chain, ChainOptions, Collector, CollectorOptions, External, Prometheus, Service, Target, Tempo,
    http, until,
};

use crate::DEADLINE;
use crate::made::Front;
use crate::system::is_not_run;

const REQUESTS: u32 = 50;

struct System {
    chain: Chain,
    collector: Collector,
    tempo: Tempo,
    prometheus: Prometheus,
}

impl System {
    async fn start() -> Option<Self> {
        if is_not_run(&[External::COLLECTOR, External::PROMETHEUS, External::TEMPO]) {
            return None;
        }
        let prometheus = Prometheus::start().await;
        let tempo = Tempo::start(&prometheus.url()).await;
        let options = CollectorOptions::default().traces_to(&tempo.otlp_address());
        let collector = Collector::start(options).await;
        prometheus.scrape(&[
            Target::other("tempo", tempo.address()),
            Target::other("otel-collector", collector.metrics_address()),
        ]);
        let chain =
            ChainOptions::sqlite().otlp(collector.endpoint()).env_all("OTEL_LOGS_EXPORTER", "none");
        Some(Self { chain: Chain::start(chain).await, collector, tempo, prometheus })
    }

    /// One request as it comes through nginx; gives its trace id.
    async fn request(&self, user: u32) -> String {
        let front = Front::new();
        let url = format!("{}/api/v1/process", self.chain.url(Service::Gateway));
        let request = http().post(url).header("traceparent", front.traceparent());
        let body = json!({"user_id": user, "action": "purchase"});
        let answer = request.json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        front.send(&self.collector.endpoint()).await;
        front.trace_id
    }
}

/// `client -> server (connection type)` and how often; of each edge one series, whatever its further labels are.
pub(crate) async fn edges(prometheus: &Prometheus) -> BTreeMap<String, f64> {
    let samples = prometheus.query("traces_service_graph_request_total").await;
    let edge = |labels: &BTreeMap<String, String>| {
        let kind = labels.get("connection_type").map_or("", String::as_str);
        format!("{} -> {} ({kind})", labels["client"], labels["server"])
    };
    let counts = samples.iter().map(|sample| (edge(&sample.labels), sample.value));
    let edges: BTreeMap<String, f64> = counts.collect();
    assert_eq!(edges.len(), samples.len(), "an edge has several series: {samples:#?}");
    edges
}

#[tokio::test]
async fn tempo_s_service_graph_is_the_chain_with_its_databases_and_counts_every_request_once() {
    let Some(system) = System::start().await else { return };
    let mut trace_ids = Vec::new();
    for user in 1..=REQUESTS {
        trace_ids.push(system.request(user).await);
    }

    let expected: BTreeMap<String, f64> = [
        "loadgen -> nginx (virtual_node)",
        "nginx -> gateway ()",
        "gateway -> user-service ()",
        "user-service -> order-service ()",
        "order-service -> audit-service ()",
        "user-service -> users-db (database)",
        "audit-service -> audit-db (database)",
    ]
    .map(|edge| (edge.to_owned(), f64::from(REQUESTS)))
    .into();
    // The order service asks its database four times for each.
    let expected = {
        let mut expected = expected;
        expected
            .insert("order-service -> orders-db (database)".to_owned(), f64::from(4 * REQUESTS));
        expected
    };
    let seen =
        until(DEADLINE, async || (edges(&system.prometheus).await == expected).then_some(()));
    assert!(seen.await.is_some(), "{:#?}", edges(&system.prometheus).await);
    no_edge_is_lost(&system.prometheus).await;
    the_environment_is_a_label(&system.prometheus).await;
    exemplars_have_arrived(&system.prometheus, &trace_ids).await;
    traces_are_found(&system.tempo, &trace_ids).await;
}

/// Tempo counts what it gave up, and counts none.
pub(crate) async fn no_edge_is_lost(prometheus: &Prometheus) {
    for what in ["expired_edges", "dropped_spans"] {
        let metric = format!("tempo_metrics_generator_processor_service_graphs_{what}");
        let samples = until(DEADLINE, async || {
            Some(prometheus.query(&metric).await).filter(|samples| !samples.is_empty())
        });
        let samples = samples.await.unwrap_or_else(|| panic!("Tempo has no {metric}"));
        assert!(samples.iter().all(|sample| sample.value == 0.0), "{samples:?}");
    }
}

/// The dashboards' variable filters by it; the Collector gives it to whoever does not say its own.
async fn the_environment_is_a_label(prometheus: &Prometheus) {
    for metric in ["traces_service_graph_request_total", "traces_spanmetrics_calls_total"] {
        let with = format!("{metric}{{deployment_environment_name=\"development\"}}");
        let found =
            until(DEADLINE, async || (!prometheus.query(&with).await.is_empty()).then_some(()));
        assert!(found.await.is_some(), "{with} has no data");
        let without = format!("{metric}{{deployment_environment_name=\"\"}}");
        assert_eq!(prometheus.query(&without).await, []);
    }
}

/// Exemplars name traces of this test.
async fn exemplars_have_arrived(prometheus: &Prometheus, trace_ids: &[String]) {
    let query =
        [("query", "traces_spanmetrics_latency_bucket"), ("start", "0"), ("end", "9999999999")];
    let found = until(DEADLINE, async || {
        let body = prometheus.get("/api/v1/query_exemplars", &query).await;
        let text = body["data"].to_string();
        trace_ids
            .iter()
            .any(|trace_id| text.contains(trace_id.trim_start_matches('0')))
            .then_some(())
    });
    assert!(found.await.is_some(), "no exemplar of Tempo's has a trace of ours");
}

/// By id, and by a query; a query sees what is older than half a minute.
async fn traces_are_found(tempo: &Tempo, trace_ids: &[String]) {
    for trace_id in trace_ids {
        let url = format!("{}/api/traces/{trace_id}", tempo.url());
        let text = http().get(url).send().await.unwrap().text().await.unwrap();
        assert_eq!(text.matches("\"spanId\"").count(), 16, "{text}");
    }
    let url = reqwest::Url::parse_with_params(
        &format!("{}/api/search", tempo.url()),
        [
            ("q", "{ resource.service.name = \"order-service\" && name = \"INSERT orders\" }"),
            ("limit", "1000"),
        ],
    );
    let url = url.unwrap();
    let found = until(DEADLINE, async || {
        let text = http().get(url.clone()).send().await.ok()?.text().await.ok()?;
        (text.matches("\"traceID\"").count() == trace_ids.len()).then_some(())
    });
    assert!(found.await.is_some(), "{url} does not find all of them");
}
