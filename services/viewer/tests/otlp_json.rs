//! OTLP/JSON as the specification has it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use serde_json::json;
use support::{get_json, post, start};

#[tokio::test]
async fn json_as_the_specification_has_it_is_stored_like_protobuf() {
    let viewer = start().await;
    let body = json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "browser"}}]},
        "scopeSpans": [{"scope": {"name": "web"}, "spans": [{
            "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174", "parentSpanId": null,
            "name": "click", "kind": 3, "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": 1544712661000000000u64,
            "attributes": [
                {"key": "int", "value": {"intValue": "-9007199254740993"}},
                {"key": "double", "value": {"doubleValue": 1.5}},
                {"key": "nan", "value": {"doubleValue": "NaN"}},
                {"key": "list", "value": {"arrayValue": {"values": [{"boolValue": true}]}}},
                {"key": "nothing", "value": {"arrayValue": {}}},
                {"key": "empty", "value": {}},
            ],
            "events": [{"timeUnixNano": "1544712660500000000", "name": "exception"}],
            "status": {"code": 2, "message": "no"}, "unknownMember": {"a": [1]},
        }]}],
    }]});

    let response = post(
        &viewer,
        "/v1/traces",
        "application/json; charset=utf-8",
        body.to_string().into_bytes(),
    )
    .await;

    assert_eq!(
        (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
        (200, "application/json")
    );
    assert_eq!(response.json::<serde_json::Value>().await.unwrap(), json!({}));
    let trace = get_json(&viewer, "/api/traces/5b8efff798038103d269b633813fc60c").await;
    let span = &trace["batches"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(
        (&span["kind"], &span["status"]["code"]),
        (&json!("SPAN_KIND_CLIENT"), &json!("STATUS_CODE_ERROR"))
    );
    assert_eq!(span["endTimeUnixNano"], "1544712661000000000");
    assert_eq!(span["spanId"], "7uGbfsPBsXQ=");
    let attributes = json!([
        {"key": "int", "value": {"intValue": "-9007199254740993"}},
        {"key": "double", "value": {"doubleValue": 1.5}},
        {"key": "nan", "value": {"stringValue": "NaN"}},
        {"key": "list", "value": {"arrayValue": {"values": [{"boolValue": true}]}}},
        {"key": "nothing", "value": {"arrayValue": {}}},
        {"key": "empty", "value": {}},
    ]);
    assert_eq!(span["attributes"], attributes);
}
