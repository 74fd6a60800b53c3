//! `down`: the service is as dead to its callers, until it is switched off; what is late then completes its trace.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Scrape, Service, Sink, http, until};

use crate::one_service::User;

const DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn nobody_gets_an_answer_and_nothing_is_known_of_the_request() {
    let service = User::laboratory().await;
    service.set("down").await;

    let refused = service.purchase().send().await;

    let error = refused.expect_err("no answer is an error");
    assert!(error.is_request() && !error.is_timeout() && !error.is_connect(), "{error:?}");
    assert!(service.calls().is_empty(), "it was not worked on");
    // The laboratory, its health and its metrics stay: by them it is found and brought back.
    let health = service.user.get("/health").await;
    assert_eq!((health.status, &health.json()["faults"]), (200, &json!({"down": 1})));
    assert_eq!(service.struck("down").await, 1.0);
    service.set("").await;
    let answer = service.process().await;
    answer.ok(200);
    service.span(&answer.trace_id, "Server", "POST /process").await;
    let lines = service.user.process.json_lines();
    let servers = lines.iter().filter(|line| line["kind"] == "Server").count();
    let completed = lines.iter().filter(|line| line["message"] == "Request completed").count();
    assert_eq!((servers, completed), (1, 1), "a dead process has neither span nor log line");
    let counted = Scrape::of(&service.user.url("")).await.sum("http_requests_total");
    assert_eq!(counted, 1.0);
}

#[tokio::test]
async fn a_killed_audit_is_a_202_and_its_record_completes_the_trace_when_it_is_back() {
    let sink = Sink::start().await;
    let options = ChainOptions::sqlite().otlp(sink.endpoint()).env_all("LAB", "true");
    let chain = Chain::start(options.env_all("OTEL_BSP_SCHEDULE_DELAY", "100")).await;
    switch(&chain, json!({"down": 1})).await;

    let url = format!("{}/api/v1/process", chain.url(Service::Gateway));
    let body = json!({"user_id": 1001, "action": "purchase"});
    let answer = http().post(url).json(&body).send().await.unwrap();

    assert_eq!(answer.status(), 202);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(
        (&answer["status"], &answer["audit"]["status"]),
        (&json!("accepted"), &json!("pending"))
    );
    let trace = answer["trace_id"].as_str().unwrap().to_owned();
    let call = until(DEADLINE, async || {
        sink.spans(&trace).into_iter().find(|span| {
            span.service == "order-service" && span.failed && span.name == "POST /process"
        })
    });
    let call = call.await.expect("order-service's call to audit-service has failed");
    assert!(!sink.spans(&trace).iter().any(|span| span.parent == call.id), "nothing is below it");
    assert!(!sink.spans(&trace).iter().any(|span| span.service == "audit-service"));

    switch(&chain, json!({})).await;

    let late = until(DEADLINE, async || {
        sink.spans(&trace).into_iter().find(|span| span.name == "INSERT audit_logs")
    });
    assert!(late.await.is_some(), "{:#?}", sink.spans(&trace));
}

async fn switch(chain: &Chain, faults: Value) {
    let url = format!("{}/faults", chain.url(Service::Audit));
    let answer = http().put(url).json(&json!({ "faults": faults })).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}
