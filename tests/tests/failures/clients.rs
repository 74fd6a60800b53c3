//! A client that goes away before its answer: a POST runs to its end, a GET is given up and counted as 499.

use testbed::{Chain, ChainOptions, Mode, Reply, Service, Upstream, until};

use crate::{
    asking::{self, DEADLINE, metric},
    raw::Raw,
    rows::{audits, nothing_is_pending, orders},
};

#[tokio::test]
async fn a_post_runs_to_its_end_though_its_client_goes_away() {
    let chain = Chain::start(ChainOptions::sqlite().proxied(Service::User)).await;
    let proxy = chain.proxy(Service::User);
    asking::hold(proxy).await;
    let mut client = Raw::connect(&chain.url(Service::Gateway)).await;
    client.post(asking::PROCESS, &asking::purchase(7)).await;
    asking::holds(proxy, 1).await;

    client.leave().await;
    assert_eq!(orders(&chain).await, [], "the order was there before the client went away");
    proxy.set(Mode::Pass).await;

    let is_it = |line: &serde_json::Value| {
        line["message"] == "Request completed" && line["route"] == asking::PROCESS
    };
    let line = chain.process(Service::Gateway).wait_for_json(is_it).await;
    assert!([200, 202].map(|status| line["status_code"] == status).contains(&true), "{line}");
    nothing_is_pending(&chain).await;
    let (orders, audits) = (orders(&chain).await, audits(&chain).await);
    assert_eq!((orders.len(), &orders), (1, &audits));
    assert_eq!(line["trace_id"], orders[0].trace_id.as_str());
    assert_eq!(line["request_id"], orders[0].request_id.to_string());
}

#[tokio::test]
async fn a_get_whose_client_goes_away_is_given_up_and_counted_as_499() {
    let upstream = Upstream::start(|_| Reply::Hang).await;
    let options =
        ChainOptions::sqlite().env(Service::Gateway, "ORDER_SERVICE_URL", &upstream.url());
    let chain = Chain::start(options).await;
    let gateway = chain.url(Service::Gateway);
    let mut client = Raw::connect(&gateway).await;
    client.get("/api/v1/orders").await;
    let arrived =
        || upstream.requests().iter().any(|received| received.path.starts_with("/orders"));
    let in_flight = until(DEADLINE, async || arrived().then_some(())).await;
    assert!(in_flight.is_some(), "the request has not left the gateway");

    client.leave().await;

    let is_it = |line: &serde_json::Value| line["route"] == "/api/v1/orders";
    let line = chain.process(Service::Gateway).wait_for_json(is_it).await;
    assert_eq!(line["status_code"], 499, "{line}");
    let labels = ["endpoint=\"/api/v1/orders\"", "status_code=\"499\""];
    for name in ["http_requests_total", "http_errors_total"] {
        assert_eq!(metric(&gateway, name, &labels).await, Some(1.0), "{name}");
    }
}
