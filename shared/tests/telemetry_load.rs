//! The account of spans under load: what it says was exported is what the endpoint has, refused spans included.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::collections::HashSet;

use shared::{
    config::telemetry::TelemetryArgs,
    telemetry::{SPAN_TARGET, Telemetry},
};

#[path = "support/otlp_sink.rs"]
mod otlp_sink;

use otlp_sink::Sink;

const TASKS: usize = 4;
const SPANS: usize = 5_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_under_load_loses_nothing_that_the_account_calls_exported() {
    let sink = Sink::start(None, 3);
    let flags = [
        format!("--otel-exporter-otlp-endpoint=http://{}", sink.address),
        "--otel-logs-exporter=none".to_owned(),
        "--otel-bsp-max-queue-size=50000".to_owned(),
    ];
    let args = TelemetryArgs::from_flags(flags.iter().map(String::as_str)).unwrap();
    let telemetry = Telemetry::start(&args, "order-service").unwrap();

    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            tokio::spawn(async {
                for _ in 0..SPANS {
                    drop(tracing::info_span!(target: SPAN_TARGET, "work"));
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
        let account = telemetry.span_account();
        assert_eq!(
            account.ended,
            account.exported + account.failed + account.dropped + account.queued
        );
    }
    let account = telemetry.flush().await;

    let spans = sink.received().spans;
    let distinct: HashSet<_> = spans.iter().map(|span| span.span_id.as_slice()).collect();
    let all = (TASKS * SPANS) as u64;
    assert_eq!(distinct.len() as u64, all, "nothing is lost");
    assert_eq!((account.ended, account.dropped, account.queued), (all, 0, 0));
    assert_eq!(account.failed, 3, "what the endpoint refused is not called exported");
}
