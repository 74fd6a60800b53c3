//! Heads that are too large, have too much, say one thing twice, or are none.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;

use crate::system::system;
use crate::wire::{PATIENCE, connect, exchange, get, statuses};

#[tokio::test]
async fn a_head_beyond_its_bounds_is_refused_with_a_reason() {
    let system = system().await;
    for port in system.all() {
        let many: String = (0..150).map(|number| format!("x-{number}: a\r\n")).collect();
        for more in [format!("x-large: {}\r\n", "a".repeat(40 * 1024)), many] {
            let answers = exchange(port, get("/health/live", &more)).await;
            assert_eq!(statuses(&answers), [431], "{port}");
            answers[0].problem(431, "head_too_large");
        }
        let long = get(&format!("/{}", "a".repeat(100 * 1024)), "");
        let answers = exchange(port, long).await;
        assert!(matches!(statuses(&answers)[..], [414 | 431]), "{port}: {answers:?}");
        assert_eq!(answers[0].headers["content-type"], "application/problem+json");
        // The largest that is taken.
        let answers =
            exchange(port, get("/nowhere", &format!("x-large: {}\r\n", "a".repeat(30 * 1024))))
                .await;
        assert_eq!(statuses(&answers), [404], "{port}");
    }
    system.is_well().await;
}

#[tokio::test]
async fn what_is_no_request_is_a_400_with_a_reason() {
    let system = system().await;
    for port in system.all() {
        for line in [
            "garbage",
            "GET",
            "GET /",
            "GET / HTTP/3.0",
            "GET / http/1.1",
            "GET  / HTTP/1.1",
            "\u{1}\u{2}\u{3}",
            "GET /a b HTTP/1.1",
        ] {
            let answers = exchange(port, format!("{line}\r\nhost: test\r\n\r\n")).await;
            assert_eq!(statuses(&answers), [400], "{port} {line:?}");
            answers[0].problem(400, "bad_request");
            assert_eq!(answers[0].headers["x-content-type-options"], "nosniff");
        }
    }
    system.is_well().await;
}

#[tokio::test]
async fn exactly_one_host_is_named() {
    let system = system().await;
    for port in system.all() {
        for hosts in [
            "",
            "host: a\r\nhost: b\r\n",
            "host: a\r\nhost: a\r\n",
            "host:\r\n",
            "host: a b\r\n",
            "host: a/b\r\n",
        ] {
            let request = format!("GET /health/live HTTP/1.1\r\nconnection: close\r\n{hosts}\r\n");
            let answers = exchange(port, request).await;
            assert_eq!(statuses(&answers), [400], "{port} {hosts:?}");
            answers[0].problem(400, "bad_request");
        }
        let answers = exchange(port, "GET /nowhere HTTP/1.0\r\n\r\n").await;
        assert_eq!(statuses(&answers), [404], "{port}: HTTP/1.0 knows no host");
    }
    system.is_well().await;
}

#[tokio::test]
async fn a_header_that_comes_twice_is_no_server_error() {
    let system = system().await;
    let twice = [
        "content-type: application/json\r\n",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n",
        "x-deadline-ms: 5000\r\n",
        "idempotency-key: a\r\n",
        "x-request-id: a\r\n",
        "authorization: Bearer a\r\n",
        "baggage: a=1\r\n",
        "expect: 100-continue\r\n",
        "connection: close\r\n",
    ];
    let body = r#"{"user_id": 1001, "action": "oddity"}"#;
    for (port, path) in system.services() {
        for header in twice {
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\n{header}{header}content-length: {}\r\n\r\n{body}",
                body.len()
            );
            let answers = exchange(port, request).await;
            let last = answers.last().unwrap().status;
            // Behind the edge the body lacks what the hops add.
            assert!(matches!(last, 200 | 202 | 400 | 409 | 422), "{port} {header:?}: {answers:?}");
        }
    }
    system.is_well().await;
}

#[tokio::test]
async fn methods_and_targets_that_nobody_has_are_refused() {
    let system = system().await;
    for port in system.all() {
        for line in [
            "BREW /health/live HTTP/1.1",
            "get /health/live HTTP/1.1",
            "TRACE /health/live HTTP/1.1",
            "CONNECT test:80 HTTP/1.1",
            "OPTIONS * HTTP/1.1",
            "DELETE / HTTP/1.1",
            "PUT /health/live HTTP/1.1",
        ] {
            let answers = exchange(
                port,
                format!("{line}\r\nhost: test\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
            )
            .await;
            // The viewer's ports answer `OPTIONS` to any origin; what is let in stands in the headers.
            let is_options = line.starts_with("OPTIONS") && statuses(&answers) == [200];
            assert!(
                is_options || matches!(statuses(&answers)[..], [400 | 404 | 405]),
                "{port} {line}: {answers:?}"
            );
        }
        let absolute = exchange(port, "GET http://elsewhere.example/nowhere HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await;
        assert_eq!(statuses(&absolute), [404], "{port}");
    }
    system.is_well().await;
}

#[tokio::test]
async fn a_head_that_trickles_is_given_up() {
    let system = system().await;
    let closed: JoinSet<()> = system.all().into_iter().map(trickling_is_given_up).collect();
    closed.join_all().await;
    system.is_well().await;
}

async fn trickling_is_given_up(port: u16) {
    let (mut reader, mut writer) = connect(port).await.into_split();
    let trickle = async move {
        let _ = writer.write_all(b"GET /health/live HTTP/1.1\r\nhost: test\r\nx-slow: ").await;
        let mut interval = tokio::time::interval(Duration::from_millis(100));
        while writer.write_all(b"a").await.is_ok() {
            interval.tick().await;
        }
    };
    let trickle = tokio::spawn(trickle);
    let mut answer = Vec::new();
    // An error is a reset, since bytes of ours were still on their way.
    let read = tokio::time::timeout(PATIENCE, reader.read_to_end(&mut answer)).await;
    trickle.abort();
    assert!(read.is_ok(), "{port} waits for ever");
    assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
}
