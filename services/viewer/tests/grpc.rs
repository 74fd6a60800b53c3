//! The OTLP/gRPC receiver, driven by the generated clients.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{ExportLogsServiceRequest, logs_service_client::LogsServiceClient},
        metrics::v1::{ExportMetricsServiceRequest, metrics_service_client::MetricsServiceClient},
        trace::v1::trace_service_client::TraceServiceClient,
    },
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{Metric, ResourceMetrics, ScopeMetrics},
    trace::v1::span::SpanKind,
};
use support::{TRACE, of_service, request, span, start, text, with};
use tonic::{Code, codec::CompressionEncoding};
use viewer::{TraceId, Viewer};

fn endpoint(viewer: &Viewer) -> String {
    format!("http://{}", viewer.addresses().otlp_grpc)
}

#[tokio::test]
async fn spans_are_taken_plain_and_gzipped() {
    let viewer = start().await;
    let mut plain = TraceServiceClient::connect(endpoint(&viewer)).await.unwrap();
    let mut packed = TraceServiceClient::connect(endpoint(&viewer))
        .await
        .unwrap()
        .send_compressed(CompressionEncoding::Gzip);

    let first = of_service("gateway", vec![span(TRACE, 1, 0, SpanKind::Server, "a")]);
    let answer = plain.export(request(vec![first.clone()])).await.unwrap();
    assert_eq!(answer.into_inner().partial_success, None);
    let second = of_service("user-service", vec![span(TRACE, 2, 1, SpanKind::Server, "b")]);
    packed.export(request(vec![second.clone()])).await.unwrap();

    let trace = viewer.store().trace(TraceId(TRACE)).unwrap();
    assert_eq!(trace.resource_spans(), [first, second]);
    let services: Vec<_> = trace.spans().into_iter().map(|span| span.service).collect();
    assert_eq!(services, ["gateway", "user-service"]);
}

#[tokio::test]
async fn logs_and_metrics_have_their_services() {
    let viewer = start().await;
    let records = vec![LogRecord::default(); 2];
    let scope_logs = vec![ScopeLogs { log_records: records, ..ScopeLogs::default() }];
    let logs = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }],
    };
    LogsServiceClient::connect(endpoint(&viewer)).await.unwrap().export(logs).await.unwrap();

    let scope_metrics =
        vec![ScopeMetrics { metrics: vec![Metric::default()], ..ScopeMetrics::default() }];
    let metrics = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics { scope_metrics, ..ResourceMetrics::default() }],
    };
    MetricsServiceClient::connect(endpoint(&viewer)).await.unwrap().export(metrics).await.unwrap();

    let stats = viewer.store().stats();
    assert_eq!((stats.logs_stored, stats.metrics_received), (2, 1));
}

#[tokio::test]
async fn invalid_spans_are_a_partial_success() {
    let viewer = start().await;
    let mut bad = span(TRACE, 1, 0, SpanKind::Server, "a");
    bad.span_id = vec![1; 4];
    let mut client = TraceServiceClient::connect(endpoint(&viewer)).await.unwrap();
    let answer = client.export(request(vec![of_service("gateway", vec![bad])])).await.unwrap();
    assert_eq!(answer.into_inner().partial_success.unwrap().rejected_spans, 1);
}

#[tokio::test]
async fn a_message_too_large_or_unpacking_to_too_much_is_refused() {
    let viewer = start().await;
    let filler = "x".repeat(1000);
    let spans = |count| {
        (0..count)
            .map(|n| {
                with(span(TRACE, n as u8, 0, SpanKind::Server, "a"), vec![text("filler", &filler)])
            })
            .collect()
    };
    let large = request(vec![of_service("gateway", spans(9000))]);

    let mut plain = TraceServiceClient::connect(endpoint(&viewer))
        .await
        .unwrap()
        .max_encoding_message_size(usize::MAX);
    let refusal = plain.export(large.clone()).await.unwrap_err();
    // Not out of range, as tonic has it: exporters would send it again and again.
    assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal}");
    assert!(refusal.message().contains("smaller batches"), "{refusal}");
    let mut packed = plain.send_compressed(CompressionEncoding::Gzip);
    let refusal = packed.export(large).await.unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal}");
    assert_eq!(viewer.store().span_count(), 0);
}

#[tokio::test]
async fn an_export_over_http_to_the_port_of_grpc_is_refused_and_not_answered_with_200() {
    let viewer = start().await;
    for path in ["/v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"] {
        let response = support::client()
            .post(format!("{}{path}", endpoint(&viewer)))
            .header("content-type", "application/x-protobuf")
            .body(Vec::new())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 415, "{path}");
        assert!(response.text().await.unwrap().contains("4318"));
    }
}

#[tokio::test]
async fn a_malformed_message_is_an_invalid_argument() {
    let viewer = start().await;
    let url =
        format!("{}/opentelemetry.proto.collector.trace.v1.TraceService/Export", endpoint(&viewer));
    let client = {
        support::client();
        reqwest::Client::builder().http2_prior_knowledge().build().unwrap()
    };
    // One uncompressed message of three bytes: a field longer than its message.
    let body = vec![0, 0, 0, 0, 3, 0x0a, 0x7f, 0];
    let response = client
        .post(url)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["grpc-status"], "3");
}
