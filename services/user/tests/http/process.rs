//! `POST /process` of the user service.

use serde_json::{Value, json};
use testbed::request_id;
use uuid::Uuid;

use crate::user_service::{Chain, ENGINES, SERVICE, accepted, purchase};

#[tokio::test]
async fn a_new_user_is_created_and_the_request_goes_on_as_it_came() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let body = json!({
            "user_id": 1001, "action": "purchase", "user_name": "Ada", "user_email": "ada@example.org",
            "items": [{"sku": "mouse", "quantity": 2}], "unknown": {"deep": [1, 2.5, null, "ü"]}
        });
        let answer = chain.user.post("/process", &body).await;
        let shown = answer.ok(200);
        let calls = chain.calls();
        let [call] = calls.as_slice() else { panic!("{calls:?}") };
        let sent = call.json();
        let mut expected = body.clone();
        expected["request_id"] = json!(request_id(&shown));
        expected["user"] = json!({"id": 1001});
        assert_eq!(sent, expected, "{engine}");
        assert_eq!(call.header("x-request-id"), shown["request_id"].as_str());
        assert_eq!(call.header("traceparent").unwrap().split('-').nth(1), Some(&*answer.trace_id));
        assert_shown(&shown, &answer.trace_id, &answer.span_id());
        let user = chain.user.get("/users/1001").await.ok(200);
        assert_eq!(shown["user"], user, "{engine}");
    }
}

fn assert_shown(shown: &Value, trace_id: &str, span_id: &str) {
    let members: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["audit", "chain", "further", "order", "request_id", "status", "trace_id", "user"];
    assert_eq!(members, expected);
    assert_eq!((&shown["status"], &shown["trace_id"]), (&json!("completed"), &json!(trace_id)));
    assert_eq!(shown["further"], json!({"from": "order-service", "numbers": [1, 1.5, null]}));
    assert_eq!(shown["order"]["total_cents"], 999);
    let services: Vec<_> =
        shown["chain"].as_array().unwrap().iter().map(|entry| &entry["service"]).collect();
    assert_eq!(services, [SERVICE, "order-service", "audit-service"]);
    let own = &shown["chain"][0];
    assert_eq!((&own["trace_id"], &own["span_id"]), (&json!(trace_id), &json!(span_id)));
    assert!(own["duration_ms"].as_f64().unwrap() > 0.0, "{own}");
    let user = &shown["user"];
    assert_eq!((&user["name"], &user["email"]), (&json!("Ada"), &json!("ada@example.org")));
    assert_eq!((&user["trace_id"], &user["request_id"]), (&json!(trace_id), &shown["request_id"]));
    assert!(user["created_at"].as_str().unwrap().ends_with('Z'), "{user}");
}

#[tokio::test]
async fn of_a_known_user_only_what_was_missing_is_filled() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let with = |name: Value, email: Value| json!({"user_id": 7, "action": "a", "user_name": name, "user_email": email});
        let steps = [
            (purchase(7), Value::Null, Value::Null),
            (with(json!("Ada"), Value::Null), json!("Ada"), Value::Null),
            (with(json!("Eve"), json!("ada@example.org")), json!("Ada"), json!("ada@example.org")),
            (with(json!("Eve"), json!("eve@example.org")), json!("Ada"), json!("ada@example.org")),
            (purchase(7), json!("Ada"), json!("ada@example.org")),
        ];
        let mut first = None;
        for (body, name, email) in steps {
            let shown = chain.user.post("/process", &body).await.ok(200);
            assert_eq!(
                (&shown["user"]["name"], &shown["user"]["email"]),
                (&name, &email),
                "{engine} {body}"
            );
            let first = first.get_or_insert_with(|| shown["user"].clone());
            for lasting in ["created_at", "request_id", "trace_id"] {
                assert_eq!(first[lasting], shown["user"][lasting], "{engine}");
            }
        }
        assert_eq!(chain.users().await.len(), 1);
    }
}

#[tokio::test]
async fn an_address_of_another_user_is_a_conflict_and_nothing_changes() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let with_email = |id: i64| json!({"user_id": id, "action": "a", "user_name": "N", "user_email": "ada@example.org"});
        chain.user.post("/process", &with_email(1)).await.ok(200);
        chain.user.post("/process", &purchase(2)).await.ok(200);
        for id in [2, 3] {
            let answer = chain.user.post("/process", &with_email(id)).await;
            answer.problem(409, "email_taken", SERVICE);
        }
        assert_eq!(chain.calls().len(), 2, "{engine}");
        assert_eq!(chain.user.get("/users/2").await.ok(200)["name"], Value::Null);
        chain.user.get("/users/3").await.problem(404, "not_found", SERVICE);
    }
}

#[tokio::test]
async fn an_order_whose_audit_is_pending_is_accepted() {
    let chain = Chain::sqlite().await;
    chain.order.answer(accepted);
    let shown = chain.user.post("/process", &purchase(1)).await.ok(202);
    assert_eq!(
        (&shown["status"], &shown["audit"]),
        (&json!("accepted"), &json!({"status": "pending"}))
    );
    assert_eq!(shown["user"]["id"], 1);
}

#[tokio::test]
async fn the_request_is_the_one_that_its_body_or_its_header_says() {
    let chain = Chain::sqlite().await;
    let [of_body, of_header] = [Uuid::new_v4(), Uuid::new_v4()];
    let ask = async |header: &str, body: &Value| {
        let request = chain.user.request(http::Method::POST, "/process").json(body);
        request_id(&chain.user.ask(request.header("x-request-id", header)).await.ok(200))
    };
    let mut with_id = purchase(1);
    with_id["request_id"] = json!(of_body);
    assert_eq!(ask(&of_header.to_string(), &with_id).await, of_body);
    assert_eq!(ask(&of_header.to_string(), &purchase(2)).await, of_header);
    assert_eq!(ask("not a uuid", &purchase(3)).await.get_version_num(), 7);
}
