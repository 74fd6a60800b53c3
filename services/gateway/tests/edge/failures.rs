//! A next service that refuses, fails, hangs or is not there.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::{Port, Reply, Upstream};

use crate::gateway::{Gateway, calls, send};

fn problem_of_order_service(status: u16) -> String {
    json!({"type": "urn:x", "status": status, "code": "theirs", "service": "order-service", "further": [1]}).to_string()
}

#[tokio::test]
async fn a_problem_of_the_next_service_is_passed_up_as_it_came() {
    let upstream = Upstream::start(|_| Reply::Close).await;
    let gateway = Gateway::start(&upstream).await;
    for status in [400, 401, 404, 409, 413, 415, 422, 429, 502, 503, 504] {
        upstream.answer(move |_| {
            let body = problem_of_order_service(status);
            Reply::body(status, "application/problem+json", body).header("retry-after", "7")
        });
        let answer = send(gateway.process()).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (status, problem_of_order_service(status).as_str())
        );
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(answer.header("retry-after"), Some("7"));
        answer.trace();
    }
    assert_eq!(calls(&upstream).len(), 11, "none was tried again");
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_a_502_that_names_the_service() {
    let upstream = Upstream::start(|_| Reply::Close).await;
    let gateway = Gateway::start(&upstream).await;
    let problem =
        |status| Reply::body(status, "application/problem+json", problem_of_order_service(status));
    for reply in [
        problem(500),
        problem(501),
        Reply::body(200, "application/json", "not json"),
        Reply::body(200, "application/json", "[]"),
        Reply::body(202, "application/json", ""),
        Reply::json(201, &json!({})),
        Reply::json(302, &json!({})).header("location", "http://127.0.0.1/"),
        Reply::body(404, "text/html", "<h1>Not found</h1>"),
        Reply::body(422, "application/problem+json", "no object"),
        Reply::Raw("what is this?\r\n\r\n".into()),
        Reply::Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".into()),
        Reply::Close,
    ] {
        let before = calls(&upstream).len();
        let given = reply.clone();
        upstream.answer(move |_| reply.clone());
        let answer = send(gateway.process()).await;
        assert_eq!(answer.problem(502, "bad_gateway")["service"], "user-service", "{given:?}");
        assert_eq!(calls(&upstream).len(), before + 1, "what arrived is not repeated: {given:?}");
    }
}

#[tokio::test]
async fn a_service_that_hangs_is_a_504_within_the_deadline() {
    let upstream = Upstream::start(|_| Reply::Hang).await;
    let gateway = Gateway::with(&upstream.url(), &[("REQUEST_TIMEOUT_MS", "400")]).await;
    let answer = send(gateway.process()).await;

    assert_eq!(answer.problem(504, "timeout")["service"], "user-service");
    assert_eq!(calls(&upstream).len(), 1);
    let spans = gateway.spans(&answer.trace().0, 2).await;
    for span in &spans {
        assert!(span["status"]["error"].is_string(), "{span:#}");
        assert_eq!(span["attributes"]["error.type"], "timeout", "{span:#}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_tried_again_and_then_a_502() {
    let nobody = Port::reserve();
    let gateway = Gateway::with(&format!("http://127.0.0.1:{}", nobody.number()), &[]).await;
    let answer = send(gateway.process()).await;

    let problem = answer.problem(502, "bad_gateway");
    assert_eq!(problem["service"], "user-service");
    assert!(!answer.text.contains("refused"), "the cause stays inside: {problem}");
    let (trace_id, span_id, _) = answer.trace();
    let spans = gateway.spans(&trace_id, 4).await;
    let tries: Vec<_> = spans.iter().filter(|span| span["kind"] == "Client").collect();
    let mut resends: Vec<_> =
        tries.iter().map(|span| span["attributes"]["http.request.resend_count"].as_i64()).collect();
    resends.sort_unstable();
    assert_eq!(resends, [None, Some(1), Some(2)]);
    for span in tries {
        assert_eq!(span["parent_span_id"], json!(span_id), "tries are siblings");
        assert_eq!(span["attributes"]["error.type"], "connect");
    }
    let server = spans.iter().find(|span| span["kind"] == "Server").unwrap();
    assert!(server["status"]["error"].is_string(), "{server:#}");
    assert_eq!(server["attributes"]["http.response.status_code"], json!(502));
}

#[tokio::test]
async fn a_client_error_marks_the_call_and_not_the_server_span() {
    let upstream = Upstream::start(|_| {
        Reply::body(409, "application/problem+json", problem_of_order_service(409))
    })
    .await;
    let gateway = Gateway::start(&upstream).await;
    let answer = send(gateway.process()).await;

    let spans = gateway.spans(&answer.trace().0, 2).await;
    let status = |kind: &str| {
        spans.iter().find(|span| span["kind"] == kind).map(|span| span["status"].clone())
    };
    assert_eq!(status("Server"), Some(Value::from("unset")));
    assert!(status("Client").unwrap()["error"].is_string());
}

#[tokio::test]
async fn health_reports_the_next_hop_and_does_not_depend_on_it() {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    let gateway = Gateway::start(&upstream).await;
    let health = gateway.get("/health").await;
    assert_eq!(
        (health.status, &health.json()["checks"]["user-service"]["status"]),
        (200, &json!("healthy"))
    );
    upstream.answer(|_| Reply::After(Duration::from_millis(1), Box::new(Reply::Close)));
    let health = gateway.get("/health").await;
    assert_eq!((health.status, &health.json()["status"]), (200, &json!("healthy")));
    assert_eq!(health.json()["checks"]["user-service"]["status"], "unhealthy");
}
