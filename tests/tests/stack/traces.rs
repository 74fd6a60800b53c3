//! A request's trace behind the Collector, and its log lines.

use std::collections::BTreeSet;

use testbed::{ChainOptions, CollectorOptions, Engine, Loki, SeenSpan, until};

use crate::system::{System, lost};
use crate::{DEADLINE, PROCESS};

const SERVICES: [&str; 4] = ["audit-service", "gateway", "order-service", "user-service"];
const REQUESTS: i64 = 20;

async fn a_request_is_whole(options: ChainOptions) {
    let Some(system) = System::start(options, CollectorOptions::default()).await else { return };

    let mut trace_ids = Vec::new();
    for user in 1..=REQUESTS {
        let (status, body) = system.process(user, serde_json::Value::Null).await;
        assert_eq!(status, 200, "{body}");
        trace_ids.push(body["trace_id"].as_str().unwrap().to_owned());
    }

    for trace_id in &trace_ids {
        let spans = system.trace(trace_id, PROCESS).await;
        all_services_have_logged(&system.loki, trace_id, &spans).await;
    }
    nothing_is_lost(&system).await;
}

/// The query of the README finds the line of each service, and each line names a span of the trace.
pub(crate) async fn all_services_have_logged(loki: &Loki, trace_id: &str, spans: &[SeenSpan]) {
    let ids: BTreeSet<&str> = spans.iter().map(|seen| seen.id.as_str()).collect();
    for service in SERVICES {
        let query = format!("{{service_name=\"{service}\"}} | trace_id=\"{trace_id}\"");
        let records = until(DEADLINE, async || {
            Some(loki.records(&query).await).filter(|records| !records.is_empty())
        })
        .await;
        let records = records.unwrap_or_else(|| panic!("nothing in Loki for {query}"));
        assert!(records.iter().any(|record| record.text == "Request completed"), "{records:?}");
        for record in records {
            let span_id = record.fields["span_id"].as_str();
            assert!(ids.contains(span_id), "{span_id} of {record:?} is not in the trace");
            assert_eq!(record.fields["service_namespace"], "tracechain");
            assert_eq!(record.fields["deployment_environment_name"], "development");
        }
    }
}

/// What the services have sent is what the Collector has taken and passed on.
async fn nothing_is_lost(system: &System) {
    let services = system.exported().await;
    let collector = system.forwarded().await;
    assert_eq!(lost(&collector), []);
    let exported: f64 =
        services.iter().map(|(_, scrape)| scrape.value("otel_sdk_spans_exported_total")).sum();
    assert!(exported >= 14.0 * 20.0, "{exported}");
    assert_eq!(collector.sum("otelcol_receiver_accepted_spans"), exported);
    let sent = |kind: &str, exporter: &str| {
        let metric = format!("otelcol_exporter_sent_{kind}");
        collector.sum_with(&metric, &format!("exporter=\"{exporter}\""))
    };
    assert_eq!(sent("spans", "otlp_grpc/tempo"), exported);
    let records = sent("log_records", "otlp_http/loki");
    assert!(records >= 80.0, "{records}");
    assert_eq!(records, collector.sum("otelcol_receiver_accepted_log_records"));
    for (service, scrape) in services {
        for counter in ["otel_sdk_spans_dropped_total", "otel_sdk_spans_failed_total"] {
            assert_eq!(scrape.value(counter), 0.0, "{counter} of {service}");
        }
    }
}

#[tokio::test]
async fn a_request_on_files_is_one_whole_trace_behind_the_collector_and_its_lines_are_in_loki() {
    a_request_is_whole(ChainOptions::sqlite()).await;
}

#[tokio::test]
async fn a_request_on_servers_is_one_whole_trace_behind_the_collector_and_its_lines_are_in_loki() {
    a_request_is_whole(ChainOptions::servers(Engine::MySql)).await;
}

#[tokio::test]
async fn services_that_speak_grpc_are_heard_too() {
    let collector = CollectorOptions::default();
    let Some(mut system) = System::start(ChainOptions::sqlite(), collector).await else { return };
    let endpoint = system.collector.grpc_endpoint();
    for service in testbed::Service::ALL {
        system.chain.set_env(service, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        system.chain.set_env(service, "OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint);
        system.chain.restart(service).await;
    }

    let (_, body) = system.process(1, serde_json::Value::Null).await;

    let trace_id = body["trace_id"].as_str().unwrap();
    let spans = system.trace(trace_id, PROCESS).await;
    all_services_have_logged(&system.loki, trace_id, &spans).await;
}
