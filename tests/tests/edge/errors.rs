//! nginx's own errors: problem documents, as those of the services.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::{
    Chain, ChainOptions, Nginx, NginxOptions, Port, Reply, Service, Upstream, http, until,
};

use crate::asking::{
    Answer, DEADLINE, PROCESS, SAMPLED, TRACE, ask, get, in_front_of_a_server, post, raw,
    raw_answer,
};

const KEY: &str = "0190a0a0-0000-7000-8000-000000000001";

#[tokio::test]
async fn a_gateway_that_is_down_is_502_with_the_callers_trace_and_key() {
    if Nginx::is_not_run() {
        return;
    }
    let nobody = Port::reserve();
    let nginx = Nginx::start(NginxOptions::in_front_of(nobody.number())).await;
    let request = http().post(nginx.url(PROCESS)).header("traceparent", SAMPLED);

    let answer = ask(request.header("idempotency-key", format!("\"{KEY}\"")).body("{}")).await;

    let problem = answer.problem(502, "bad_gateway", "gateway");
    assert_eq!([&problem["trace_id"], &problem["request_id"]], [&json!(TRACE), &json!(KEY)]);
    get(&nginx, "/health/ready").await.problem(502, "bad_gateway", "gateway");
}

#[tokio::test]
async fn what_is_no_trace_id_and_no_key_stays_out_of_the_document() {
    if Nginx::is_not_run() {
        return;
    }
    let nobody = Port::reserve();
    let nginx = Nginx::start(NginxOptions::in_front_of(nobody.number())).await;
    let request = http().get(nginx.url("/api/v1/users")).header("traceparent", "\",\"code\":\"x");

    let answer = ask(request.header("idempotency-key", "\"},{\"")).await;

    let problem = answer.problem(502, "bad_gateway", "gateway");
    assert_eq!(problem["trace_id"], "");
}

#[tokio::test]
async fn a_gateway_that_does_not_answer_in_time_is_504() {
    if Nginx::is_not_run() {
        return;
    }
    let silent = Upstream::start(|_| Reply::Hang).await;
    let options = NginxOptions::in_front_of(silent.port()).set("NGINX_READ_TIMEOUT", "200ms");
    let nginx = Nginx::start(options).await;

    post(&nginx, PROCESS, "{}").await.problem(504, "timeout", "gateway");

    assert_eq!(silent.requests().len(), 1, "a request was sent again that may be worked on");
}

#[tokio::test]
async fn bodies_pass_up_to_128_kib_and_are_413_above() {
    if Nginx::is_not_run() {
        return;
    }
    let (nginx, upstream) = in_front_of_a_server().await;
    let limit = 128 * 1024;

    assert_eq!(post(&nginx, PROCESS, vec![b' '; limit]).await.status, 200);
    assert_eq!(upstream.requests().last().unwrap().body.len(), limit);
    post(&nginx, PROCESS, vec![b' '; limit + 1]).await.problem(413, "body_too_large", "nginx");
    let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", limit + 1, " ".repeat(limit + 1));
    let head = format!("POST {PROCESS} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n");
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}");
    raw_answer(&nginx, chunked.as_bytes()).await.problem(413, "body_too_large", "nginx");
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn the_services_own_problems_pass_as_they_came() {
    if Nginx::is_not_run() {
        return;
    }
    let chain = Chain::start(ChainOptions::sqlite()).await;
    let gateway = chain.url(Service::Gateway).rsplit(':').next().unwrap().parse().unwrap();
    let nginx = Nginx::start(NginxOptions::in_front_of(gateway)).await;

    get(&nginx, "/api/v1/nothing").await.problem(404, "not_found", "gateway");
    ask(http().put(nginx.url(PROCESS))).await.problem(405, "method_not_allowed", "gateway");
    let large = json!({"user_id": 1, "action": "a", "padding": "x".repeat(70_000)}).to_string();
    let request = http().post(nginx.url(PROCESS)).header("content-type", "application/json");
    ask(request.body(large)).await.problem(413, "body_too_large", "gateway");
    let invalid = ask(http().post(nginx.url(PROCESS)).json(&json!({"user_id": 0}))).await;
    assert!(invalid.problem(422, "invalid", "gateway")["errors"].is_array(), "{invalid:?}");
    assert_eq!(get(&nginx, "/health/ready").await.status, 200);
    assert_eq!(get(&nginx, "/openapi.json").await.json()["openapi"], "3.1.0");
    assert_eq!(get(&nginx, "/view_metrics").await.status, 200);
    assert_eq!(get(&nginx, "/do_task?seconds=0").await.status, 200);
}

