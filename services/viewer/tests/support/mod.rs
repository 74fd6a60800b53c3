//! A viewer on free ports, spans to send to it, and the requests of the tests.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of this")]

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::SpanKind},
};
use prost::Message;
use reqwest::{Client, Response};
use viewer::{Config, Viewer};

pub const TRACE: [u8; 16] = [0xab; 16];
pub const START: u64 = 1_700_000_000_000_000_000;

pub const BUY: [u8; 16] = [0x0b; 16];
pub const READ: [u8; 16] = [0x0c; 16];

pub fn client() -> Client {
    // Only the first of the tests of a process installs it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

pub async fn start() -> Viewer {
    Viewer::start(&Config::default()).await.unwrap()
}

pub async fn start_with_budget(store_bytes: usize) -> Viewer {
    Viewer::start(&Config { store_bytes, ..Config::default() }).await.unwrap()
}

pub fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

pub fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// A span of 10 ms that starts `id` ms after `START`.
pub fn span(trace: [u8; 16], id: u8, parent: u8, kind: SpanKind, name: &str) -> Span {
    let start = START + u64::from(id) * 1_000_000;
    Span {
        trace_id: trace.to_vec(),
        span_id: vec![id; 8],
        parent_span_id: if parent == 0 { Vec::new() } else { vec![parent; 8] },
        name: name.to_owned(),
        kind: kind as i32,
        start_time_unix_nano: start,
        end_time_unix_nano: start + 10_000_000,
        ..Span::default()
    }
}

pub fn with(mut span: Span, attributes: Vec<KeyValue>) -> Span {
    span.attributes.extend(attributes);
    span
}

pub fn failed(mut span: Span) -> Span {
    span.status = Some(Status { code: 2, message: "broken".to_owned() });
    span
}

pub fn of_service(service: &str, spans: Vec<Span>) -> ResourceSpans {
    ResourceSpans {
        resource: Some(Resource {
            attributes: vec![text("service.name", service)],
            ..Resource::default()
        }),
        scope_spans: vec![ScopeSpans {
            scope: Some(InstrumentationScope {
                name: "tests".to_owned(),
                ..InstrumentationScope::default()
            }),
            spans,
            schema_url: String::new(),
        }],
        schema_url: "https://opentelemetry.io/schemas/1.40.0".to_owned(),
    }
}

pub fn request(resource_spans: Vec<ResourceSpans>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest { resource_spans }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub async fn post(viewer: &Viewer, path: &str, content_type: &str, body: Vec<u8>) -> Response {
    let url = format!("http://{}{path}", viewer.addresses().otlp_http);
    client().post(url).header("content-type", content_type).body(body).send().await.unwrap()
}

/// Sends spans as protobuf and expects them to be taken whole.
pub async fn send(viewer: &Viewer, resource_spans: Vec<ResourceSpans>) {
    let response = post(
        viewer,
        "/v1/traces",
        "application/x-protobuf",
        request(resource_spans).encode_to_vec(),
    )
    .await;
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.unwrap().is_empty(), "some spans were rejected");
}

pub async fn get(viewer: &Viewer, path: &str) -> Response {
    client().get(format!("http://{}{path}", viewer.addresses().query)).send().await.unwrap()
}

pub async fn get_protobuf(viewer: &Viewer, path: &str) -> Response {
    let url = format!("http://{}{path}", viewer.addresses().query);
    client().get(url).header("accept", "application/protobuf").send().await.unwrap()
}

pub async fn get_json(viewer: &Viewer, path: &str) -> serde_json::Value {
    let response = get(viewer, path).await;
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.unwrap()
}

pub fn hex_id(trace: [u8; 16]) -> String {
    hex::encode(trace)
}

/// A purchase through gateway and user-service with its database, which failed, and a read that went well.
pub async fn two_traces() -> Viewer {
    let viewer = start().await;
    let gateway = vec![
        with(
            span(BUY, 1, 0, SpanKind::Server, "POST /api/v1/process"),
            vec![text("http.route", "/api/v1/process")],
        ),
        span(BUY, 2, 1, SpanKind::Client, "POST /process"),
    ];
    let database = vec![text("db.namespace", "users"), text("peer.service", "users-db")];
    let user = vec![
        failed(with(
            span(BUY, 3, 2, SpanKind::Server, "POST /process"),
            vec![attribute("http.response.status_code", Value::IntValue(503))],
        )),
        with(span(BUY, 4, 3, SpanKind::Client, "INSERT users"), database),
    ];
    send(&viewer, vec![of_service("gateway", gateway), of_service("user-service", user)]).await;
    send(
        &viewer,
        vec![of_service("gateway", vec![span(READ, 50, 0, SpanKind::Server, "GET /api/v1/users")])],
    )
    .await;
    viewer
}
