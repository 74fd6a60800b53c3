//! Traces made by hand, as the services would export them, and the way into a backend.

use opentelemetry::trace::TraceId;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::SpanKind},
};
use prost::Message as _;

const START: u64 = 1_790_000_000_000_000_000;

/// One span: its service, itself.
pub(crate) type Made = (&'static str, Span);

/// The trace with this number: a request through two services down to a database.
pub(crate) fn trace(number: u64) -> Vec<Made> {
    let id = id(number);
    let get = "GET /users";
    vec![
        ("loadgen", span(id, 1, 0, SpanKind::Client, get)),
        ("gateway", span(id, 2, 1, SpanKind::Server, get)),
        ("gateway", span(id, 3, 2, SpanKind::Client, get)),
        ("user-service", span(id, 4, 3, SpanKind::Server, get)),
        ("user-service", span(id, 5, 4, SpanKind::Client, "SELECT users")),
    ]
}

/// The same, whose last span has the status Error.
pub(crate) fn failed(number: u64) -> Vec<Made> {
    let mut trace = trace(number);
    if let Some((_, span)) = trace.last_mut() {
        span.status = Some(Status { code: 2, ..Status::default() });
    }
    trace
}

/// The id of that trace.
pub(crate) fn id(number: u64) -> TraceId {
    TraceId::from(0x0af7_6519_16cd_43dd_0000_0000_0000_0000_u128 + u128::from(number))
}

pub(crate) fn span(trace: TraceId, id: u64, parent: u64, kind: SpanKind, name: &str) -> Span {
    let start = START + id * 1_000_000;
    Span {
        trace_id: trace.to_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: if parent == 0 { Vec::new() } else { parent.to_be_bytes().to_vec() },
        name: name.to_owned(),
        kind: kind as i32,
        start_time_unix_nano: start,
        end_time_unix_nano: start + 10_000_000,
        attributes: vec![
            attribute("http.response.status_code", Value::IntValue(200)),
            attribute("peer.service", text("users-db")),
            attribute("order.item.skus", list(&["a", "b"])),
        ],
        ..Span::default()
    }
}

fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn text(value: &str) -> Value {
    Value::StringValue(value.to_owned())
}

fn list(values: &[&str]) -> Value {
    let values = values.iter().map(|value| AnyValue { value: Some(text(value)) }).collect();
    Value::ArrayValue(ArrayValue { values })
}

/// What an exporter would send: a group for each span, as if each came from a process of its own.
pub(crate) fn request(spans: impl IntoIterator<Item = Made>) -> ExportTraceServiceRequest {
    let group = |(service, span)| ResourceSpans {
        resource: Some(Resource {
            attributes: vec![attribute("service.name", text(service))],
            ..Resource::default()
        }),
        scope_spans: vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest { resource_spans: spans.into_iter().map(group).collect() }
}

/// Sends spans to the OTLP/HTTP endpoint of a backend, which must take them all.
pub(crate) async fn send(endpoint: &str, spans: impl IntoIterator<Item = Made>) {
    let body = request(spans).encode_to_vec();
    let post = testbed::http().post(format!("{endpoint}/v1/traces")).body(body);
    let answer = post.header("content-type", "application/x-protobuf").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let taken = ExportTraceServiceResponse::decode(answer.bytes().await.unwrap()).unwrap();
    assert_eq!(taken.partial_success.unwrap_or_default().rejected_spans, 0);
}

/// Tempo's answer with these spans.
pub(crate) fn tempo_answer(spans: impl IntoIterator<Item = Made>) -> Vec<u8> {
    let trace = request(spans).encode_to_vec();
    let mut answer = vec![0x0a];
    prost::encoding::encode_varint(trace.len() as u64, &mut answer);
    answer.extend(trace);
    answer
}