#[tokio::test]
async fn metrics_are_refused_however_the_path_is_written() {
    if Nginx::is_not_run() {
        return;
    }
    let (nginx, upstream) = in_front_of_a_server().await;

    for path in ["/metrics", "//metrics", "/metrics/", "/api/../metrics", "/api/%2e%2e/metrics"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        raw_answer(&nginx, request.as_bytes()).await.problem(404, "not_found", "nginx");
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
}

#[tokio::test]
async fn unknown_paths_are_404_whatever_they_end_in() {
    if Nginx::is_not_run() {
        return;
    }
    let (nginx, upstream) = in_front_of_a_server().await;

    for path in ["/nothing", "/nothing.html", "/problem/400", "/api", "/healthy"] {
        get(&nginx, path).await.problem(404, "not_found", "nginx");
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
}

#[tokio::test]
async fn the_page_takes_no_other_method_than_get_and_head() {
    if Nginx::is_not_run() {
        return;
    }
    let (nginx, _upstream) = in_front_of_a_server().await;

    let answer = post(&nginx, "/", "{}").await;

    answer.problem(405, "method_not_allowed", "nginx");
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_a_problem_too() {
    if Nginx::is_not_run() {
        return;
    }
    let (nginx, _upstream) = in_front_of_a_server().await;
    let long = "a".repeat(17_000);
    let cases = [
        ("GARBAGE\r\n\r\n".to_owned(), 400, "bad_request"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400, "bad_request"),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n".to_owned(), 400, "bad_request"),
        (format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n"), 414, "uri_too_long"),
        (format!("GET / HTTP/1.1\r\nhost: a\r\nx: {long}\r\n\r\n"), 431, "head_too_large"),
        (
            format!("POST {PROCESS} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n"),
            501,
            "not_implemented",
        ),
    ];

    for (request, status, code) in cases {
        raw_answer(&nginx, request.as_bytes()).await.problem(status, code, "nginx");
    }
    let range = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nrange: bytes=999999-\r\n\r\n";
    let answer = raw_answer(&nginx, range.as_bytes()).await;
    answer.problem(416, "range_not_satisfiable", "nginx");
}

#[tokio::test]
async fn baggage_of_the_full_length_is_not_too_large() {
    if Nginx::is_not_run() {
        return;
    }
    let (nginx, upstream) = in_front_of_a_server().await;
    let baggage = format!("key={}", "a".repeat(8188));

    let answer =
        ask(http().get(nginx.url("/api/v1/users")).header("baggage", baggage.as_str())).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(upstream.requests().last().unwrap().header("baggage"), Some(baggage.as_str()));
}

#[tokio::test]
async fn a_client_that_stays_silent_is_closed_and_stands_in_the_log_as_408() {
    if Nginx::is_not_run() {
        return;
    }
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    let options = NginxOptions::in_front_of(upstream.port()).set("NGINX_CLIENT_TIMEOUT", "200ms");
    let nginx = Nginx::start(options).await;

    let half = format!("POST {PROCESS} HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf");
    assert_eq!(raw(&nginx, half.as_bytes()).await, "");

    let logged = nginx.process().wait_for_json(|line| line["path"] == PROCESS).await;
    assert_eq!(logged["status_code"], 408, "{logged}");
    assert!(upstream.requests().is_empty(), "half a request was passed on");
}

/// Some cannot be provoked from outside; each is still a document that says what its status says.
#[test]
fn every_problem_of_the_template_is_a_document_of_its_status() {
    let template = include_str!("../../../gateway/nginx.conf");
    let bodies: Vec<(u16, Value)> = template.lines().filter_map(document).collect();

    assert!(bodies.len() >= 15, "{} documents", bodies.len());
    for (status, body) in bodies {
        let answer = Answer {
            status,
            headers: [(
                "content-type".parse().unwrap(),
                "application/problem+json".parse().unwrap(),
            )]
            .into_iter()
            .collect(),
            text: body.to_string(),
        };
        let (code, service) = (body["code"].as_str().unwrap(), body["service"].as_str().unwrap());
        answer.problem(status, code, service);
        let used = format!("@{status};");
        let internal = format!("/problem/{status};");
        assert!(template.contains(&used) || template.contains(&internal), "{status} has no use");
    }
}

/// The status and the body of `return STATUS 'BODY';`, with ids in place of their variables.
fn document(line: &str) -> Option<(u16, Value)> {
    let (status, rest) = line.split_once("return ")?.1.split_once(" '")?;
    let body = rest.rsplit_once("';")?.0;
    let ids = format!("\"trace_id\":\"{TRACE}\",\"request_id\":\"{KEY}\"");
    let body = body.replace("$ids", &ids);
    let body = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
    Some((status.parse().unwrap(), body))
}

#[tokio::test]
async fn a_gateway_that_comes_back_is_used_at_once() {
    if Nginx::is_not_run() {
        return;
    }
    let mut chain = Chain::start(ChainOptions::sqlite()).await;
    let gateway = chain.url(Service::Gateway).rsplit(':').next().unwrap().parse().unwrap();
    let nginx = Nginx::start(NginxOptions::in_front_of(gateway)).await;
    assert_eq!(get(&nginx, "/health/ready").await.status, 200);

    chain.stop(Service::Gateway).await;
    get(&nginx, "/health/ready").await.problem(502, "bad_gateway", "gateway");
    chain.restart(Service::Gateway).await;

    let back = until(DEADLINE.min(Duration::from_secs(2)), async || {
        (get(&nginx, "/health/ready").await.status == 200).then_some(())
    });
    assert!(back.await.is_some(), "nginx still holds the gateway for down");
}
