//! Traces by id, in the shapes of Tempo's API.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use base64::{Engine, prelude::BASE64_STANDARD};
use opentelemetry_proto::tonic::{
    common::v1::any_value::Value,
    trace::v1::{TracesData, span::SpanKind},
};
use prost::Message;
use serde_json::json;
use support::{
    TRACE, attribute, failed, get, get_json, get_protobuf, hex_id, of_service, send, span, start,
    start_with_budget, text, with,
};

#[tokio::test]
async fn a_parent_of_zero_bytes_is_none_for_all_who_read_the_span() {
    let viewer = start().await;
    let mut root = span(TRACE, 1, 0, SpanKind::Server, "POST /process");
    root.parent_span_id = vec![0; 8];
    send(&viewer, vec![of_service("gateway", vec![root])]).await;

    let answer = get_json(&viewer, &format!("/api/traces/{}", hex_id(TRACE))).await;
    let sent = &answer["batches"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!((&sent["name"], sent.get("parentSpanId")), (&json!("POST /process"), None));
    let found = get_json(&viewer, "/api/search").await;
    assert_eq!(found["traces"][0]["rootServiceName"], "gateway");
    let graph = get_json(&viewer, "/api/service-graph").await;
    assert_eq!(graph["edges"][0]["source"], "user");
}

#[tokio::test]
async fn a_trace_sent_by_two_services_is_one_answer_in_the_form_of_tempo_v1() {
    let viewer = start().await;
    let server = with(
        span(TRACE, 2, 1, SpanKind::Server, "POST /process"),
        vec![attribute("http.response.status_code", Value::IntValue(200))],
    );
    send(
        &viewer,
        vec![of_service(
            "gateway",
            vec![failed(span(TRACE, 1, 0, SpanKind::Client, "POST /process"))],
        )],
    )
    .await;
    send(&viewer, vec![of_service("user-service", vec![server])]).await;

    let answer = get_json(&viewer, &format!("/api/traces/{}", hex_id(TRACE))).await;

    let id = BASE64_STANDARD.encode(TRACE);
    let group = |service: &str, span: serde_json::Value| {
        json!({
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
            "scopeSpans": [{"scope": {"name": "tests"}, "spans": [span]}],
            "schemaUrl": "https://opentelemetry.io/schemas/1.40.0",
        })
    };
    let client = json!({
        "traceId": id, "spanId": BASE64_STANDARD.encode([1; 8]), "name": "POST /process", "kind": "SPAN_KIND_CLIENT",
        "startTimeUnixNano": "1700000000001000000", "endTimeUnixNano": "1700000000011000000",
        "status": {"message": "broken", "code": "STATUS_CODE_ERROR"},
    });
    let server = json!({
        "traceId": id, "spanId": BASE64_STANDARD.encode([2; 8]), "parentSpanId": BASE64_STANDARD.encode([1; 8]),
        "name": "POST /process", "kind": "SPAN_KIND_SERVER",
        "startTimeUnixNano": "1700000000002000000", "endTimeUnixNano": "1700000000012000000",
        "attributes": [{"key": "http.response.status_code", "value": {"intValue": "200"}}],
    });
    assert_eq!(
        answer,
        json!({"batches": [group("gateway", client), group("user-service", server)]})
    );
}

#[tokio::test]
async fn v2_wraps_the_same_spans_and_both_ports_answer() {
    let viewer = start().await;
    send(&viewer, vec![of_service("gateway", vec![span(TRACE, 1, 0, SpanKind::Server, "a")])])
        .await;
    let id = hex_id(TRACE);

    let v1 = get_json(&viewer, &format!("/api/traces/{id}")).await;
    let v2 = get_json(&viewer, &format!("/api/v2/traces/{id}")).await;
    let pages = support::client()
        .get(format!("http://{}/api/traces/{id}", viewer.addresses().pages))
        .send()
        .await
        .unwrap();

    assert_eq!(v2["trace"]["resourceSpans"], v1["batches"]);
    assert_eq!(pages.json::<serde_json::Value>().await.unwrap(), v1);
}

#[tokio::test]
async fn protobuf_is_the_bare_trace_on_v1_and_field_one_of_the_answer_on_v2() {
    let viewer = start().await;
    let sent = of_service(
        "gateway",
        vec![span(TRACE, 1, 0, SpanKind::Server, "a"), span(TRACE, 2, 1, SpanKind::Internal, "b")],
    );
    send(&viewer, vec![sent.clone()]).await;
    let id = hex_id(TRACE);

    let v1 = get_protobuf(&viewer, &format!("/api/traces/{id}")).await;
    assert_eq!(v1.headers()["content-type"], "application/protobuf");
    let v1 = v1.bytes().await.unwrap();
    let v2 = get_protobuf(&viewer, &format!("/api/v2/traces/{id}")).await.bytes().await.unwrap();

    assert_eq!(TracesData::decode(v1.clone()).unwrap().resource_spans, [sent]);
    // Field 1, length-delimited, of the trace's length (two bytes of varint), then the very bytes of v1.
    assert_eq!((v2[0], &v2[3..3 + v1.len()]), (0x0a, &v1[..]));
}

#[tokio::test]
async fn an_unknown_trace_is_404_on_v1_and_an_empty_one_on_v2() {
    let viewer = start().await;
    let id = hex_id([1; 16]);
    assert_eq!(get(&viewer, &format!("/api/traces/{id}")).await.status(), 404);
    assert_eq!(
        get_json(&viewer, &format!("/api/v2/traces/{id}")).await,
        json!({"trace": {}, "metrics": {}})
    );
    let protobuf = get_protobuf(&viewer, &format!("/api/v2/traces/{id}")).await;
    assert_eq!(protobuf.status(), 200);
    assert_eq!(protobuf.bytes().await.unwrap()[..], [0x0a, 0, 0x12, 0]);
}

#[tokio::test]
async fn a_malformed_id_is_400_and_a_short_one_is_padded() {
    let viewer = start().await;
    for id in ["xyz", "0x12", &"a".repeat(33)] {
        for version in ["", "/v2"] {
            let response = get(&viewer, &format!("/api{version}/traces/{id}")).await;
            assert_eq!(response.status(), 400, "{id}");
            assert!(response.text().await.unwrap().contains("1 to 32 hex digits"));
        }
    }
    let mut small = [0; 16];
    small[15] = 0x1a;
    send(&viewer, vec![of_service("gateway", vec![span(small, 1, 0, SpanKind::Server, "a")])])
        .await;
    assert_eq!(get(&viewer, "/api/traces/1a").await.status(), 200);
}

#[tokio::test]
async fn an_evicted_trace_is_410_on_both_and_its_late_spans_are_counted_and_dropped() {
    let viewer = start_with_budget(1024 * 1024).await;
    let filler = "x".repeat(50_000);
    send(&viewer, vec![of_service("gateway", vec![span(TRACE, 1, 0, SpanKind::Server, "first")])])
        .await;
    for n in 1..=30 {
        let span = with(span([n; 16], 1, 0, SpanKind::Server, "a"), vec![text("filler", &filler)]);
        send(&viewer, vec![of_service("gateway", vec![span])]).await;
    }
    assert!(viewer.store().stats().traces_evicted > 0);

    let before = viewer.store().stats();
    send(&viewer, vec![of_service("gateway", vec![span(TRACE, 2, 1, SpanKind::Server, "late")])])
        .await;
    let after = viewer.store().stats();

    assert_eq!(
        (after.spans_late - before.spans_late, after.spans_stored),
        (1, before.spans_stored)
    );
    for version in ["", "/v2"] {
        let response = get(&viewer, &format!("/api{version}/traces/{}", hex_id(TRACE))).await;
        assert_eq!(response.status(), 410);
        assert!(response.text().await.unwrap().contains("VIEWER_STORE_BYTES"));
    }
}
