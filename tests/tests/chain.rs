//! The chain as the testbed runs it: the real services, on files and on servers, each of which can go away and come back.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Engine, Mode, Service, http, until};

const DEADLINE: std::time::Duration = std::time::Duration::from_secs(20);

async fn process(chain: &Chain) -> (u16, Value) {
    let url = format!("{}/api/v1/process", chain.url(Service::Gateway));
    let answer = http()
        .post(url)
        .json(&json!({"user_id": 1001, "action": "test_trace"}))
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn health(chain: &Chain, service: Service) -> Option<u16> {
    Some(http().get(format!("{}/health", chain.url(service))).send().await.ok()?.status().as_u16())
}

async fn a_request_runs_through(options: ChainOptions) {
    if options.is_not_run() {
        return;
    }
    let chain = Chain::start(options).await;

    let (status, body) = process(&chain).await;

    assert_eq!((status, &body["status"]), (200, &json!("completed")), "{body}");
    assert_eq!(body["chain"].as_array().map(Vec::len), Some(4), "{body}");
    for service in Service::ALL {
        chain.process(service).wait_for_json(|line| line["trace_id"] == body["trace_id"]).await;
    }
}

#[tokio::test]
async fn a_request_runs_through_the_chain_on_files() {
    a_request_runs_through(ChainOptions::sqlite()).await;
}

#[tokio::test]
async fn a_request_runs_through_the_chain_on_postgres_and_mysql() {
    a_request_runs_through(ChainOptions::servers(Engine::MySql)).await;
}

#[tokio::test]
async fn a_request_runs_through_the_chain_on_postgres_and_mariadb() {
    a_request_runs_through(ChainOptions::servers(Engine::MariaDb)).await;
}

#[tokio::test]
async fn a_stopped_service_refuses_and_comes_back_on_its_port_with_its_data() {
    let mut chain = Chain::start(ChainOptions::sqlite()).await;
    let (_, before) = process(&chain).await;
    let url = chain.url(Service::User);

    let mut stopped = chain.stop(Service::User).await.unwrap();
    assert_eq!(stopped.exit_status().unwrap().code(), Some(0));
    assert_eq!(health(&chain, Service::User).await, None);
    let (status, problem) = process(&chain).await;
    assert_eq!((status, &problem["service"]), (502, &json!("user-service")), "{problem}");

    chain.restart(Service::User).await;
    assert_eq!(chain.url(Service::User), url);
    let (status, after) = process(&chain).await;
    assert_eq!((status, &after["user"]["id"]), (200, &before["user"]["id"]), "{after}");
}

#[tokio::test]
async fn the_chain_goes_through_the_proxy_in_front_of_a_service() {
    let chain = Chain::start(ChainOptions::sqlite().proxied(Service::Order)).await;
    assert_eq!(process(&chain).await.0, 200);
    assert!(chain.proxy(Service::Order).accepted() >= 1, "the proxy was passed by");

    chain.proxy(Service::Order).set(Mode::Refuse).await;

    let (status, problem) = process(&chain).await;
    assert_eq!((status, &problem["service"]), (502, &json!("order-service")), "{problem}");
}

#[tokio::test]
async fn a_service_sees_its_database_go_and_come_back_through_the_proxy() {
    let options = ChainOptions::sqlite()
        .on(Service::Audit, Engine::Postgres)
        .database_proxied(Service::Audit);
    if options.is_not_run() {
        return;
    }
    let chain = Chain::start(options).await;
    assert_eq!(health(&chain, Service::Audit).await, Some(200));

    for (mode, expected) in [(Mode::Refuse, 503), (Mode::Pass, 200)] {
        chain.database_proxy(Service::Audit).set(mode).await;
        let seen = until(DEADLINE, async || {
            (health(&chain, Service::Audit).await == Some(expected)).then_some(())
        })
        .await;
        assert!(seen.is_some(), "/health is not {expected} with the proxy on {mode:?}");
    }
}
