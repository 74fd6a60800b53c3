//! Telemetry switched off: spans still have ids to pass on, and nothing is sent; and what a start refuses.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use opentelemetry::trace::TraceContextExt as _;
use shared::{
    config::telemetry::TelemetryArgs,
    metrics,
    telemetry::{SPAN_TARGET, Telemetry, span_ids},
};
use tower::ServiceExt as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

#[path = "support/otlp_sink.rs"]
mod otlp_sink;

use otlp_sink::Sink;

async fn metrics_status() -> http::StatusCode {
    let request = http::Request::get("/metrics").body(axum::body::Body::empty()).unwrap();
    metrics::routes().oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn switched_off_nothing_is_sent_and_trace_context_still_passes() {
    let sink = Sink::start(None, 0);
    let endpoint = format!("--otel-exporter-otlp-endpoint=http://{}", sink.address);
    let flags = [endpoint.as_str(), "--otel-sdk-disabled=true", "--log-level=warn"];
    assert_eq!(metrics_status().await, http::StatusCode::OK);
    let telemetry =
        Telemetry::start(&TelemetryArgs::from_flags(flags).unwrap(), "order-service").unwrap();
    assert_eq!(metrics_status().await, http::StatusCode::NOT_FOUND);

    let outer = tracing::info_span!(target: SPAN_TARGET, "outer");
    let outer_ids = span_ids(&outer).unwrap();
    assert!(!outer_ids.sampled);
    let inner = outer.in_scope(|| tracing::info_span!(target: SPAN_TARGET, "inner"));
    let inner_ids = span_ids(&inner).unwrap();
    assert_eq!(inner_ids.trace_id, outer_ids.trace_id);
    assert_ne!(inner_ids.span_id, outer_ids.span_id);
    assert!(inner.context().span().span_context().is_valid());
    drop((outer, inner));

    let account = telemetry.flush().await;
    assert_eq!(account.ended, 0);
    let received = sink.received();
    assert!(received.spans.is_empty() && received.logs.is_empty() && received.metrics.is_empty());
}
