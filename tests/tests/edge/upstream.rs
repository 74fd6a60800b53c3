//! nginx's connections to the gateway.

use serde_json::json;
use testbed::{Nginx, NginxOptions, Proxy, Reply, Upstream, http};

use crate::asking::{PROCESS, ask, get, post};

#[tokio::test]
async fn one_connection_to_the_gateway_carries_many_requests() {
    if Nginx::is_not_run() {
        return;
    }
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    let line = Proxy::to(upstream.port()).await;
    let nginx = Nginx::start(NginxOptions::in_front_of(line.port())).await;

    for _ in 0..30 {
        assert_eq!(post(&nginx, PROCESS, "{}").await.status, 200);
    }

    assert_eq!(upstream.requests().len(), 30);
    assert_eq!(line.accepted(), 1, "each request opened a connection of its own");
}

#[tokio::test]
async fn a_kept_connection_that_broke_costs_no_request() {
    if Nginx::is_not_run() {
        return;
    }
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    let line = Proxy::to(upstream.port()).await;
    let nginx = Nginx::start(NginxOptions::in_front_of(line.port())).await;
    assert_eq!(get(&nginx, "/api/v1/users").await.status, 200);

    for _ in 0..10 {
        line.cut();
        assert_eq!(get(&nginx, "/api/v1/users").await.status, 200);
    }
}

#[tokio::test]
async fn a_post_that_reached_the_gateway_is_never_sent_again() {
    if Nginx::is_not_run() {
        return;
    }
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    let nginx = Nginx::start(NginxOptions::in_front_of(upstream.port())).await;
    // On a kept connection too, where nginx would send a request once more that may be.
    assert_eq!(post(&nginx, PROCESS, "{}").await.status, 200);
    upstream.answer(|_| Reply::Close);

    post(&nginx, PROCESS, "{}").await.problem(502, "bad_gateway", "gateway");

    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn an_answer_of_any_status_and_size_passes() {
    if Nginx::is_not_run() {
        return;
    }
    let upstream = Upstream::start(|request| {
        let status = request.path.rsplit('/').next().unwrap().parse().unwrap();
        Reply::body(status, "text/plain", "x".repeat(1 << 20))
    })
    .await;
    let nginx = Nginx::start(NginxOptions::in_front_of(upstream.port())).await;

    for status in [200, 202, 400, 404, 409, 413, 429, 500, 502, 503, 504] {
        let answer = ask(http().get(nginx.url(&format!("/api/{status}")))).await;
        assert_eq!((answer.status, answer.text.len()), (status, 1 << 20));
        assert_eq!(answer.header("content-type"), Some("text/plain"));
    }
}
