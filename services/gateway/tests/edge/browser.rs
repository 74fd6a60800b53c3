//! What a browser gets: pages, and pages of other origins.

use reqwest::Method;
use serde_json::json;
use testbed::Upstream;

use crate::gateway::{Gateway, completed, send};

#[tokio::test]
async fn pages_are_served_and_neither_traced_nor_counted() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    for (path, media_type, text) in [
        ("/", "text/html; charset=utf-8", "<title>tracechain</title>"),
        ("/index", "text/html; charset=utf-8", "<title>tracechain</title>"),
        ("/view_metrics", "text/html; charset=utf-8", "tracechain_requests_processed_total"),
        ("/openapi.json", "application/json", "\"openapi\":\"3.1.0\""),
    ] {
        let page = gateway.get(path).await;
        assert_eq!((page.status, page.header("content-type")), (200, Some(media_type)), "{path}");
        assert!(page.text.contains(text), "{path}: {}", page.text);
        assert_eq!(page.header("traceresponse"), None);
    }
    send(gateway.process()).await;
    let metrics = gateway.get("/metrics").await.text;
    let counted: Vec<_> =
        metrics.lines().filter(|line| line.starts_with("http_requests_total{")).collect();
    assert_eq!(counted.len(), 1, "only the request that was traced: {counted:?}");
    assert!(gateway.get("/view_metrics").await.text.contains("endpoint=/api/v1/process"));
}

#[tokio::test]
async fn another_origin_is_let_in_only_when_it_is_configured() {
    let upstream = Upstream::start(|_| completed()).await;
    let origin = "http://localhost:3000";
    let gateway = Gateway::with(
        &upstream.url(),
        &[("CORS_ORIGINS", "https://example.org,http://localhost:3000")],
    )
    .await;
    let preflight = gateway
        .request(Method::OPTIONS, "/api/v1/process")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,idempotency-key,traceparent");
    let answer = send(preflight).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some(origin)));
    assert!(answer.header("access-control-allow-headers").unwrap().contains("traceparent"));
    let answer = send(gateway.process().header("origin", origin)).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    assert!(answer.header("access-control-expose-headers").unwrap().contains("traceresponse"));
    let answer = send(gateway.process().header("origin", "http://evil.example")).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));

    send(gateway.request(Method::PUT, "/register")).await.problem(405, "method_not_allowed");

    let closed = Gateway::start(&upstream).await;
    let answer = send(closed.process().header("origin", origin)).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
    assert_eq!(answer.json()["status"], json!("completed"));
}
