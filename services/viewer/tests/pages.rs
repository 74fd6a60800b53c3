//! What a browser gets: the shell, its files, and the events of the store.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use reqwest::Response;
use serde_json::Value;
use support::{TRACE, client, get, hex_id, of_service, send, span, start};
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn every_page_is_the_shell_under_a_strict_policy() {
    let viewer = start().await;
    for path in [
        "/",
        "/charts",
        "/compare",
        "/logs",
        "/map",
        "/trace",
        &format!("/trace/{}", hex_id(TRACE)),
    ] {
        let response = get(&viewer, path).await;
        let headers = response.headers().clone();
        assert_eq!(
            (response.status().as_u16(), &headers["content-type"]),
            (200, &"text/html; charset=utf-8".parse().unwrap())
        );
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let page = response.text().await.unwrap();
        assert!(
            page.contains("/pages/main.js")
                && !page.contains("<style")
                && !page.contains(" style="),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_file_has_its_type_and_is_not_sent_twice() {
    let viewer = start().await;
    for (path, content_type) in [
        ("/pages/main.js", "text/javascript; charset=utf-8"),
        ("/pages/trace/model.js", "text/javascript; charset=utf-8"),
        ("/pages/style.css", "text/css; charset=utf-8"),
        ("/pages/icon.svg", "image/svg+xml"),
    ] {
        let response = get(&viewer, path).await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
            (200, content_type)
        );
        let tag = response.headers()["etag"].clone();
        let url = format!("http://{}{path}", viewer.addresses().pages);
        let again = client().get(url).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(again.status(), 304);
        assert!(again.bytes().await.unwrap().is_empty());
    }
    for path in ["/pages/nothing.js", "/pages/../Cargo.toml", "/pages/%2e%2e/Cargo.toml", "/pages/"]
    {
        assert_eq!(get(&viewer, path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn an_event_comes_at_once_and_another_when_something_has_come_in() {
    let viewer = start().await;
    let mut live = get(&viewer, "/api/live").await;
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    assert_eq!(event(&mut live).await["spans_stored"], 0);

    send(&viewer, vec![of_service("a", vec![span(TRACE, 1, 0, SpanKind::Server, "a")])]).await;

    assert_eq!(event(&mut live).await["spans_stored"], 1);
}

#[tokio::test]
async fn a_page_that_listens_does_not_hold_the_stop() {
    let viewer = start().await;
    let mut live = get(&viewer, "/api/live").await;
    event(&mut live).await;

    let began = Instant::now();
    viewer.stop().await;

    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(
        matches!(timeout(DEADLINE, live.chunk()).await, Ok(Ok(None) | Err(_))),
        "the stream has ended"
    );
}

/// The data of the next event.
async fn event(live: &mut Response) -> Value {
    let mut text = String::new();
    while !text.ends_with("\n\n") {
        let chunk = timeout(DEADLINE, live.chunk()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(text.contains("event: store") && text.contains("retry: 1000"), "{text}");
    serde_json::from_str(text.split("data: ").nth(1).unwrap().trim()).unwrap()
}
