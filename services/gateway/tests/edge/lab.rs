//! `/lab/{service}/faults`: the way of the front page to each service's faults, there with `LAB=true` only.

use reqwest::Method;
use serde_json::{Value, json};
use testbed::{Reply, Upstream};

use crate::gateway::{Answer, Gateway, send};

const SERVICES: [&str; 3] = ["user-service", "order-service", "audit-service"];

async fn put(gateway: &Gateway, service: &str, body: &Value) -> Answer {
    send(gateway.request(Method::PUT, &format!("/lab/{service}/faults")).json(body)).await
}

/// A problem of a route without a trace.
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{answer:?}");
}

#[tokio::test]
async fn without_it_there_is_no_way_in() {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({"faults": {}}))).await;
    for variables in [&[][..], &[("LAB", "false")]] {
        let gateway = Gateway::with(&upstream.url(), variables).await;
        for service in SERVICES {
            let path = format!("/lab/{service}/faults");
            gateway.get(&path).await.problem(404, "not_found");
            put(&gateway, service, &json!({})).await.problem(404, "not_found");
        }
        gateway.get("/faults").await.problem(404, "not_found");
        assert_eq!(gateway.get("/settings.json").await.json()["lab"], false);
    }
    assert!(upstream.requests().iter().all(|request| request.path != "/faults"));
}

#[tokio::test]
async fn a_question_and_a_change_reach_the_service_and_its_answer_comes_back() {
    let upstream = Upstream::start(|request| match request.path.as_str() {
        "/faults" => Reply::json(200, &json!({"faults": {"pool": 2}})),
        _ => Reply::json(200, &json!({})),
    })
    .await;
    let gateway = Gateway::with(&upstream.url(), &[("LAB", "true")]).await;
    for service in SERVICES {
        let shown = gateway.get(&format!("/lab/{service}/faults")).await;
        assert_eq!((shown.status, shown.json()), (200, json!({"faults": {"pool": 2}})));
        assert_eq!(shown.header("traceresponse"), None);
        assert_eq!(put(&gateway, service, &json!({"faults": {"pool": 2}})).await.status, 200);
    }
    assert_eq!(gateway.get("/settings.json").await.json()["lab"], true);
    let calls: Vec<_> =
        upstream.requests().into_iter().filter(|request| request.path == "/faults").collect();
    assert_eq!(calls.len(), 6, "{calls:?}");
    assert!(calls.iter().all(|call| call.headers.get("traceparent").is_none()), "{calls:?}");
    assert_eq!(calls[1].json(), json!({"faults": {"pool": 2}}));
}

#[tokio::test]
async fn a_refusal_of_the_service_comes_back_as_it_is() {
    let problem = json!({"status": 422, "code": "invalid", "service": "user-service"});
    let upstream =
        Upstream::start(move |_| Reply::body(422, "application/problem+json", problem.to_string()))
            .await;
    let gateway = Gateway::with(&upstream.url(), &[("LAB", "true")]).await;
    let answer = put(&gateway, "user-service", &json!({"slow": 1})).await;
    refused(&answer, 422, "invalid");
    assert_eq!(answer.json()["service"], "user-service");
}

#[tokio::test]
async fn a_service_that_is_not_there_or_not_known_is_named() {
    let gateway = Gateway::with("http://127.0.0.1:9", &[("LAB", "true")]).await;
    let answer = gateway.get("/lab/order-service/faults").await;
    refused(&answer, 502, "bad_gateway");
    assert_eq!(answer.json()["service"], "order-service");
    let answer = gateway.get("/lab/nobody/faults").await;
    refused(&answer, 404, "not_found");
    assert!(answer.json()["detail"].as_str().unwrap().contains("user-service, order-service"));
    let answer = send(gateway.request(Method::POST, "/lab/order-service/faults")).await;
    refused(&answer, 405, "method_not_allowed");
    let own = gateway.get("/faults").await;
    assert_eq!((own.status, own.json()), (200, json!({"faults": {}})));
}

#[tokio::test]
async fn a_page_whose_own_name_was_pointed_here_reaches_no_service() {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({"faults": {}}))).await;
    let gateway = Gateway::with(&upstream.url(), &[("LAB", "true")]).await;
    for path in ["/faults", "/lab/audit-service/faults"] {
        let request = gateway.request(Method::PUT, path).header("host", "rebound.example:8080");
        refused(&send(request.json(&json!({"faults": ""}))).await, 421, "misdirected");
    }
    assert!(upstream.requests().iter().all(|request| request.path != "/faults"));
}
