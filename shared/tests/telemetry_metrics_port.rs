//! `/metrics` on a port of its own.

use shared::{
    config::telemetry::TelemetryArgs,
    telemetry::{SPAN_TARGET, Telemetry},
};

#[tokio::test]
async fn metrics_are_served_where_metrics_port_says() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let port_flag = format!("--metrics-port={port}");
    let flags = [
        "--otel-traces-exporter=console",
        "--otel-logs-exporter=none",
        "--otel-metrics-exporter=prometheus,console",
        port_flag.as_str(),
    ];
    let args = TelemetryArgs::from_flags(flags).unwrap();
    let telemetry = Telemetry::start(&args, "order-service").unwrap();
    drop(tracing::info_span!(target: SPAN_TARGET, "work"));

    let response = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.unwrap();

    let text = response.text().await.unwrap();
    assert!(text.contains("otel_sdk_spans_ended_total 1"), "{text}");
    assert_eq!(telemetry.flush().await.exported, 1);
}
