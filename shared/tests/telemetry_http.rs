//! Telemetry against an OTLP endpoint over http/protobuf, with gzip and headers.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use shared::{config::telemetry::TelemetryArgs, telemetry::Telemetry};

#[path = "support/one_request.rs"]
mod one_request;
#[path = "support/otlp_sink.rs"]
mod otlp_sink;

use otlp_sink::Sink;

#[tokio::test]
async fn spans_logs_and_metrics_of_a_request_arrive_over_http() {
    let sink = Sink::start(None, 0);
    let flags = [
        // No scheme: it is taken as http.
        format!("--otel-exporter-otlp-endpoint={}", sink.address),
        "--otel-exporter-otlp-compression=gzip".to_owned(),
        "--otel-exporter-otlp-headers=x-tenant=a%20b".to_owned(),
        "--otel-metrics-exporter=otlp".to_owned(),
    ];
    let args = TelemetryArgs::from_flags(flags.iter().map(String::as_str)).unwrap();
    let telemetry = Telemetry::start(&args, "order-service").unwrap();
    assert!(Telemetry::start(&args, "order-service").is_err(), "a second start is told of");

    let ids = one_request::record();
    let account = telemetry.flush().await;
    assert_eq!((account.ended, account.exported, account.queued), (2, 2, 0));
    let received = sink.received();
    one_request::assert_arrived(&received, ids);
    assert!(received.compressed >= 3, "spans, logs and metrics are compressed");
    assert!(received.tenants.len() >= 3 && received.tenants.iter().all(|tenant| tenant == "a b"));
}
