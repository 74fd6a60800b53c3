//! Answers that say nothing about a trace.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::{Duration, Instant},
};

use http::StatusCode;
use loadgen::verify::backend::{Found, LOOKUP_TIMEOUT, LookupError};
use serde_json::json;
use testbed::{Port, Reply, Upstream};

use crate::{
    backend::{spans, tempo},
    made,
};

fn protobuf(body: impl Into<bytes::Bytes>) -> Reply {
    Reply::body(200, "application/protobuf", body)
}

async fn error_of(reply: Reply) -> LookupError {
    let upstream = Upstream::start(move |_| reply.clone()).await;
    tempo(&upstream.url()).fetch(made::id(1)).await.unwrap_err()
}

#[tokio::test]
async fn a_look_up_asks_in_protobuf_with_an_unsampled_traceparent_of_its_own() {
    let upstream = Upstream::start(|_| protobuf([0x0a, 0, 0x12, 0].to_vec())).await;
    let backend = tempo(&upstream.url());
    for _ in 0..2 {
        assert_eq!(backend.fetch(made::id(1)).await, Ok(Found::Unknown));
    }
    let requests = upstream.requests();
    let traceparents = requests.iter().map(|request| request.header("traceparent").unwrap());
    let traceparents: Vec<_> = traceparents.collect();
    assert!(traceparents.iter().all(|it| it.starts_with("00-") && it.ends_with("-00")));
    assert_ne!(traceparents[0], traceparents[1]);
    assert_eq!(requests[0].path, format!("/api/v2/traces/{}", made::id(1)));
    assert_eq!(requests[0].header("accept"), Some("application/protobuf"));
}

#[tokio::test]
async fn a_span_that_was_delivered_twice_is_one_and_two_with_one_id_are_two() {
    let mut twice = made::trace(1);
    twice.extend(made::trace(1));
    let mut other = made::trace(1).remove(0);
    other.1.name = "another".to_owned();
    twice.push(other);
    let answer = made::tempo_answer(twice);
    let upstream = Upstream::start(move |_| protobuf(answer.clone())).await;
    let found = tempo(&upstream.url()).fetch(made::id(1)).await.unwrap();
    let names: Vec<_> = spans(found).into_iter().map(|span| span.name).collect();
    assert_eq!(names.len(), 6);
    assert_eq!(names.iter().filter(|name| *name == "another").count(), 1);
}

#[tokio::test]
async fn statuses_are_told_apart() {
    let empty = json!({});
    for (status, expected) in [(404, Found::Unknown), (410, Found::Evicted)] {
        let upstream = Upstream::start(move |_| Reply::json(status, &json!({}))).await;
        assert_eq!(tempo(&upstream.url()).fetch(made::id(1)).await, Ok(expected));
    }
    let busy = error_of(Reply::json(429, &empty).header("retry-after", "7")).await;
    let retry_after = Some(Duration::from_secs(7));
    assert_eq!(busy, LookupError::Status { status: StatusCode::TOO_MANY_REQUESTS, retry_after });
    assert!(busy.concerns_all());
    assert_eq!(busy.to_string(), "answered 429 Too Many Requests and asked for 7 s of rest");
    let down = error_of(Reply::json(503, &empty)).await;
    assert_eq!(down.to_string(), "answered 503 Service Unavailable");
    assert!(down.concerns_all());
    assert!(!error_of(Reply::json(401, &empty)).await.concerns_all());
}

#[tokio::test]
async fn part_of_a_trace_is_never_taken_for_the_trace() {
    let mut answer = made::tempo_answer(made::trace(1));
    answer.extend([0x18, 1, 0x22, 4]);
    answer.extend(b"busy");
    let error = error_of(protobuf(answer)).await;
    assert_eq!(error, LookupError::Partial(": busy".to_owned()));
}

#[tokio::test]
async fn garbage_is_told_from_a_trace() {
    let whole = made::tempo_answer(made::trace(1));
    let garbage = [
        Reply::body(200, "text/html", "<html></html>"),
        Reply::json(200, &json!({"trace": {}})),
        protobuf("<html></html>"),
        protobuf(vec![0xff; 100]),
        protobuf(whole[..whole.len() - 3].to_vec()),
        protobuf(made::tempo_answer(made::trace(2))),
    ];
    for reply in garbage {
        let error = error_of(reply.clone()).await;
        assert!(matches!(error, LookupError::Garbage(_)), "{reply:?}: {error}");
        assert!(!error.concerns_all());
    }
}

#[tokio::test]
async fn a_backend_that_is_not_there_or_breaks_off_is_unreachable() {
    let nobody = Port::reserve();
    let url = format!("http://127.0.0.1:{}", nobody.number());
    let error = tempo(&url).fetch(made::id(1)).await.unwrap_err();
    assert!(matches!(error, LookupError::Unreachable(_)), "{error}");
    assert!(matches!(tempo(&url).check().await, Err(LookupError::Unreachable(_))));
    let cut =
        "HTTP/1.1 200 OK\r\ncontent-type: application/protobuf\r\ncontent-length: 100\r\n\r\nx";
    for reply in [Reply::Close, Reply::Raw(cut.into())] {
        let error = error_of(reply).await;
        assert!(matches!(error, LookupError::Unreachable(_)), "{error}");
    }
}

#[tokio::test]
async fn a_slow_backend_is_given_up_after_five_seconds() {
    let started = Instant::now();
    assert_eq!(error_of(Reply::Hang).await, LookupError::TooSlow);
    let took = started.elapsed();
    assert!(took >= LOOKUP_TIMEOUT && took < LOOKUP_TIMEOUT * 2, "{took:?}");
}

/// A server that answers with a body without end, as fast as it is read.
fn endless() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/protobuf\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        while stream.write_all(&[0x0a; 65536]).is_ok() {}
    });
    url
}

#[tokio::test]
async fn a_body_without_end_is_read_up_to_its_bound() {
    let error = tempo(&endless()).fetch(made::id(1)).await.unwrap_err();
    assert_eq!(error, LookupError::Garbage("it is longer than 16 MiB".to_owned()));
}

#[tokio::test]
async fn another_server_than_a_backend_is_found_out_before_any_trace_is_asked_for() {
    for reply in [Reply::json(404, &json!({})), Reply::body(200, "text/html", "<html></html>")] {
        let upstream = Upstream::start(move |_| reply.clone()).await;
        let error = tempo(&upstream.url()).check().await.unwrap_err();
        assert!(error.to_string().contains("/api/echo is not that of Tempo's"), "{error}");
    }
}
