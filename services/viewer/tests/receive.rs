//! The OTLP/HTTP receiver: what it takes, what it refuses and how it says so.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceResponse,
    },
    metrics::v1::{Metric, ResourceMetrics, ScopeMetrics},
    trace::v1::span::SpanKind,
};
use prost::Message;
use support::{TRACE, client, gzip, of_service, post, request, send, span, start};
use viewer::TraceId;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";
const TRACES: &str = "/v1/traces";

async fn post_encoded(viewer: &viewer::Viewer, encoding: &str, body: Vec<u8>) -> reqwest::Response {
    let url = format!("http://{}{TRACES}", viewer.addresses().otlp_http);
    let request =
        client().post(url).header("content-type", PROTOBUF).header("content-encoding", encoding);
    request.body(body).send().await.unwrap()
}

fn one_span() -> Vec<u8> {
    request(vec![of_service("gateway", vec![span(TRACE, 1, 0, SpanKind::Server, "a")])])
        .encode_to_vec()
}

#[tokio::test]
async fn gzip_is_unpacked_and_an_empty_request_is_good() {
    let viewer = start().await;
    assert_eq!(post_encoded(&viewer, "gzip", gzip(&one_span())).await.status(), 200);
    assert_eq!(viewer.store().span_count(), 1);
    let empty = post(&viewer, TRACES, PROTOBUF, Vec::new()).await;
    assert_eq!(
        (empty.status().as_u16(), empty.headers()["content-type"].to_str().unwrap()),
        (200, PROTOBUF)
    );
    assert_eq!(post(&viewer, TRACES, JSON, b"{}".to_vec()).await.status(), 200);
}

#[tokio::test]
async fn a_large_resource_of_very_many_scopes_is_work_that_is_refused() {
    let viewer = start().await;
    let mut group = of_service(&"s".repeat(60_000), Vec::new());
    let scopes = 0..1000_u64;
    group.scope_spans = scopes
        .map(|number| {
            let mut span = span(TRACE, 1, 0, SpanKind::Server, "a");
            span.span_id = (number + 1).to_be_bytes().to_vec();
            of_service("", vec![span]).scope_spans.remove(0)
        })
        .collect();

    let answer =
        post(&viewer, TRACES, PROTOBUF, request(vec![group]).encode_to_vec()).await.bytes().await;

    // 32 MiB of resources are about 560 times this one.
    let answer = ExportTraceServiceResponse::decode(answer.unwrap()).unwrap();
    let rejected = answer.partial_success.unwrap().rejected_spans;
    assert!((400..500).contains(&rejected), "{rejected}");
    assert_eq!(viewer.store().span_count() + rejected as u64, 1000);
}

#[tokio::test]
async fn a_malformed_body_is_400_and_stores_nothing_of_it() {
    let viewer = start().await;
    let mut broken_at_the_end = one_span();
    broken_at_the_end.extend([0x0a, 0x7f, 0x00]);
    let protobuf = [b"nonsense".to_vec(), broken_at_the_end, one_span()[..30].to_vec()];
    for body in protobuf {
        let response = post(&viewer, TRACES, PROTOBUF, body).await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
            (400, PROTOBUF)
        );
        // google.rpc.Status { code: INVALID_ARGUMENT, message }
        assert_eq!(response.bytes().await.unwrap()[..3], [0x08, 3, 0x12]);
    }
    let json = [
        "",
        "[]",
        "{",
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz"}]}]}]}"#,
        r#"{"resourceSpans":{}}"#,
        r#"{"resourceSpans":[[]]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[[]]}]}]}"#,
        "{} {}",
    ];
    for body in json {
        let response = post(&viewer, TRACES, JSON, body.as_bytes().to_vec()).await;
        assert_eq!(response.status(), 400, "{body}");
        let status: serde_json::Value = response.json().await.unwrap();
        assert!(status["message"].as_str().unwrap().contains("not OTLP JSON"), "{status}");
    }
    assert_eq!(post_encoded(&viewer, "gzip", b"not gzip".to_vec()).await.status(), 400);
    assert_eq!(viewer.store().span_count(), 0);
}

#[tokio::test]
async fn a_malformed_span_inside_a_good_envelope_is_400() {
    let viewer = start().await;
    let mut broken = one_span();
    // The span's name becomes invalid UTF-8.
    let name = broken.windows(3).position(|bytes| bytes == [0x2a, 1, b'a']).unwrap();
    broken[name + 2] = 0xff;
    assert_eq!(post(&viewer, TRACES, PROTOBUF, broken).await.status(), 400);
    assert_eq!(viewer.store().span_count(), 0);
}

#[tokio::test]
async fn a_body_that_is_too_large_as_sent_or_unpacked_is_413() {
    let viewer = start().await;
    assert_eq!(post(&viewer, TRACES, PROTOBUF, vec![0; 9 * 1024 * 1024]).await.status(), 413);
    // The second half is missing, so only who stops at the limit does not find the stream broken.
    let mut bomb = gzip(&vec![0; 64 * 1024 * 1024]);
    bomb.truncate(bomb.len() / 2);
    assert!(bomb.len() < 1024 * 1024);
    assert_eq!(post_encoded(&viewer, "gzip", bomb).await.status(), 413);
}

