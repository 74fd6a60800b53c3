//! Answers of all kinds, and none: how each is told.

use std::{net::TcpStream, time::Duration};

use loadgen::{load, outcome::NoAnswer};
use serde_json::json;
use testbed::{Reply, Upstream, until};

use crate::running::{Options, run, run_against, run_with};

const FEW: &str = "--closed --connections 2 --requests 10";

#[tokio::test]
async fn an_answer_that_nobody_reads_is_counted_only() {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({"code": "x"}))).await;

    let ran = run(&upstream.url(), FEW).await;

    assert_eq!(ran.answers().len(), 10);
    for answer in ran.answers() {
        assert_eq!((answer.status, answer.expected, answer.bytes), (200, true, 12));
        assert_eq!(answer.said, None);
    }
}

#[tokio::test]
async fn an_answer_is_read_when_somebody_reads_or_its_status_is_unexpected() {
    let upstream = Upstream::start(|_| Reply::json(409, &json!({"code": "taken"}))).await;
    let reads = Options { reads: true, expected: vec![200, 409], ..Options::default() };

    for (options, expected) in [(Options::default(), false), (reads, true)] {
        let ran = run_with(&upstream.url(), FEW, options).await;
        assert_eq!(ran.answers().len(), 10);
        for answer in ran.answers() {
            assert_eq!((answer.status, answer.expected), (409, expected));
            let code = answer.said.as_ref().and_then(|said| said.code.as_deref());
            assert_eq!(code, Some("taken"));
        }
    }
}

#[tokio::test]
async fn a_body_beyond_reading_is_counted_and_says_nothing() {
    let body = format!(r#"{{"code":"x","filler":"{}"}}"#, "y".repeat(1 << 20));
    let length = body.len() as u64;
    let upstream =
        Upstream::start(move |_| Reply::body(200, "application/json", body.clone())).await;

    let reads = Options { reads: true, ..Options::default() };
    let ran = run_with(&upstream.url(), FEW, reads).await;

    for answer in ran.answers() {
        assert_eq!(answer.bytes, length);
        assert_eq!(answer.said.as_deref(), Some(&loadgen::outcome::Said::default()));
    }
    assert_eq!(ran.answers().len(), 10);
}

#[tokio::test]
async fn without_spans_a_request_carries_no_trace_context_but_all_that_http_wants() {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;

    let ran = run(&upstream.url(), "--rate 100 --requests 3").await;

    let seen = upstream.requests();
    assert_eq!(seen.len(), 3);
    assert!(ran.outcomes.iter().all(|outcome| outcome.sent.root.is_none()));
    for request in seen {
        assert_eq!(request.header("traceparent"), None);
        assert_eq!(request.header("host"), Some(format!("127.0.0.1:{}", upstream.port()).as_str()));
        assert_eq!(request.header("content-length"), Some("2"));
        assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("loadgen/")));
        assert!(request.path.ends_with("?secret=1") && request.body == "{}");
    }
}

#[tokio::test]
async fn a_server_that_closes_after_each_answer_gets_a_connection_for_each() {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({})).header("connection", "close"));
    let upstream = upstream.await;

    let ran = run(&upstream.url(), FEW).await;

    assert_eq!(ran.answers().len(), 10);
    assert_eq!(ran.live.connections(), 10);
}

#[tokio::test]
async fn a_connection_that_was_closed_between_requests_is_replaced_in_silence() {
    let whole = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let upstream = Upstream::start(move |_| Reply::Raw(whole.into())).await;

    let ran = run(&upstream.url(), "--rate 5 --requests 5").await;

    let bytes: Vec<_> = ran.answers().iter().map(|answer| answer.bytes).collect();
    assert_eq!(bytes, [5; 5]);
    assert_eq!((ran.live.connections(), upstream.requests().len()), (5, 5));
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_is_none_is_broken_and_its_request_is_never_repeated() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
    for reply in [Reply::Raw(half.into()), Reply::Raw("garbage\r\n\r\n".into()), Reply::Close] {
        let told = format!("{reply:?}");
        let upstream = Upstream::start(move |_| reply.clone()).await;

        let ran = run(&upstream.url(), FEW).await;

        assert_eq!((ran.outcomes.len(), ran.failed(NoAnswer::Broken)), (10, 10), "{told}");
        assert_eq!(upstream.requests().len(), 10, "{told}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_timeout_and_its_connection_is_not_used_again() {
    let upstream = Upstream::start(|_| Reply::Hang).await;

    let ran = run(&upstream.url(), "--rate 20 --requests 4 --timeout 300ms").await;

    assert_eq!((ran.outcomes.len(), ran.failed(NoAnswer::Timeout)), (4, 4));
    for outcome in &ran.outcomes {
        assert!(outcome.latency >= Duration::from_millis(300), "{outcome:?}");
    }
    assert_eq!(ran.live.connections(), 4);
}

#[tokio::test]
async fn a_target_that_goes_away_is_told_as_no_connection() {
    let upstream = Upstream::start(|_| Reply::Hang).await;
    let (url, port) = (upstream.url(), upstream.port());
    let target = load::reach(&url.parse().expect("a URL")).await.expect("it is there");
    drop(upstream);
    let gone = async || TcpStream::connect(("127.0.0.1", port)).is_err().then_some(());
    until(Duration::from_secs(10), gone).await.expect("the port is closed");

    let ran = run_against(target, "--rate 100 --requests 5", Options::default()).await;

    assert_eq!((ran.outcomes.len(), ran.failed(NoAnswer::Connect)), (5, 5));
}

#[tokio::test]
async fn a_target_that_is_not_there_is_one_sentence_before_any_load() {
    let port = testbed::Port::reserve();
    let url = format!("http://127.0.0.1:{}", port.number());

    let reached = load::reach(&url.parse().expect("a URL")).await;

    let error = reached.err().expect("nobody listens").to_string();
    assert!(error.starts_with(&format!("the target {url} cannot be reached (")), "{error}");
    assert!(error.ends_with("start it, or name another with --target"), "{error}");
}
