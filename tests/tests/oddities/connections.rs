//! Connections: several requests at once on one, none at all on many, and another protocol.

use std::time::Duration;

use testbed::{Program, Running, tracechain, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::system::{DEADLINE, System, system};
use crate::wire::{connect, exchange, get, post, statuses};

#[tokio::test]
async fn requests_in_a_row_are_answered_in_their_order() {
    let system = system().await;
    for port in system.all() {
        let one = "GET /health/live HTTP/1.1\r\nhost: test\r\n\r\n";
        let other = "GET /nowhere HTTP/1.1\r\nhost: test\r\n\r\n";
        let answers = exchange(port, format!("{one}{other}{one}{}", get("/nowhere", ""))).await;
        let live = answers[0].status;
        // The port for OTLP has no such route.
        assert!(matches!(live, 200 | 404), "{port}");
        assert_eq!(statuses(&answers), [live, 404, live, 404], "{port}");
    }
    let edge = system.port("EDGE_PORT");
    let body = r#"{"user_id": 1001, "action": "oddity"}"#;
    let kept = post("/api/v1/process", "", body).replace("connection: close\r\n", "");
    let answers = exchange(edge, format!("{kept}{kept}{}", post("/api/v1/process", "", "{"))).await;
    assert!(matches!(statuses(&answers)[..], [200 | 202, 200 | 202, 400]), "{answers:?}");
    let id = |at: usize| {
        serde_json::from_str::<serde_json::Value>(&answers[at].body).unwrap()["request_id"].clone()
    };
    assert_ne!(id(0), id(1), "each request is one of its own");
    system.is_well().await;
}

#[tokio::test]
async fn http_2_without_a_word_of_it_before_is_closed_and_holds_nobody() {
    let system = system().await;
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let preface = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &settings].concat();
    for port in system.all() {
        let mut stream = connect(port).await;
        stream.write_all(&preface).await.unwrap();
        let mut answer = Vec::new();
        let closed = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await;
        assert!(closed.is_ok(), "{port} hangs");
        assert!(!answer.starts_with(b"HTTP/1.1 5"), "{}", String::from_utf8_lossy(&answer));
    }
    // gRPC is HTTP/2; what is none there is closed too.
    let mut stream = connect(system.port("VIEWER_OTLP_GRPC_PORT")).await;
    stream.write_all(b"\x16\x03\x01\x00\xff garbage\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    assert!(tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await.is_ok());
    system.is_well().await;
}

#[tokio::test]
async fn an_upgrade_that_nobody_offers_is_passed_over() {
    let system = system().await;
    for port in system.all() {
        for upgrade in ["h2c", "websocket", "TLS/1.3"] {
            let more = format!("upgrade: {upgrade}\r\nhttp2-settings: AAMAAABk\r\n");
            let answers = exchange(port, get("/nowhere", &more)).await;
            assert_eq!(statuses(&answers), [404], "{port} {upgrade}");
        }
    }
    system.is_well().await;
}

/// Connections that the other gateway holds at once: few, so that a few silent ones take them all.
const GATEWAY_CONNECTIONS: usize = 64;

/// Files of one that has too few for its connections; a good part of them it needs for itself.
const GATEWAY_FILES: usize = 100;

/// A further gateway, which may hold so many connections and open so many files.
async fn another_gateway(system: &System, connections: usize, files: usize) -> Running {
    let script = format!("ulimit -n {files} && exec '{}' gateway", tracechain().display());
    let program = Program::new("/bin/sh")
        .arg("-c")
        .arg(script)
        .env("MAX_CONNECTIONS", connections.to_string())
        .env("REQUEST_TIMEOUT_MS", "60000")
        .env("NEXT_SERVICE_URL", format!("http://127.0.0.1:{}", system.port("USER_PORT")));
    Running::start("gateway", program).await
}

fn port(gateway: &Running) -> u16 {
    reqwest::Url::parse(&gateway.url("/")).unwrap().port().unwrap()
}

/// More connections than it takes, or has files for.
async fn silent(gateway: &Running) -> Vec<TcpStream> {
    let mut silent = Vec::new();
    for number in 0..5 * GATEWAY_CONNECTIONS {
        let mut stream = connect(port(gateway)).await;
        // Some have begun a head, which is as good as nothing.
        if number % 3 == 0 {
            drop(stream.write_all(b"GET / HT").await);
        }
        silent.push(stream);
    }
    silent
}

#[tokio::test]
async fn where_files_run_out_those_who_say_nothing_make_room() {
    let system = system().await;
    let gateway = another_gateway(system, 4096, GATEWAY_FILES).await;
    let silent = silent(&gateway).await;

    for _ in 0..3 {
        assert_eq!(statuses(&exchange(port(&gateway), get("/health/live", "")).await), [200]);
    }
    drop(silent);
}

#[tokio::test]
async fn clients_that_say_nothing_do_not_keep_out_those_that_do() {
    let system = system().await;
    let gateway = another_gateway(system, GATEWAY_CONNECTIONS, 1024).await;
    let mut silent = silent(&gateway).await;

    let body = r#"{"user_id": 1001, "action": "oddity"}"#;
    for _ in 0..3 {
        let answers = exchange(port(&gateway), post("/api/v1/process", "", body)).await;
        assert!(matches!(statuses(&answers)[..], [200 | 202]), "{answers:?}");
    }
    // All but as many as may be there have been told to go.
    let gone = until(DEADLINE, async || {
        let mut gone = 0;
        for stream in &mut silent {
            let mut byte = [0];
            let read = tokio::time::timeout(Duration::from_millis(1), stream.read(&mut byte)).await;
            gone += usize::from(matches!(read, Ok(Ok(0) | Err(_))));
        }
        (gone >= 4 * GATEWAY_CONNECTIONS).then_some(())
    });
    assert!(gone.await.is_some(), "the silent ones still hold the gateway");
    drop(silent);
    assert_eq!(gateway.get("/health").await.status, 200);
    system.is_well().await;
}
