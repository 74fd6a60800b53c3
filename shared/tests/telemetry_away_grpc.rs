//! An endpoint that comes late, over gRPC: no span is lost, and the account says so.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use shared::{
    config::telemetry::TelemetryArgs,
    telemetry::{SPAN_TARGET, Telemetry},
};

#[path = "support/late.rs"]
mod late;
#[path = "support/otlp_sink.rs"]
mod otlp_sink;

#[tokio::test]
async fn spans_wait_for_an_endpoint_that_is_not_there_yet() {
    let address = late::free_address();
    let flags = [
        format!("--otel-exporter-otlp-endpoint=http://{address}"),
        "--otel-exporter-otlp-protocol=grpc".to_owned(),
        "--otel-logs-exporter=none".to_owned(),
    ];
    let args = TelemetryArgs::from_flags(flags.iter().map(String::as_str)).unwrap();
    let telemetry = Telemetry::start(&args, "order-service").unwrap();

    drop(tracing::info_span!(target: SPAN_TARGET, "work"));
    tracing::info!("worked");
    late::was_tried(address).await;
    let sink = otlp_sink::Sink::start(Some(address), 0);
    assert_eq!(sink.address, address);
    let account = late::settled(&telemetry).await;

    assert_eq!((account.ended, account.exported), (1, 1), "{account:?}");
    telemetry.flush().await;
    assert_eq!(sink.received().spans.len(), 1);
}
