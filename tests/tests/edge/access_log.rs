//! The access log: one JSON object a line, with the trace and the times of the gateway.

use serde_json::{Value, json};
use testbed::{Nginx, NginxOptions, Port, Reply, Upstream, http};

use crate::asking::{PROCESS, SAMPLED, TRACE, ask, get, post, raw};

const ANSWERED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn line(nginx: &Nginx, path: &str) -> Value {
    nginx.process().wait_for_json(|line| line["path"] == path).await
}

#[tokio::test]
async fn a_line_tells_the_trace_the_route_and_where_the_time_went() {
    if Nginx::is_not_run() {
        return;
    }
    let upstream =
        Upstream::start(|_| Reply::json(200, &json!({})).header("traceresponse", ANSWERED)).await;
    let nginx = Nginx::start(NginxOptions::in_front_of(upstream.port())).await;

    ask(http().get(nginx.url("/api/v1/orders/4711?email=a@b.c")).header("traceparent", SAMPLED))
        .await;

    let line = line(&nginx, "/api/v1/orders/4711").await;
    let said =
        [&line["message"], &line["level"], &line["service.name"], &line["method"], &line["route"]];
    assert_eq!(
        said,
        ["Request completed", "INFO", "nginx", "GET", "/api/v1/orders/{id}"],
        "{line}"
    );
    // What the gateway answered counts: it may have begun a trace of its own.
    let ids = [&line["trace_id"], &line["span_id"]];
    assert_eq!(ids, ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"], "{line}");
    assert_eq!([&line["status_code"], &line["upstream_status_code"]], [200, 200], "{line}");
    for time in [
        "duration_seconds",
        "upstream_connect_seconds",
        "upstream_header_seconds",
        "upstream_response_seconds",
    ] {
        assert!(line[time].as_f64().is_some_and(|seconds| seconds < 30.0), "{time}: {line}");
    }
    assert_eq!(line["upstream"], format!("127.0.0.1:{}", upstream.port()), "{line}");
    assert!(!line.to_string().contains("a@b.c"), "the query is told: {line}");
}

#[tokio::test]
async fn a_request_that_the_gateway_did_not_answer_has_the_callers_trace() {
    if Nginx::is_not_run() {
        return;
    }
    let nobody = Port::reserve();
    let nginx = Nginx::start(NginxOptions::in_front_of(nobody.number())).await;

    let answer =
        ask(http().post(nginx.url(PROCESS)).header("traceparent", SAMPLED).body("{}")).await;

    let line = line(&nginx, PROCESS).await;
    assert_eq!([&line["trace_id"], &line["status_code"]], [&json!(TRACE), &json!(502)], "{line}");
    assert_eq!(line["upstream_header_seconds"], Value::Null, "{line}");
    // The id in the document finds the line.
    assert_eq!(line["request_id"], answer.json()["request_id"], "{line}");
}

#[tokio::test]
async fn no_request_makes_a_line_that_is_not_json() {
    if Nginx::is_not_run() {
        return;
    }
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    let nginx = Nginx::start(NginxOptions::in_front_of(upstream.port())).await;

    get(&nginx, "/api/v1/users").await;
    post(&nginx, PROCESS, "{}").await;
    ask(http().get(nginx.url("/api/%22%0A%5C%00")).header("user-agent", "a \"quoted\" \\ agent"))
        .await;
    raw(&nginx, b"\x00\x01\x16\x03\"\r\n\r\n").await;
    raw(&nginx, b"GET / HTTP/1.1\r\n\r\n").await;
    raw(&nginx, b"GET /\xff\xfe\" HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    line(&nginx, PROCESS).await;

    get(&nginx, "/the-last").await;
    line(&nginx, "/the-last").await;
    let lines = nginx.process().lines();
    let log: Vec<_> = lines.iter().filter(|line| !line.is_stderr).collect();
    assert!(log.len() >= 7, "{log:?}");
    for line in log {
        let parsed: Result<Value, _> = serde_json::from_str(&line.text);
        assert!(parsed.is_ok_and(|line| line["message"] == "Request completed"), "{}", line.text);
    }
}
