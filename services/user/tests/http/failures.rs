//! What the user service says and logs when order-service or its database fails.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};
use testbed::Reply;
use testbed::conduct::{self, BodyRoute};

use crate::user_service::{Chain, SERVICE, purchase};

/// Of nobody else, so that it can be searched for.
const PERSONAL: [&str; 3] = ["Zebedäus Quark", "zebedaeus@quark.example", "hush-hush-value"];

fn personal() -> Value {
    json!({
        "user_id": 4711, "action": "purchase", "user_name": PERSONAL[0], "user_email": PERSONAL[1],
        "unknown": PERSONAL[2]
    })
}

fn problem(status: u16) -> String {
    json!({
        "type": "urn:tracechain:problem:x", "title": "X", "status": status, "detail": "it is so", "code": "x",
        "service": "audit-db", "trace_id": "t", "request_id": "00000000-0000-7000-8000-000000000000"
    })
    .to_string()
}

#[tokio::test]
async fn a_problem_of_the_next_service_is_passed_up_as_it_came() {
    let chain = Chain::sqlite().await;
    for status in [400, 404, 409, 413, 415, 422, 429, 502, 503, 504] {
        let body = problem(status);
        let reply = Reply::body(status, "application/problem+json", body.clone());
        chain.order.answer(move |_| reply.clone().header("retry-after", "7"));
        let answer = chain.user.post("/process", &purchase(1)).await;
        assert_eq!((answer.status, &answer.text), (status, &body));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(answer.header("retry-after"), Some("7"));
        answer.span_id();
        assert!(chain.user.logged(&answer.trace_id, "Request failed").await.is_empty());
    }
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_a_502_that_names_the_next_service() {
    let chain = Chain::sqlite().await;
    let replies = [
        Reply::Close,
        Reply::Raw("garbage\r\n\r\n".into()),
        Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{".into()),
        Reply::body(200, "application/json", "{\"status\": "),
        Reply::body(200, "application/json", "[]"),
        Reply::body(200, "text/html", "<p>hello</p>"),
        Reply::json(204, &json!({})),
        Reply::json(201, &json!({})),
        Reply::json(302, &json!({})),
        Reply::json(404, &json!({})),
        Reply::json(503, &json!({})),
        Reply::body(500, "application/problem+json", problem(500)),
        Reply::body(422, "application/problem+json", "not json"),
    ];
    for reply in replies {
        let text = format!("{reply:?}");
        chain.order.answer(move |_| reply.clone());
        let before = chain.calls().len();
        let answer = chain.user.post("/process", &personal()).await;
        let shown = answer.problem(502, "bad_gateway", "order-service");
        assert_eq!(chain.calls().len(), before + 1, "repeated: {text}");
        assert!(!shown.to_string().contains("hello"), "{shown}");
        let logged = chain.user.logged(&answer.trace_id, "Request failed").await;
        assert_eq!(logged.len(), 1, "{text}: {logged:?}");
        assert_eq!(logged[0]["code"], "bad_gateway");
        chain.user.has_not_told(&answer.trace_id, &PERSONAL).await;
    }
}

#[tokio::test]
async fn a_next_service_that_does_not_answer_is_a_504_that_names_it_within_the_deadline() {
    let chain = Chain::sqlite().await;
    chain.order.answer(|_| Reply::Hang);
    let request = chain.user.request(http::Method::POST, "/process").json(&personal());
    let started = std::time::Instant::now();
    let answer = chain.user.ask(request.header("x-deadline-ms", "600")).await;
    answer.problem(504, "timeout", "order-service");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert_eq!(chain.calls().len(), 1);
    assert_eq!(chain.user.logged(&answer.trace_id, "Request failed").await.len(), 1);
    chain.user.has_not_told(&answer.trace_id, &PERSONAL).await;
}

#[tokio::test]
async fn a_deadline_only_ever_lowers_what_the_next_service_gets() {
    let chain = Chain::sqlite().await;
    for (asked, most) in [
        ("1000", 950),
        ("8000", 7950),
        ("3600000", 7950),
        ("soon", 7950),
        ("99999999999999999999", 7950),
    ] {
        let request = chain.user.request(http::Method::POST, "/process").json(&purchase(1));
        chain.user.ask(request.header("x-deadline-ms", asked)).await.ok(200);
        let left: u64 =
            chain.calls().last().unwrap().header("x-deadline-ms").unwrap().parse().unwrap();
        assert!(0 < left && left <= most, "{asked}: {left}");
    }
    for route in [BodyRoute::post("/process", purchase(1))] {
        conduct::keeps_deadlines(&chain.user, &route).await;
    }
}

#[tokio::test]
async fn a_statement_that_fails_is_a_general_500_whose_cause_is_logged_once() {
    let chain = Chain::sqlite().await;
    let mut connection = SqliteConnection::connect(&chain.database.url).await.unwrap();
    connection.execute("PRAGMA foreign_keys = OFF; DROP TABLE users").await.unwrap();
    let register =
        json!({"first_name": PERSONAL[0], "last_name": PERSONAL[2], "email": PERSONAL[1]});
    for (path, body) in [("/process", personal()), ("/register", register)] {
        let answer = chain.user.post(path, &body).await;
        let shown = answer.problem(500, "internal_error", SERVICE).to_string();
        assert!(!shown.contains("users") && !shown.contains("SQL"), "{shown}");
        let logged = chain.user.logged(&answer.trace_id, "Request failed").await;
        assert_eq!(logged.len(), 1, "{logged:?}");
        assert!(logged[0]["error"].as_str().unwrap().contains("no such table"), "{logged:?}");
        chain.user.has_not_told(&answer.trace_id, &PERSONAL).await;
    }
    for path in ["/users", "/users/1"] {
        chain.user.get(path).await.problem(500, "internal_error", SERVICE);
    }
    assert!(chain.calls().is_empty());
}

#[tokio::test]
async fn nothing_personal_is_told_of_requests_that_went_well_or_were_refused() {
    let chain = Chain::sqlite().await;
    let email = PERSONAL[1];
    let taken = json!({"user_id": 1, "action": "a", "user_email": email});
    let invalid = json!({"user_id": email, "action": "a", "user_email": PERSONAL[0]});
    let mut last = String::new();
    for (body, status) in [(personal(), 200), (taken, 409), (invalid, 422)] {
        let answer = chain.user.post("/process", &body).await;
        assert_eq!(answer.status, status, "{answer:?}");
        last = answer.trace_id;
    }
    chain.user.has_not_told(&last, &PERSONAL).await;
    assert_eq!(chain.calls()[0].header("baggage"), Some("user.id=4711"));
}

#[tokio::test]
async fn every_answer_is_counted_once_under_its_route_and_status() {
    let chain = Chain::sqlite().await;
    let answer = chain.user.post("/process", &purchase(1)).await;
    chain.user.post("/process", &purchase(0)).await.refuses(SERVICE, &["/user_id"]);
    assert_eq!(chain.user.logged(&answer.trace_id, "Request completed").await.len(), 1);
    let scrape = testbed::Scrape::of(&chain.user.url("")).await;
    for status in [200, 422] {
        let labels = format!("endpoint=\"/process\",method=\"POST\",status_code=\"{status}\"");
        assert_eq!(scrape.value(&format!("http_requests_total{{{labels}}}")), 1.0, "{status}");
        let errors = f64::from(u8::from(status == 422));
        assert_eq!(scrape.value(&format!("http_errors_total{{{labels}}}")), errors, "{status}");
    }
}
