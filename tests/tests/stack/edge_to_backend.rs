//! The whole stack as a user meets it: `loadgen` asks nginx, and finds the trace of every request whole in the backend behind the Collector.

mod edge;
mod run;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use testbed::{Jaeger, Nginx, Prometheus, Scrape, Service, Target, Tempo, tree, until};

use self::edge::{Edge, is_not_run};
use self::run::{REQUESTS, Run};
use crate::service_graph::{edges, no_edge_is_lost};
use crate::system::{exported, forwarded, lost};
use crate::traces::all_services_have_logged;
use crate::{DEADLINE, PROCESS};

/// Every so many requests one is looked at by itself, so that not all rests on loadgen's own judgement.
const SAMPLED: usize = 100;

#[tokio::test]
async fn every_trace_through_nginx_is_whole_in_the_backend_and_nothing_is_lost_on_the_way() {
    if is_not_run() || Jaeger::is_not_run() {
        return;
    }
    through_nginx_to_jaeger(false).await;
}

#[tokio::test]
async fn nginx_s_own_spans_belong_to_every_trace_where_it_has_the_module() {
    if is_not_run() || Jaeger::is_not_run() || Nginx::module_is_not_run() {
        return;
    }
    through_nginx_to_jaeger(true).await;
}

#[tokio::test]
async fn every_trace_is_whole_in_tempo_and_its_graph_counts_every_call_of_the_stack_once() {
    if is_not_run() || Tempo::is_not_run() || Nginx::module_is_not_run() {
        return;
    }
    let prometheus = Prometheus::start().await;
    let tempo = Tempo::start(&prometheus.url()).await;
    let edge = Edge::start(&tempo.otlp_address(), prometheus, true).await;

    let run = Run::of(&edge, "tempo", &tempo.url()).await;

    run.assert_whole();
    nothing_is_lost(&edge, &run).await;
    let expected = calls(&edge).await;
    let exact = until(DEADLINE, async || (edges(&edge.prometheus).await == expected).then_some(()));
    assert!(exact.await.is_some(), "{:#?}", edges(&edge.prometheus).await);
    edge.scrape(&[Target::other("tempo", tempo.address())]);
    no_edge_is_lost(&edge.prometheus).await;
}

async fn through_nginx_to_jaeger(traced: bool) {
    let (prometheus, jaeger) = tokio::join!(Prometheus::start(), Jaeger::start());
    let edge = Edge::start(&jaeger.otlp_address(), prometheus, traced).await;

    let run = Run::of(&edge, "jaeger", &jaeger.query_url()).await;

    run.assert_whole();
    nothing_is_lost(&edge, &run).await;
    let trace_ids = logged_by_nginx(&edge).await;
    let expected = whole(traced);
    for trace_id in trace_ids.iter().step_by(SAMPLED) {
        let spans = jaeger.spans(trace_id).await;
        assert_eq!(tree(&spans), expected, "{trace_id}");
        all_services_have_logged(&edge.loki, trace_id, &spans).await;
    }
    prometheus_has_counted(&edge).await;
}

/// A trace from the caller's span on; with a key there is one row more.
fn whole(traced: bool) -> String {
    let users = "      user-service CLIENT INSERT users\n";
    let requests = "      user-service CLIENT INSERT requests\n";
    let services = PROCESS.replace(users, &format!("{requests}{users}"));
    let below = |parent: &str, tree: &str| {
        let lines = tree.lines().map(|line| format!("  {line}\n"));
        format!("{parent} CLIENT POST /api/v1/process\n{}", lines.collect::<String>())
    };
    if traced { below("loadgen", &below("nginx", &services)) } else { below("loadgen", &services) }
}

/// `client -> server (connection type)`, and how often the requests of a run go that way.
///
/// Audit is called once more where it did not answer in time, and counts so itself.
async fn calls(edge: &Edge) -> BTreeMap<String, f64> {
    let (requests, audits) = (f64::from(REQUESTS), asked(edge, Service::Audit).await);
    let calls = [
        ("loadgen -> nginx (virtual_node)", requests),
        ("nginx -> gateway ()", requests),
        ("gateway -> user-service ()", requests),
        ("user-service -> order-service ()", requests),
        ("order-service -> audit-service ()", audits),
        // The key's row and the user's.
        ("user-service -> users-db (database)", 2.0 * requests),
        ("order-service -> orders-db (database)", 4.0 * requests),
        ("audit-service -> audit-db (database)", audits),
    ];
    calls.map(|(call, count)| (call.to_owned(), count)).into()
}

