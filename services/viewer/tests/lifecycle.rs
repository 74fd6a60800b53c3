//! Start and stop.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::{
    collector::trace::v1::trace_service_client::TraceServiceClient, trace::v1::span::SpanKind,
};
use prost::Message;
use support::{TRACE, of_service, request, span, start};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use viewer::{Config, Viewer, run};

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_it_and_its_variable() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let table = [
        (Config { port, ..Config::default() }, "VIEWER_PORT"),
        (Config { query_port: port, ..Config::default() }, "VIEWER_QUERY_PORT"),
        (Config { otlp_grpc_port: port, ..Config::default() }, "VIEWER_OTLP_GRPC_PORT"),
        (Config { otlp_http_port: port, ..Config::default() }, "VIEWER_OTLP_HTTP_PORT"),
    ];
    for (config, variable) in table {
        let error = Viewer::start(&config).await.unwrap_err().to_string();
        assert!(
            error.contains(&port.to_string()) && error.contains(&format!("set {variable} ")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn idle_connections_do_not_hold_the_stop() {
    let viewer = start().await;
    let addresses = viewer.addresses();
    let silent = TcpStream::connect(addresses.otlp_http).await.unwrap();
    let mut kept_alive = TcpStream::connect(addresses.query).await.unwrap();
    kept_alive.write_all(b"GET /ready HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(kept_alive.read(&mut [0; 512]).await.unwrap() > 0);
    let mut grpc =
        TraceServiceClient::connect(format!("http://{}", addresses.otlp_grpc)).await.unwrap();
    grpc.export(request(Vec::new())).await.unwrap();

    let began = Instant::now();
    viewer.stop().await;

    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    drop(silent);
}

#[tokio::test]
async fn a_body_under_way_is_still_taken_in() {
    let viewer = start().await;
    let store = viewer.store().clone();
    let body = request(vec![of_service("gateway", vec![span(TRACE, 1, 0, SpanKind::Server, "a")])])
        .encode_to_vec();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut connection = TcpStream::connect(viewer.addresses().otlp_http).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body once the handler reads it, so the request is under way from here on.
    let mut answer = [0; 25];
    connection.read_exact(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 100 Continue"));

    let stopping = tokio::spawn(viewer.stop());
    connection.write_all(&body).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    stopping.await.unwrap();

    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(store.span_count(), 1);
}

#[tokio::test]
async fn run_ends_with_its_shutdown() {
    let (shutdown, asked) = oneshot::channel::<()>();
    let running = tokio::spawn(run(Config::default(), asked));
    shutdown.send(()).unwrap();
    running.await.unwrap().unwrap();
}

/// The beginning of HTTP/2's preface (RFC 9113, section 3.4), after which it could still be HTTP/1.
const PART_OF_A_PREFACE: &[u8] = b"PRI * HT";

#[tokio::test]
async fn connections_that_say_nothing_or_too_little_keep_no_exporter_out() {
    let viewer = start().await;
    let address = viewer.addresses().otlp_grpc;
    let mut silent = Vec::new();
    for number in 0..300 {
        let mut connection = TcpStream::connect(address).await.unwrap();
        if number % 10 > 0 {
            connection.write_all(PART_OF_A_PREFACE).await.unwrap();
        }
        silent.push(connection);
    }

    let mut exporter = TraceServiceClient::connect(format!("http://{address}")).await.unwrap();
    let spans = of_service("gateway", vec![span(TRACE, 1, 0, SpanKind::Server, "a")]);
    let taken = exporter.export(request(vec![spans]));

    tokio::time::timeout(Duration::from_secs(60), taken).await.unwrap().unwrap();
    assert_eq!(viewer.store().stats().spans_stored, 1);
}
