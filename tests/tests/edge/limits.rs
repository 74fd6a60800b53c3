//! What one address may take of the edge.

use serde_json::json;
use testbed::{Nginx, NginxOptions, Reply, Upstream, http, until};

use crate::asking::{DEADLINE, PROCESS, ask, get, post};

#[tokio::test]
async fn requests_above_the_rate_are_429_with_retry_after_and_never_reach_the_gateway() {
    if Nginx::is_not_run() {
        return;
    }
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    let options = NginxOptions::in_front_of(upstream.port());
    let options = options.set("NGINX_RATE", "1r/m").set("NGINX_BURST", "2");
    let nginx = Nginx::start(options).await;

    // One at the rate, two of the burst.
    for _ in 0..3 {
        assert_eq!(post(&nginx, PROCESS, "{}").await.status, 200);
    }
    for path in [PROCESS, "/register", "/do_task"] {
        let answer = post(&nginx, path, "{}").await;
        answer.problem(429, "too_many_requests", "nginx");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }

    assert_eq!(upstream.requests().len(), 3);
    // Probes and the page are not counted: an orchestrator behind the same address would take the edge down.
    assert_eq!(get(&nginx, "/health/ready").await.status, 200);
    assert_eq!(get(&nginx, "/").await.status, 200);
}

#[tokio::test]
async fn requests_in_flight_above_the_limit_are_503_with_retry_after() {
    if Nginx::is_not_run() {
        return;
    }
    let upstream = Upstream::start(|_| Reply::Hang).await;
    let options = NginxOptions::in_front_of(upstream.port()).set("NGINX_CONNECTIONS", "1");
    let nginx = Nginx::start(options).await;
    let first = tokio::spawn(ask(http().get(nginx.url("/do_task"))));
    let taken = until(DEADLINE, async || (upstream.requests().len() == 1).then_some(()));
    assert!(taken.await.is_some(), "the first request did not arrive");

    let second = get(&nginx, "/do_task").await;

    second.problem(503, "overloaded", "nginx");
    assert_eq!(second.header("retry-after"), Some("1"));
    first.abort();
}