/// How many orders a service has been asked for, by its own metrics.
async fn asked(edge: &Edge, service: Service) -> f64 {
    let scrape = Scrape::of(&edge.chain.url(service)).await;
    let route = if service == Service::Gateway { "/api/v1/process" } else { "/process" };
    scrape.sum_with("http_requests_total", &format!("endpoint=\"{route}\""))
}

/// The accounts close: what ended somewhere has been sent, what was sent the Collector has taken and passed on.
async fn nothing_is_lost(edge: &Edge, run: &Run) {
    let services = exported(&edge.chain).await;
    for (service, scrape) in &services {
        let ended = scrape.value("otel_sdk_spans_ended_total");
        assert_eq!(scrape.value("otel_sdk_spans_exported_total"), ended, "{service}");
    }
    assert_eq!(run.spans(), BTreeMap::from([("ended", REQUESTS), ("exported", REQUESTS)]));
    let of_services = services.iter().map(|(_, scrape)| scrape.value("otel_sdk_spans_ended_total"));
    let of_others = if edge.traced { 2.0 } else { 1.0 };
    let sent = of_services.sum::<f64>() + of_others * f64::from(REQUESTS);
    let collector = collected(edge, sent).await;
    assert_eq!(lost(&collector), []);
    let passed_on = |exporter: &str| {
        let kind = if exporter == "otlp_http/loki" { "log_records" } else { "spans" };
        let sent = format!("otelcol_exporter_sent_{kind}");
        let taken = collector.sum(&format!("otelcol_receiver_accepted_{kind}"));
        (collector.sum_with(&sent, &format!("exporter=\"{exporter}\"")), taken)
    };
    for exporter in ["otlp_grpc/tempo", "otlp_http/loki"] {
        let (passed_on, taken) = passed_on(exporter);
        assert_eq!(passed_on, taken, "{exporter}");
    }
}

/// The Collector's metrics, once it has as many spans as were sent and none of them any more; nginx sends within a second.
async fn collected(edge: &Edge, sent: f64) -> Scrape {
    let accepted = async || edge.collector.metrics().await.sum("otelcol_receiver_accepted_spans");
    let all = until(DEADLINE, async || (accepted().await >= sent).then_some(()));
    assert!(all.await.is_some(), "{} of {sent} spans", accepted().await);
    let collector = forwarded(&edge.collector).await;
    assert_eq!(collector.sum("otelcol_receiver_accepted_spans"), sent);
    collector
}

/// The traces of the requests that were answered with 200, as nginx's access log has them; each request is there once. On a loaded machine a few
/// are answered with 202, and their traces have a delivery more.
async fn logged_by_nginx(edge: &Edge) -> Vec<String> {
    let lines = || {
        let lines = edge.nginx.process().json_lines().into_iter();
        lines.filter(|line| line["method"] == "POST").collect::<Vec<_>>()
    };
    let expected = usize::try_from(REQUESTS).unwrap();
    let all = until(DEADLINE, async || (lines().len() >= expected).then(lines)).await;
    let all = all.unwrap_or_else(|| panic!("nginx has logged {}", lines().len()));
    let trace_id = |line: &Value| line["trace_id"].as_str().unwrap_or_default().to_owned();
    assert_eq!(all.iter().map(trace_id).collect::<BTreeSet<_>>().len(), expected);
    all.iter().filter(|line| line["status_code"] == 200).map(trace_id).collect()
}

/// What it scrapes comes to the same as what each service says.
async fn prometheus_has_counted(edge: &Edge) {
    let mut expected = BTreeMap::new();
    for service in Service::ALL {
        let name =
            if service == Service::Gateway { "gateway" } else { &format!("{service}-service") };
        expected.insert(name.to_owned(), asked(edge, service).await);
    }
    for service in ["gateway", "user-service", "order-service"] {
        assert_eq!(expected[service], f64::from(REQUESTS), "{service}");
    }
    let query = "sum by (service) (http_requests_total{endpoint=~\"(/api/v1)?/process\"})";
    let counts = async || {
        let samples = edge.prometheus.query(query).await.into_iter();
        samples
            .map(|sample| (sample.labels["service"].clone(), sample.value))
            .collect::<BTreeMap<_, _>>()
    };
    let counted = until(DEADLINE, async || (counts().await == expected).then_some(()));
    assert!(counted.await.is_some(), "{:?} and not {expected:?}", counts().await);
}
