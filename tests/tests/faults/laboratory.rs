//! `GET` and `PUT /faults`: there with `LAB=true` only.

use reqwest::Method;
use serde_json::{Value, json};
use testbed::{Answer, Scrape};

use crate::one_service::{SERVICE, User};

async fn put(service: &User, media_type: &str, body: &'static str) -> Answer {
    let request = service.user.request(Method::PUT, "/faults").header("content-type", media_type);
    service.user.ask(request.body(body)).await
}

async fn shown(service: &User) -> Value {
    let answer = service.user.get("/faults").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["faults"].clone()
}

/// Its status, its code and its pointers; a problem outside the layer has no trace of its own.
fn refusal(answer: &Answer) -> (u16, Value, Vec<String>) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    let problem = answer.json();
    assert_eq!(problem["service"], SERVICE, "{problem}");
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let pointers = errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned());
    (answer.status, problem["code"].clone(), pointers.collect())
}

#[tokio::test]
async fn without_it_the_route_is_not_there() {
    for variables in [&[][..], &[("LAB", "false")], &[("LAB", "")]] {
        let service = User::with(variables).await;
        service.user.get("/faults").await.problem(404, "not_found", SERVICE);
        let answer = service.put(&json!({"faults": "error=500"})).await;
        answer.problem(404, "not_found", SERVICE);
        service.process().await.ok(200);
    }
}

#[tokio::test]
async fn faults_come_and_go_while_the_service_runs() {
    let service = User::with(&[("LAB", "True"), ("FAULTS", "error=503")]).await;
    assert_eq!(shown(&service).await, json!({"error": "503:1"}));
    service.process().await.problem(503, "unavailable", SERVICE);

    let answer = service.put(&json!({"faults": {"error": 500}})).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"faults": {"error": "500:1"}})));
    service.process().await.problem(500, "internal_error", SERVICE);

    for (on, off) in [
        (json!({"error": "409:1"}), json!({})),
        (json!({"faults": "error=409"}), json!({"faults": ""})),
        (json!({"faults": {"error": "409"}}), json!({"faults": {}})),
    ] {
        assert_eq!(service.put(&on).await.status, 200);
        service.process().await.problem(409, "conflict", SERVICE);
        let health = service.user.get("/health").await.json();
        assert_eq!(health["faults"], json!({"error": "409:1"}), "{health}");
        assert_eq!(service.put(&off).await.json(), json!({"faults": {}}));
        service.process().await.ok(200);
        assert_eq!(service.user.get("/health").await.json().get("faults"), None);
    }
}

#[tokio::test]
async fn what_is_no_fault_is_refused_and_changes_nothing() {
    let service = User::with(&[("LAB", "true"), ("FAULTS", "error=503")]).await;
    let json = "application/json";
    let none = Vec::<String>::new;
    for (media_type, body, expected) in [
        (json, "", (400, json!("malformed_json"), none())),
        (json, "{", (400, json!("malformed_json"), none())),
        (json, "[]", (422, json!("invalid"), vec![String::new()])),
        (json, "{\"fault\": \"\"}", (422, json!("invalid"), vec!["/fault".to_owned()])),
        (json, "{\"faults\": 5}", (422, json!("invalid"), vec!["/faults".to_owned()])),
        (json, "{\"faults\": \"slow\"}", (422, json!("invalid"), vec!["/faults".to_owned()])),
        (
            json,
            "{\"pool\": 0, \"error\": 200}",
            (422, json!("invalid"), vec!["/error".to_owned(), "/pool".to_owned()]),
        ),
        ("text/plain", "{}", (415, json!("unsupported_media_type"), none())),
    ] {
        let answer = put(&service, media_type, body).await;
        assert_eq!(refusal(&answer), expected, "{body}");
        assert_eq!(shown(&service).await, json!({"error": "503:1"}), "{body}");
    }
    let answer = service.user.ask(service.user.request(Method::POST, "/faults")).await;
    assert_eq!(refusal(&answer), (405, json!("method_not_allowed"), none()));
    assert_eq!(answer.header("allow"), Some("GET,HEAD,PUT"));
}

#[tokio::test]
async fn changes_are_loud_and_neither_traced_nor_counted() {
    let service = User::laboratory().await;
    service.set("error=500").await;
    let asked = service.put(&json!({"faults": ""})).await;
    assert_eq!(asked.header("traceresponse"), None);
    let answer = service.process().await;
    answer.ok(200);
    service.span(&answer.trace_id, "Server", "POST /process").await;

    let lines = service.user.process.json_lines();
    let warned: Vec<_> = lines.iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warned.len(), 3, "{warned:?}");
    assert!(warned[0]["message"].as_str().unwrap().starts_with("LAB is on"), "{warned:?}");
    assert_eq!(warned[1]["faults"], "error=500:1");
    assert_eq!(warned[2]["message"], "Faults are off again");
    assert!(lines.iter().all(|line| line["trace_id"] != asked.trace_id), "{lines:?}");
    let scrape = Scrape::of(&service.user.url("")).await;
    let moved = scrape.since(&Scrape::default());
    assert!(!moved.keys().any(|sample| sample.contains("/faults")), "{moved:?}");
}

#[tokio::test]
async fn a_page_whose_own_name_was_pointed_here_is_refused() {
    let service = User::with(&[("LAB", "true"), ("FAULTS", "error=503")]).await;
    let named = |method: Method, host: &str| {
        let port = service.user.url("").rsplit(':').next().unwrap().to_owned();
        let request =
            service.user.request(method, "/faults").header("host", format!("{host}:{port}"));
        request.json(&json!({"faults": ""}))
    };
    for host in ["rebound.example", "localhost.rebound.example", "192.168.1.5"] {
        for method in [Method::GET, Method::PUT] {
            let answer = service.user.ask(named(method, host)).await;
            assert_eq!(refusal(&answer), (421, json!("misdirected"), Vec::new()), "{host}");
        }
    }
    assert_eq!(shown(&service).await, json!({"error": "503:1"}));
    for host in ["localhost", "127.0.0.1", "[::1]", SERVICE] {
        let answer = service.user.ask(named(Method::PUT, host)).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"faults": {}})), "{host}");
    }
}
