//! The token on its way along the chain, in the outbox's deliveries, and in the load generator's hands.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Program, Service, Sink, http, loadgen, until};

use crate::{TOKEN, bearer};

const DEADLINE: Duration = Duration::from_secs(60);

async fn process(chain: &Chain) -> (u16, Value) {
    let request = http().post(format!("{}/api/v1/process", chain.url(Service::Gateway)));
    let body = json!({"user_id": 1001, "action": "purchase"});
    let answer = request.header("authorization", bearer()).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn audits(chain: &Chain) -> usize {
    let request = http().get(format!("{}/audit", chain.url(Service::Audit)));
    let page: Value =
        request.header("authorization", bearer()).send().await.unwrap().json().await.unwrap();
    page["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn each_hop_shows_it_to_the_next_and_a_late_delivery_shows_it_too() {
    let mut chain = Chain::start(ChainOptions::sqlite().env_all("API_TOKEN", TOKEN)).await;
    let (status, _) = process(&chain).await;
    // 202 where a busy machine leaves audit too little time: it is delivered all the same.
    assert!(matches!(status, 200 | 202), "{status}");
    let one = until(DEADLINE, async || (audits(&chain).await == 1).then_some(()));
    assert!(one.await.is_some(), "audit has not got it");

    chain.kill(Service::Audit).await;
    let (status, answer) = process(&chain).await;
    assert_eq!(status, 202, "{answer}");
    chain.restart(Service::Audit).await;

    let delivered = until(DEADLINE, async || (audits(&chain).await == 2).then_some(()));
    assert!(delivered.await.is_some(), "the outbox did not deliver");
}

#[tokio::test]
async fn a_service_with_another_token_is_named_and_the_caller_is_not_told_that_its_own_is_wrong() {
    let options = ChainOptions::sqlite().env_all("API_TOKEN", TOKEN);
    let chain = Chain::start(options.env(Service::Order, "API_TOKEN", "another")).await;

    let (status, problem) = process(&chain).await;

    assert_eq!((status, &problem["code"]), (502, &json!("bad_gateway")), "{problem}");
    assert_eq!(problem["service"], "order-service");
}

#[tokio::test]
async fn a_load_that_shows_it_is_verified_and_reconciled_and_one_that_does_not_is_refused() {
    let sink = Sink::start().await;
    let options = ChainOptions::sqlite().otlp(sink.endpoint()).env_all("API_TOKEN", TOKEN);
    let chain = Chain::start(options).await;
    let load = |token: Option<&str>| {
        let mut program = Program::new(loadgen())
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", sink.endpoint())
            .env("LOADGEN_TARGET", chain.url(Service::Gateway))
            .env("LOADGEN_TRACES", sink.query_url());
        if let Some(token) = token {
            program = program.env("API_TOKEN", token);
        }
        ["--requests=20", "--rate=10", "--verify", "--reconcile", "--progress=never"]
            .into_iter()
            .fold(program, Program::arg)
            .start()
    };

    let mut shown = load(Some(TOKEN));
    let status = shown.wait_exit(DEADLINE).await;
    assert_eq!(status.code(), Some(0), "{}", shown.last_output());
    assert!(shown.last_output().contains("20 of 20 traces whole"), "{}", shown.last_output());

    let mut refused = load(None);
    assert_ne!(refused.wait_exit(DEADLINE).await.code(), Some(0), "{}", refused.last_output());
    assert!(!shown.last_output().contains(TOKEN));
}
