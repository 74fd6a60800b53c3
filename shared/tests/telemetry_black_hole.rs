//! An endpoint that takes connections and never answers: the flush ends in its time and the account is closed.

use std::time::Instant;

use shared::{
    config::telemetry::TelemetryArgs,
    telemetry::{FLUSH_TIMEOUT, SPAN_TARGET, Telemetry},
};

#[tokio::test]
async fn a_flush_into_a_black_hole_ends_in_its_time_with_the_account_closed() {
    let black_hole = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint =
        format!("--otel-exporter-otlp-endpoint=http://{}", black_hole.local_addr().unwrap());
    let flags =
        [endpoint.as_str(), "--otel-bsp-max-export-batch-size=10", "--otel-metrics-exporter=otlp"];
    let telemetry =
        Telemetry::start(&TelemetryArgs::from_flags(flags).unwrap(), "order-service").unwrap();
    for _ in 0..25 {
        drop(tracing::info_span!(target: SPAN_TARGET, "work"));
    }

    let start = Instant::now();
    let account = telemetry.flush().await;
    let took = start.elapsed();
    assert!(took < FLUSH_TIMEOUT * 2 + FLUSH_TIMEOUT / 5, "{took:?}");
    assert_eq!((account.ended, account.exported, account.queued), (25, 0, 0));
    assert_eq!(account.failed + account.dropped, 25);
    assert!(account.failed > 0, "the batch in flight may have arrived, so it has failed");
}
