//! Telemetry against an OTLP endpoint over gRPC, on a current-thread runtime, where an inline shutdown would hang.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::time::{Duration, Instant};

use shared::{config::telemetry::TelemetryArgs, telemetry::Telemetry};

#[path = "support/one_request.rs"]
mod one_request;
#[path = "support/otlp_sink.rs"]
mod otlp_sink;

use otlp_sink::Sink;

#[tokio::test(flavor = "current_thread")]
async fn spans_logs_and_metrics_of_a_request_arrive_over_grpc() {
    let sink = Sink::start(None, 0);
    let flags = [
        format!("--otel-exporter-otlp-endpoint=http://{}", sink.address),
        "--otel-exporter-otlp-protocol=grpc".to_owned(),
        "--otel-exporter-otlp-compression=gzip".to_owned(),
        "--otel-exporter-otlp-headers=x-tenant=a%20b".to_owned(),
        "--otel-metrics-exporter=otlp".to_owned(),
    ];
    let args = TelemetryArgs::from_flags(flags.iter().map(String::as_str)).unwrap();
    let telemetry = Telemetry::start(&args, "order-service").unwrap();

    let ids = one_request::record();
    let start = Instant::now();
    let account = telemetry.flush().await;
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert_eq!((account.ended, account.exported, account.queued), (2, 2, 0));
    let received = sink.received();
    one_request::assert_arrived(&received, ids);
    assert!(received.tenants.len() >= 3 && received.tenants.iter().all(|tenant| tenant == "a b"));
}
