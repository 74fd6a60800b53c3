//! The console exporters, and the log lines as they really leave: read from the standard output of a process.

use std::process::Command;

use serde_json::Value;
use shared::{
    config::telemetry::TelemetryArgs,
    metrics,
    telemetry::{SPAN_TARGET, Telemetry, record_error, span_ids},
};

/// Runs in a process of its own for the test below, and by itself as every test does.
#[tokio::test]
async fn a_process_with_console_exporters() {
    let flags = [
        "--otel-traces-exporter=console",
        "--otel-logs-exporter=console",
        "--otel-metrics-exporter=console",
        "--otel-resource-attributes=service.name=order-service",
    ];
    let telemetry =
        Telemetry::start(&TelemetryArgs::from_flags(flags).unwrap(), "unnamed").unwrap();
    let span = tracing::info_span!(target: SPAN_TARGET, "work", otel.kind = "client", db.response.returned_rows = 2_i64);
    span.in_scope(|| tracing::info!(rows = 2, "in the span"));
    record_error(&span, "deadlock", "chosen as victim");
    metrics::http_request("GET", "/t", 200, 0.1, span_ids(&span).as_ref());
    drop(span);
    assert_eq!(telemetry.flush().await.exported, 1);
}

#[test]
fn spans_log_lines_and_metrics_are_written_to_standard_output() {
    let child = ["--exact", "a_process_with_console_exporters", "--nocapture"];
    let output = Command::new(std::env::current_exe().unwrap()).args(child).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();

    let span = lines.iter().find(|line| line["span"] == "work").unwrap();
    assert_eq!((&span["service.name"], &span["kind"]), (&"order-service".into(), &"Client".into()));
    assert_eq!(span["attributes"]["db.response.returned_rows"], 2);
    assert_eq!(span["status"]["error"], "chosen as victim");
    assert_eq!(span["events"][0]["message"], "chosen as victim");

    let log = lines.iter().find(|line| line["message"] == "in the span").unwrap();
    assert_eq!((&log["trace_id"], &log["span_id"]), (&span["trace_id"], &span["span_id"]));
    assert_eq!(
        (&log["trace_flags"], &log["rows"], &log["service.name"]),
        (&"03".into(), &2.into(), &"order-service".into())
    );

    assert!(
        text.contains("http_requests_total{endpoint=\"/t\",method=\"GET\",status_code=\"200\"} 1"),
        "{text}"
    );
}
