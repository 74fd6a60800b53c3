//! Idempotency keys: the same key stands for the same request.

use http::Method;
use serde_json::{Value, json};
use testbed::Reply;
use uuid::Uuid;

use crate::user_service::{Chain, ENGINES, SERVICE, placed, purchase, registration};

const CASES: [&str; 2] = ["/process", "/register"];

fn body(path: &str) -> Value {
    if path == "/process" { purchase(1001) } else { registration("ada@example.org") }
}

#[tokio::test]
async fn the_same_key_again_is_the_same_request() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        for path in CASES {
            let id = Uuid::new_v4();
            let first = chain.user.post_keyed(path, id, &body(path)).await;
            // What order-service says of a repeat: its header, and the trace of the order.
            let trace_id = first.trace_id.clone();
            chain.order.answer(move |request| replayed(request, &trace_id));
            let again = chain.user.post_keyed(path, id, &body(path)).await;
            let (shown, repeated) = (first.json(), again.json());
            assert_eq!((first.status, first.header("idempotency-replayed")), (again.status, None));
            assert_eq!(again.header("idempotency-replayed"), Some("true"));
            for same in ["request_id", "user", "order", "audit", "trace_id"] {
                assert_eq!(shown[same], repeated[same], "{engine} {path} {same}");
            }
            assert_eq!(repeated["trace_id"], first.trace_id);
            assert_eq!(repeated["chain"][0]["trace_id"], again.trace_id);
            chain.order.answer(placed);
        }
        assert_eq!(chain.users().await.len(), 2, "{engine}");
    }
}

fn replayed(request: &testbed::Received, trace_id: &str) -> Reply {
    let Reply::Answer(answer) = placed(request) else { panic!("an answer is one") };
    let mut body: Value = serde_json::from_slice(answer.body()).unwrap();
    body["trace_id"] = json!(trace_id);
    Reply::json(200, &body).header("idempotency-replayed", "true")
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused_before_anything_is_written() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let key = Uuid::new_v4();
        chain.user.post_keyed("/process", key, &purchase(1)).await.ok(200);
        let others = [
            ("/process", purchase(2)),
            ("/process", json!({"user_id": 1, "action": "Purchase"})),
            ("/process", json!({"user_id": 1, "action": "purchase", "items": []})),
            ("/process", json!({"user_id": 1, "action": "purchase", "unknown": 1})),
            ("/register", registration("ada@example.org")),
        ];
        for (path, other) in others {
            let answer = chain.user.post_keyed(path, key, &other).await;
            let problem = answer.problem(422, "idempotency_key_reused", SERVICE);
            assert_eq!(problem["request_id"], json!(key));
        }
        assert_eq!((chain.calls().len(), chain.users().await.len()), (1, 1), "{engine}");
    }
}

#[tokio::test]
async fn members_in_another_order_and_white_space_are_the_same_request() {
    let chain = Chain::sqlite().await;
    let key = Uuid::new_v4().to_string();
    let spellings = [
        r#"{"user_id":1,"action":"a","items":[{"sku":"mouse","quantity":1}]}"#,
        r#"{"items":[{"quantity":1,"sku":"mouse"}],"action":"a","user_id":1}"#,
        " {\n \"user_id\" : 1,\t\"\\u0061ction\": \"\\u0061\", \"items\": [ {\"sku\":\"mouse\", \"quantity\":1} ] }\n",
    ];
    for text in spellings {
        let request = chain.user.request(Method::POST, "/process").body(text);
        let request = request.header("content-type", "application/json");
        let request = request.header("x-request-id", &key).header("idempotency-key", &key);
        assert_eq!(chain.user.ask(request).await.ok(200)["request_id"], key, "{text}");
    }
    assert_eq!(chain.calls().len(), 3);
}

#[tokio::test]
async fn a_first_try_that_failed_is_resumed() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        for path in CASES {
            let key = Uuid::new_v4();
            chain.order.answer(|_| Reply::Close);
            let failed = chain.user.post_keyed(path, key, &body(path)).await;
            assert_eq!(
                failed.problem(502, "bad_gateway", "order-service")["request_id"],
                json!(key)
            );
            chain.order.answer(placed);
            let answer = chain.user.post_keyed(path, key, &body(path)).await;
            let shown = answer.json();
            assert!(answer.status < 300, "{answer:?}");
            // The user is the first try's.
            assert_eq!(shown["user"]["trace_id"], failed.trace_id, "{engine}");
            assert_eq!(shown["user"]["request_id"], json!(key));
        }
        assert_eq!(chain.users().await.len(), 2, "{engine}");
    }
}

#[tokio::test]
async fn a_request_that_came_too_late_or_was_not_accepted_claims_nothing() {
    let chain = Chain::sqlite().await;
    let key = Uuid::new_v4();
    let request = chain.user.request(Method::POST, "/process").json(&purchase(1));
    let request = request.header("x-request-id", key.to_string());
    let request = request.header("idempotency-key", key.to_string());
    let answer = chain.user.ask(request.header("x-deadline-ms", "0")).await;
    assert_eq!(answer.problem(504, "timeout", SERVICE)["request_id"], json!(key));
    chain.user.post_keyed("/process", key, &purchase(0)).await.refuses(SERVICE, &["/user_id"]);
    chain.user.get("/users/1").await.problem(404, "not_found", SERVICE);
    chain.user.post_keyed("/process", key, &purchase(2)).await.ok(200);
    assert_eq!(chain.calls().len(), 1);
}

#[tokio::test]
async fn a_key_of_one_route_is_not_taken_at_the_other_though_the_body_is_good_for_both() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let mut both = registration("ada@example.org");
        both["user_id"] = json!(1001);
        both["action"] = json!("purchase");
        for (first, second) in [("/process", "/register"), ("/register", "/process")] {
            let key = Uuid::new_v4();
            let users = chain.users().await.len();
            let placed = chain.user.post_keyed(first, key, &both).await;
            assert!(matches!(placed.status, 200 | 201), "{engine} {first}: {placed:?}");
            let answer = chain.user.post_keyed(second, key, &both).await;
            answer.problem(422, "idempotency_key_reused", SERVICE);
            assert_eq!(chain.users().await.len(), users + 1, "{engine} {second}");
        }
    }
}
