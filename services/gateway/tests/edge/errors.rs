//! What the gateway refuses by itself, before anything reaches a service.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use testbed::{Reply, Upstream, until};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::gateway::{Gateway, calls, completed, pointers, send};

#[tokio::test]
async fn a_body_that_is_not_valid_is_refused_with_a_pointer_for_each_field() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    let item = |sku: &str, quantity: Value| json!({"user_id": 1, "action": "a", "items": [{"sku": sku, "quantity": quantity}]});
    let cases: Vec<(Value, &[&str])> = vec![
        (json!({}), &["/user_id"]),
        (json!([]), &[""]),
        (json!("text"), &[""]),
        (json!({"user_id": 1}), &["/action"]),
        (json!({"user_id": "1001", "action": "a"}), &["/user_id"]),
        (json!({"user_id": 1.5, "action": "a"}), &["/user_id"]),
        (json!({"user_id": 0, "action": ""}), &["/action", "/user_id"]),
        (json!({"user_id": 9_007_199_254_740_992_i64, "action": "a"}), &["/user_id"]),
        (json!({"user_id": 1, "action": "ä".repeat(65)}), &["/action"]),
        (json!({"user_id": 1, "action": "a", "user_name": ""}), &["/user_name"]),
        (json!({"user_id": 1, "action": "a", "user_name": "n".repeat(201)}), &["/user_name"]),
        (json!({"user_id": 1, "action": "a", "user_email": "a b@c.de"}), &["/user_email"]),
        (json!({"user_id": 1, "action": "a", "items": {}}), &["/items"]),
        (
            json!({"user_id": 1, "action": "a", "items": vec![json!({"sku": "s", "quantity": 1}); 51]}),
            &["/items"],
        ),
        (item("", json!(1)), &["/items/0/sku"]),
        (item("s", json!(0)), &["/items/0/quantity"]),
        (item("s", json!(1_000_001)), &["/items/0/quantity"]),
        (item("s", json!("1")), &["/items/0/quantity"]),
    ];
    for (body, expected) in cases {
        let problem = send(gateway.post("/api/v1/process", &body)).await.problem(422, "invalid");
        assert_eq!(pointers(&problem), expected, "{body}: {problem}");
        assert_eq!(problem["service"], "gateway");
    }
    assert!(calls(&upstream).is_empty());
}

#[tokio::test]
async fn a_body_that_cannot_be_read_has_its_own_status_and_code() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    let good = r#"{"user_id": 1, "action": "a"}"#.to_owned();
    let large =
        format!(r#"{{"user_id": 1, "action": "a", "padding": "{}"}}"#, "x".repeat(64 * 1024));
    for (media_type, body, status, code) in [
        ("application/json", "{\"user_id\": 1,".to_owned(), 400, "malformed_json"),
        ("application/json", String::new(), 400, "malformed_json"),
        ("application/json", format!("{good} x"), 400, "malformed_json"),
        ("text/plain", good.clone(), 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", good, 415, "unsupported_media_type"),
        ("application/json", large, 413, "body_too_large"),
    ] {
        let request =
            gateway.request(Method::POST, "/api/v1/process").header("content-type", media_type);
        let problem = send(request.body(body)).await.problem(status, code);
        assert_eq!(pointers(&problem), Vec::<String>::new());
    }
    assert!(calls(&upstream).is_empty());
}

#[tokio::test]
async fn a_route_or_method_that_is_not_there_is_said_so() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    gateway.get("/nowhere").await.problem(404, "not_found");
    for (method, path, allow) in [
        (Method::GET, "/api/v1/process", "POST"),
        (Method::DELETE, "/register", "POST"),
        (Method::PUT, "/api/v1/orders/x", "GET,HEAD,PATCH,DELETE"),
        (Method::POST, "/api/v1/audit", "GET,HEAD"),
    ] {
        let answer = send(gateway.request(method, path)).await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allow));
    }
    assert!(calls(&upstream).is_empty());
}

#[tokio::test]
async fn what_is_not_traced_refuses_a_method_in_the_same_form() {
    let gateway = Gateway::with("http://127.0.0.1:9", &[]).await;
    for path in ["/", "/metrics", "/health", "/openapi.json"] {
        let answer = send(gateway.request(Method::POST, path)).await;
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
        assert_eq!(answer.json()["code"], "method_not_allowed", "{path}");
        assert_eq!(answer.header("allow"), Some("GET,HEAD"), "{path}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_a_408() {
    let gateway = Gateway::with("http://127.0.0.1:9", &[("REQUEST_TIMEOUT_MS", "200")]).await;
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.port())).await.unwrap();
    let head = "POST /api/v1/process HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: 50\r\nConnection: close\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":\"request_timeout\""),
        "{answer}"
    );
}

#[tokio::test]
async fn more_requests_than_are_worked_on_at_once_are_shed() {
    let upstream = Upstream::start(|_| Reply::Hang).await;
    let gateway = Gateway::with(&upstream.url(), &[("MAX_IN_FLIGHT", "1")]).await;
    let first = tokio::spawn(gateway.process().send());
    let arrived =
        until(Duration::from_secs(10), async || (!calls(&upstream).is_empty()).then_some(()));
    assert!(arrived.await.is_some());
    let answer = send(gateway.process()).await;
    answer.problem(503, "overloaded");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(calls(&upstream).len(), 1);
    first.abort();
}

#[tokio::test]
async fn a_deadline_that_has_passed_is_not_worked_on() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    for left in ["0", "40"] {
        send(gateway.process().header("x-deadline-ms", left)).await.problem(504, "timeout");
    }
    assert!(calls(&upstream).is_empty());
}
