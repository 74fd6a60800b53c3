//! Values of attributes as their sender gave them.

use serde_json::json;

use crate::made::{TRACE, post};
use crate::visit::Visit;

#[tokio::test]
async fn within_lists_and_maps_numbers_are_numbers_and_texts_are_texts() {
    let Some(visit) = Visit::begin().await else { return };
    let int = |number: &str| json!({"intValue": number});
    let list = [
        json!({"stringValue": "1"}),
        int("1"),
        json!({"doubleValue": 1.5}),
        int("9007199254740993"),
    ];
    let map = json!([{"key": "n", "value": int("-5")}, {"key": "inner", "value": {"arrayValue": {"values": [int("2")]}}}]);
    let attributes = json!([
        {"key": "list", "value": {"arrayValue": {"values": list}}},
        {"key": "map", "value": {"kvlistValue": {"values": map}}},
    ]);
    let span = json!({"traceId": TRACE, "spanId": "0000000000000001", "name": "a", "startTimeUnixNano": "1", "attributes": attributes});
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    post(&format!("{}/v1/traces", visit.sink.endpoint()), &body).await;

    visit.open(&format!("/trace/{TRACE}#span=0000000000000001")).await;

    // What a number of JSON cannot say exactly stays a text.
    visit.browser.wait_for_text(".details", r#"["1",1,1.5,"9007199254740993"]"#).await;
    visit.browser.wait_for_text(".details", r#"{"n":-5,"inner":[2]}"#).await;
    visit.ends_quietly().await;
}
