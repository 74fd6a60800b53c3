//! Answers of megabytes: how many are held for clients that do not read them, and what all others get meanwhile.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use support::{TRACE, get, get_protobuf, hex_id, of_service, send, span, start, text, with};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use viewer::Viewer;

/// More than the buffers of a connection take, in few spans.
const SPANS: u8 = 9;
const SPAN_BYTES: usize = 700 * 1024;
const LENGTH: usize = SPANS as usize * SPAN_BYTES;
/// Answers that are sent at once.
const PLACES: usize = 4;

async fn with_a_large_trace() -> Viewer {
    let viewer = start().await;
    for id in 1..=SPANS {
        let span = with(
            span(TRACE, id, 0, SpanKind::Internal, "large"),
            vec![text("filler", &"x".repeat(SPAN_BYTES))],
        );
        send(&viewer, vec![of_service("gateway", vec![span])]).await;
    }
    viewer
}

/// Asks for the large trace and reads no more than the status of the answer.
async fn ask_and_leave_unread(viewer: &Viewer) -> (TcpStream, String) {
    let mut connection = TcpStream::connect(viewer.addresses().query).await.unwrap();
    let head = format!(
        "GET /api/traces/{} HTTP/1.1\r\nHost: viewer\r\nAccept: application/protobuf\r\n\r\n",
        hex_id(TRACE)
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    connection.read_exact(&mut status).await.unwrap();
    (connection, String::from_utf8_lossy(&status).into_owned())
}

#[tokio::test]
async fn a_large_trace_comes_whole() {
    let viewer = with_a_large_trace().await;
    let answer = get_protobuf(&viewer, &format!("/api/traces/{}", hex_id(TRACE))).await;
    let length: usize = answer.headers()["content-length"].to_str().unwrap().parse().unwrap();
    assert!(length > LENGTH);
    assert_eq!(answer.bytes().await.unwrap().len(), length);
    assert_eq!(viewer.store().trace(viewer::TraceId(TRACE)).unwrap().spans().len(), 9);
}

#[tokio::test]
async fn large_answers_that_nobody_reads_are_few_and_keep_nobody_from_small_ones() {
    let viewer = with_a_large_trace().await;
    let small = [0xcd; 16];
    send(&viewer, vec![of_service("gateway", vec![span(small, 1, 0, SpanKind::Server, "small")])])
        .await;
    let mut unread = Vec::new();
    for _ in 0..PLACES {
        let (connection, status) = ask_and_leave_unread(&viewer).await;
        assert_eq!(status, "HTTP/1.1 200");
        unread.push(connection);
    }

    let one_more = get_protobuf(&viewer, &format!("/api/traces/{}", hex_id(TRACE))).await;
    assert_eq!(one_more.status(), 503);
    assert_eq!(one_more.headers()["retry-after"], "1");
    for path in [format!("/api/traces/{}", hex_id(small)), "/api/search".to_owned()] {
        assert_eq!(get(&viewer, &path).await.status(), 200, "{path}");
    }

    drop(unread);
    let read = get_protobuf(&viewer, &format!("/api/traces/{}", hex_id(TRACE))).await;
    assert_eq!(read.status(), 200);
    assert!(read.bytes().await.unwrap().len() > LENGTH);
}
