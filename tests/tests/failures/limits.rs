//! More requests at once than a service works on, and a stop that may not take for ever.

use std::time::{Duration, Instant};

use testbed::{Chain, ChainOptions, Mode, Service, http, until};

use crate::{
    asking::{self, DEADLINE, health, metric},
    raw::Raw,
};

/// A chain whose requests stay in flight before `held`, with this variable set for `limited`.
async fn chain(held: Service, limited: Service, variable: &str, value: &str) -> Chain {
    let options = ChainOptions::sqlite().proxied(held).env(limited, variable, value);
    let chain = Chain::start(options).await;
    asking::hold(chain.proxy(held)).await;
    chain
}

/// Requests through the gateway that have come as far as the proxy before `held`.
async fn in_flight(chain: &Chain, held: Service, count: u64) -> Vec<Raw> {
    let mut clients = Vec::new();
    for number in 1..=count {
        let mut client = Raw::connect(&chain.url(Service::Gateway)).await;
        client.post(asking::PROCESS, &asking::purchase(7)).await;
        clients.push(client);
        asking::holds(chain.proxy(held), number).await;
    }
    clients
}

#[tokio::test]
async fn above_max_in_flight_the_edge_sheds_and_serves_again_when_there_is_room() {
    let chain = chain(Service::User, Service::Gateway, "MAX_IN_FLIGHT", "2").await;
    let gateway = chain.url(Service::Gateway);
    let held = in_flight(&chain, Service::User, 2).await;
    let connections = chain.proxy(Service::User).accepted();

    let shed = asking::process(&chain, 8).await;

    shed.assert_problem(503, "overloaded", "gateway");
    assert_eq!(shed.header("retry-after"), Some("1"));
    assert_eq!(chain.proxy(Service::User).accepted(), connections, "the shed request went on");
    assert_eq!(health(&gateway).await.unwrap().0, 200, "health is shed too");
    chain.proxy(Service::User).set(Mode::Pass).await;
    for mut client in held {
        assert!(client.answer().await.starts_with("HTTP/1.1 20"));
    }
    assert!(asking::process(&chain, 8).await.is_accepted());
}

#[tokio::test]
async fn what_a_service_behind_the_edge_sheds_is_passed_up_and_not_repeated() {
    let chain = chain(Service::Audit, Service::Order, "MAX_IN_FLIGHT", "1").await;
    let held = in_flight(&chain, Service::Audit, 1).await;

    let shed = asking::process(&chain, 8).await;

    shed.assert_problem(503, "overloaded", "order-service");
    assert_eq!(shed.header("retry-after"), Some("1"));
    let labels = ["endpoint=\"/process\"", "status_code=\"503\""];
    let refused = metric(&chain.url(Service::Order), "http_requests_total", &labels).await;
    assert_eq!(refused, Some(1.0), "a 503 was repeated");
    for mut client in held {
        let answer = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    }
}

#[tokio::test]
async fn a_stop_waits_for_requests_as_long_as_the_drain_timeout_says() {
    let mut chain = chain(Service::User, Service::Gateway, "DRAIN_TIMEOUT_MS", "700").await;
    let mut held = in_flight(&chain, Service::User, 1).await;

    let started = Instant::now();
    let mut stopped = chain.stop(Service::Gateway).await.unwrap();
    let took = started.elapsed();

    assert_eq!(stopped.exit_status().unwrap().code(), Some(0));
    assert!(took >= Duration::from_millis(700), "it waited for {took:?} only");
    assert!(took < Duration::from_secs(5), "it waited for {took:?}");
    let said =
        |line: &serde_json::Value| line["drain_timeout_ms"] == 700 && line["level"] == "WARN";
    assert!(stopped.json_lines().iter().any(said), "{}", stopped.last_output());
    held[0].closed().await;
}

#[tokio::test]
async fn a_stop_takes_no_longer_than_what_is_in_flight() {
    let mut chain = chain(Service::User, Service::Gateway, "DRAIN_TIMEOUT_MS", "30000").await;
    let gateway = chain.url(Service::Gateway);
    let mut held = in_flight(&chain, Service::User, 1).await;
    chain.process(Service::Gateway).sigterm();
    let refused =
        until(DEADLINE, async || http().get(&gateway).send().await.is_err().then_some(())).await;
    assert!(refused.is_some(), "a stopping service takes new connections");

    chain.proxy(Service::User).set(Mode::Pass).await;
    let answer = held[0].answer().await;

    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    let started = Instant::now();
    let mut stopped = chain.stop(Service::Gateway).await.unwrap();
    assert_eq!(stopped.exit_status().unwrap().code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}
