//! `/openapi.json`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testbed::Upstream;

use crate::gateway::{Gateway, completed};

async fn document() -> Value {
    let upstream = Upstream::start(|_| completed()).await;
    Gateway::start(&upstream).await.get("/openapi.json").await.json()
}

#[tokio::test]
async fn every_route_is_described_with_every_status_it_can_answer() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.1.0");
    let calls = ["400", "401", "429", "500", "502", "503", "504"];
    let set = |others: &[&str]| {
        let mut statuses: Vec<_> = calls.iter().chain(others).map(ToString::to_string).collect();
        statuses.sort();
        statuses
    };
    let body = ["408", "409", "413", "415", "422"];
    let expected = BTreeMap::from([
        ("post /api/v1/process", set(&[&["200", "202"][..], &body].concat())),
        ("post /api/v1/register", set(&[&["201"][..], &body].concat())),
        ("post /register", set(&[&["201"][..], &body].concat())),
        ("get /api/v1/users", set(&["200"])),
        ("get /api/v1/users/{id}", set(&["200", "404"])),
        ("get /api/v1/orders", set(&["200"])),
        ("get /api/v1/orders/{id}", set(&["200", "404"])),
        ("patch /api/v1/orders/{id}", set(&[&["200", "404"][..], &body].concat())),
        ("delete /api/v1/orders/{id}", set(&["204", "404", "409"])),
        ("get /api/v1/audit", set(&["200"])),
        ("get /do_task", set(&["200"])),
    ]);
    let found = operations(&document).map(|(name, operation)| {
        (name, operation["responses"].as_object().unwrap().keys().cloned().collect::<Vec<_>>())
    });
    let expected =
        expected.into_iter().map(|(name, statuses)| (name.to_owned(), statuses)).collect();
    assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
}

#[tokio::test]
async fn errors_are_problem_documents_and_every_answer_names_its_trace() {
    let document = document().await;
    for (name, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let at = format!("{name} {status}");
            assert!(response["headers"]["traceresponse"].is_object(), "{at}");
            assert_eq!(
                response["headers"]["Retry-After"].is_object(),
                matches!(status.as_str(), "429" | "503"),
                "{at}"
            );
            let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
            let is_error = status.starts_with(['4', '5']);
            assert_eq!(schema == "#/components/schemas/ProblemBody", is_error, "{at}");
        }
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document = document().await;
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn limits_stand_where_the_rules_have_them() {
    let document = document().await;
    let schema = |name: &str| document["components"]["schemas"][name].clone();
    let process = schema("ProcessRequest");
    assert_eq!(process["required"], json!(["user_id", "action"]));
    assert_eq!(process["additionalProperties"], json!(true));
    let bounds = |property: &Value, names: [&str; 2]| {
        [property[names[0]].clone(), property[names[1]].clone()]
    };
    let properties = &process["properties"];
    assert_eq!(
        bounds(&properties["user_id"], ["minimum", "maximum"]),
        [json!(1), json!(9_007_199_254_740_991_i64)]
    );
    assert_eq!(bounds(&properties["action"], ["minLength", "maxLength"]), [json!(1), json!(64)]);
    assert_eq!(
        bounds(&properties["user_name"], ["minLength", "maxLength"]),
        [json!(1), json!(200)]
    );
    assert_eq!(
        bounds(&properties["user_email"], ["minLength", "maxLength"]),
        [json!(3), json!(254)]
    );
    assert_eq!(properties["items"]["maxItems"], json!(50));
    let item = &schema("Item")["properties"];
    assert_eq!(bounds(&item["quantity"], ["minimum", "maximum"]), [json!(1), json!(1_000_000)]);
    assert_eq!(bounds(&item["sku"], ["minLength", "maxLength"]), [json!(1), json!(64)]);
    let key = &document["paths"]["/register"]["post"]["parameters"][0];
    assert_eq!(
        (&key["name"], &key["in"], &key["required"]),
        (&json!("Idempotency-Key"), &json!("header"), &json!(false))
    );
    assert_eq!(bounds(&key["schema"], ["minLength", "maxLength"]), [json!(1), json!(255)]);
    assert_eq!(key["schema"]["pattern"], "^[!-~]([ -~]*[!-~])?$");
    let seconds = &document["paths"]["/do_task"]["get"]["parameters"][0];
    assert_eq!(
        (&seconds["name"], bounds(&seconds["schema"], ["minimum", "maximum"])),
        (&json!("seconds"), [json!(0), json!(30)])
    );
    assert!(process["example"].is_object());
}

#[tokio::test]
async fn names_are_without_the_character_that_user_service_refuses() {
    let schemas = document().await["components"]["schemas"].clone();
    for (schema, property) in [
        ("ProcessRequest", "user_name"),
        ("RegisterRequest", "first_name"),
        ("RegisterRequest", "last_name"),
    ] {
        let pattern = &schemas[schema]["properties"][property]["pattern"];
        assert_eq!(pattern, r"^[^\u0000]*$", "{schema} {property}");
    }
}

#[tokio::test]
async fn an_audit_record_is_described_as_audit_service_answers_it() {
    let record = document().await["components"]["schemas"]["AuditRecord"].clone();
    let mut required: Vec<_> =
        record["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    required.sort_unstable();
    // What `GET /audit` answers, always.
    let answered = [
        "action",
        "currency",
        "id",
        "order_id",
        "recorded_at",
        "request_id",
        "total_cents",
        "trace_id",
        "user_id",
    ];
    assert_eq!(required, answered);
}

fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(array) => array.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}