#[tokio::test]
async fn other_content_types_and_encodings_are_415() {
    let viewer = start().await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/grpc", ""]
    {
        assert_eq!(
            post(&viewer, TRACES, content_type, one_span()).await.status(),
            415,
            "{content_type}"
        );
    }
    for encoding in ["br", "deflate", "zstd", "gzip, gzip"] {
        assert_eq!(post_encoded(&viewer, encoding, one_span()).await.status(), 415, "{encoding}");
    }
    assert_eq!(viewer.store().span_count(), 0);
}

#[tokio::test]
async fn spans_with_invalid_ids_are_rejected_and_the_others_kept() {
    let viewer = start().await;
    let good = span(TRACE, 1, 0, SpanKind::Server, "good");
    let mut bad = vec![good.clone(); 4];
    bad[0].trace_id = vec![1; 15];
    bad[1].span_id = vec![0; 8];
    bad[2].parent_span_id = vec![1; 7];
    bad[3].trace_id = Vec::new();
    let mut spans = bad;
    spans.push(good);
    let body = request(vec![of_service("gateway", spans)]);

    let response = post(&viewer, TRACES, PROTOBUF, body.encode_to_vec()).await;
    assert_eq!(response.status(), 200);
    let answer = ExportTraceServiceResponse::decode(response.bytes().await.unwrap()).unwrap();
    let partial = answer.partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 4);
    assert!(partial.error_message.contains("invalid id"), "{}", partial.error_message);

    let json = post(&viewer, TRACES, JSON, serde_json::to_vec(&body).unwrap()).await;
    let json: serde_json::Value = json.json().await.unwrap();
    assert_eq!(json["partialSuccess"]["rejectedSpans"], "4");
    let stats = viewer.store().stats();
    assert_eq!((stats.spans_stored, stats.spans_rejected, stats.spans_duplicate), (1, 8, 1));
}

#[tokio::test]
async fn a_batch_sent_twice_is_stored_once() {
    let viewer = start().await;
    let batch = of_service(
        "gateway",
        (1..=100).map(|id| span(TRACE, id, 0, SpanKind::Internal, "a")).collect(),
    );
    for _ in 0..2 {
        send(&viewer, vec![batch.clone()]).await;
    }
    let stats = viewer.store().stats();
    assert_eq!((stats.spans_stored, stats.spans_held, stats.spans_duplicate), (100, 100, 100));
    assert_eq!(viewer.store().span_count(), 100);
    assert_eq!(viewer.store().trace(TraceId(TRACE)).unwrap().spans().len(), 100);
}

#[tokio::test]
async fn logs_and_metrics_are_taken_in_both_encodings() {
    let viewer = start().await;
    let metrics = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics: vec![ScopeMetrics {
                metrics: vec![Metric::default(); 3],
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    };
    assert_eq!(post(&viewer, "/v1/metrics", PROTOBUF, metrics.encode_to_vec()).await.status(), 200);
    let gauge = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"timeUnixNano":"1","asInt":"5"}]}}]}]}]}"#;
    assert_eq!(post(&viewer, "/v1/metrics", JSON, gauge.as_bytes().to_vec()).await.status(), 200);
    assert_eq!(viewer.store().stats().metrics_received, 4);

    assert_eq!(
        post(&viewer, "/v1/logs", PROTOBUF, ExportLogsServiceRequest::default().encode_to_vec())
            .await
            .status(),
        200
    );
    let log = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"5","severityNumber":9,"body":{"stringValue":"hello"}}]}]}]}"#;
    assert_eq!(post(&viewer, "/v1/logs", JSON, log.as_bytes().to_vec()).await.status(), 200);
    assert_eq!(viewer.store().stats().logs_stored, 1);
}

#[tokio::test]
async fn only_configured_origins_may_read_and_send() {
    let viewer = start().await;
    let addresses = viewer.addresses();
    for (origin, allowed) in [
        ("http://localhost:8080", true),
        ("http://127.0.0.1:8080", true),
        ("http://evil.example", false),
    ] {
        let preflight = client()
            .request(reqwest::Method::OPTIONS, format!("http://{}{TRACES}", addresses.otlp_http))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let reading =
            client().get(format!("http://{}/api/echo", addresses.query)).header("origin", origin);
        for request in [preflight, reading] {
            let response = request.send().await.unwrap();
            assert!(response.status().is_success());
            let answered = response
                .headers()
                .get("access-control-allow-origin")
                .map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(answered, allowed.then(|| origin.to_owned()));
        }
    }
}

#[tokio::test]
async fn empty_messages_by_the_million_stay_small() {
    let viewer = start().await;
    // Two bytes each; decoded as a whole they would be spans of some 300 bytes.
    let spans = [0x12, 0].repeat(1_000_000);
    let scope = prefixed(0x12, &spans);
    let body = prefixed(0x0a, &scope);
    let response = post(&viewer, TRACES, PROTOBUF, body).await;
    let answer = ExportTraceServiceResponse::decode(response.bytes().await.unwrap()).unwrap();
    assert_eq!(answer.partial_success.unwrap().rejected_spans, 1_000_000);
    assert_eq!(viewer.store().stats().bytes, 0);
}

fn prefixed(key: u8, bytes: &[u8]) -> Vec<u8> {
    let mut framed = vec![key];
    prost::encoding::encode_varint(bytes.len() as u64, &mut framed);
    framed.extend_from_slice(bytes);
    framed
}
