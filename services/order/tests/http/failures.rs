//! What the order service says and logs when audit-service or its database fails.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};
use testbed::Reply;

use crate::order_service::{Chain, SERVICE, purchase};

/// Of nobody else, so that it can be searched for.
const PERSONAL: [&str; 3] = ["Zebedäus Quark", "zebedaeus@quark.example", "hush-hush-value"];

fn personal() -> Value {
    json!({
        "user_id": 4711, "action": "purchase", "user_name": PERSONAL[0], "user_email": PERSONAL[1],
        "unknown": PERSONAL[2]
    })
}

#[tokio::test]
async fn an_audit_that_does_not_record_makes_a_202_and_no_repeat_within_the_request() {
    let chain = Chain::sqlite().await;
    let id = "018f3a1e-0000-7000-8000-000000000000";
    let replies = [
        Reply::Close,
        Reply::Raw("garbage\r\n\r\n".into()),
        Reply::body(200, "application/json", "{"),
        Reply::json(200, &json!({})),
        Reply::json(200, &json!({"audit": {"id": "x", "recorded_at": "2026-11-21T12:00:00Z"}})),
        Reply::json(200, &json!({"audit": {"id": id, "recorded_at": "yesterday"}})),
        Reply::json(201, &json!({"audit": {"id": id, "recorded_at": "2026-11-21T12:00:00Z"}})),
        Reply::json(401, &json!({})),
        Reply::json(404, &json!({})),
        Reply::json(500, &json!({})),
        Reply::json(503, &json!({})),
    ];
    for reply in replies {
        let text = format!("{reply:?}");
        chain.audit.answer(move |_| reply.clone());
        let answer = chain.order.post("/process", &personal()).await;
        let shown = answer.ok(202);
        assert_eq!(
            (&shown["status"], &shown["audit"]),
            (&json!("accepted"), &json!({"status": "pending"})),
            "{text}"
        );
        assert_eq!(
            (&shown["trace_id"], &shown["chain"][0]["service"]),
            (&json!(answer.trace_id), &json!(SERVICE))
        );
        let of_request =
            |call: &testbed::Received| call.json()["request_id"] == shown["request_id"];
        assert_eq!(chain.calls().iter().filter(|call| of_request(call)).count(), 1, "{text}");
        assert!(chain.order.logged(&answer.trace_id, "Request failed").await.is_empty());
        chain.order.has_not_told(&answer.trace_id, &PERSONAL).await;
    }
}

#[tokio::test]
async fn an_audit_that_hangs_gets_its_share_of_the_deadline_only() {
    let chain = Chain::sqlite().await;
    chain.audit.answer(|_| Reply::Hang);
    for (deadline, share) in [("800", 400), ("60000", 1000)] {
        let request = chain.order.request(http::Method::POST, "/process").json(&purchase());
        let started = Instant::now();
        chain.order.ask(request.header("x-deadline-ms", deadline)).await.ok(202);
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        let left: u64 =
            chain.calls().last().unwrap().header("x-deadline-ms").unwrap().parse().unwrap();
        assert!(0 < left && left <= share, "{deadline}: {left}");
    }
}

#[tokio::test]
async fn a_statement_that_fails_is_a_general_500_whose_cause_is_logged_once() {
    let chain = Chain::sqlite().await;
    let mut connection = SqliteConnection::connect(&chain.database.url).await.unwrap();
    connection
        .execute("PRAGMA foreign_keys = OFF; DROP TABLE order_items; DROP TABLE orders")
        .await
        .unwrap();
    let id = "018f3a1e-0000-7000-8000-000000000000";
    let answers = [
        chain.order.post("/process", &personal()).await,
        chain.order.get("/orders").await,
        chain.order.get(&format!("/orders/{id}")).await,
        chain.patch(id, "completed").await,
        chain.delete(id).await,
    ];
    for answer in answers {
        let shown = answer.problem(500, "internal_error", SERVICE).to_string();
        assert!(!shown.contains("orders") && !shown.contains("table"), "{shown}");
        let logged = chain.order.logged(&answer.trace_id, "Request failed").await;
        assert_eq!(logged.len(), 1, "{logged:?}");
        assert!(logged[0]["error"].as_str().unwrap().contains("no such table"), "{logged:?}");
        chain.order.has_not_told(&answer.trace_id, &PERSONAL).await;
    }
    assert!(chain.calls().is_empty());
}

#[tokio::test]
async fn an_order_that_came_too_late_is_not_placed() {
    let chain = Chain::sqlite().await;
    let request = chain.order.request(http::Method::POST, "/process").json(&purchase());
    let answer = chain.order.ask(request.header("x-deadline-ms", "0")).await;
    answer.problem(504, "timeout", SERVICE);
    assert_eq!(chain.order.logged(&answer.trace_id, "Request failed").await.len(), 1);
    assert!(chain.orders().await.is_empty() && chain.calls().is_empty());
}
