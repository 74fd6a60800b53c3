//! What a browser gets: pages, and pages of other origins.

use reqwest::Method;
use serde_json::json;
use testbed::Upstream;

use crate::gateway::{Answer, Gateway, completed, send};

#[tokio::test]
async fn pages_are_served_and_neither_traced_nor_counted() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    for (path, media_type, text) in [
        ("/", "text/html; charset=utf-8", "<title>tracechain</title>"),
        ("/index", "text/html; charset=utf-8", "<title>tracechain</title>"),
        ("/view_metrics", "text/html; charset=utf-8", "tracechain_requests_processed_total"),
        ("/openapi.json", "application/json", "\"openapi\":\"3.1.0\""),
        ("/index.html", "text/html; charset=utf-8", "<title>tracechain</title>"),
        ("/page/front.js", "text/javascript; charset=utf-8", "import "),
        ("/view_metrics.js", "text/javascript; charset=utf-8", "/view_metrics"),
        ("/style.css", "text/css; charset=utf-8", "color-scheme"),
        ("/icon.svg", "image/svg+xml", "<svg "),
        ("/settings.json", "application/json", "\"shown_by\""),
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

/// The files that a page's markup or its modules name.
fn named_in(text: &str) -> Vec<String> {
    let quoted = text.split(['"', '\'']).filter(|part| !part.contains(char::is_whitespace));
    let named = quoted.filter(|part| [".js", ".css", ".svg"].iter().any(|end| part.ends_with(end)));
    named.map(|part| part.replace("./", "/page/")).collect()
}

#[tokio::test]
async fn everything_that_the_page_names_is_served_and_nothing_of_it_is_inline() {
    let gateway = Gateway::with("http://127.0.0.1:9", &[]).await;
    let mut asked = vec!["/".to_owned()];
    let mut at = 0;
    while let Some(path) = asked.get(at).cloned() {
        let file = gateway.get(&path).await;
        assert_eq!(file.status, 200, "{path}");
        assert!(!file.text.contains("http://") || path.ends_with(".svg"), "{path}: another host");
        for further in named_in(&file.text) {
            if !asked.contains(&further) {
                asked.push(further);
            }
        }
        at += 1;
    }
    assert!(asked.len() > 10, "{asked:?}");
    for path in ["/", "/view_metrics"] {
        let page = gateway.get(path).await.text;
        assert!(
            !page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick")
        );
        let inline = page.split("<script").skip(1).any(|script| !script.contains(" src=\"/"));
        assert!(!inline, "{path}");
    }
}

#[tokio::test]
async fn a_page_may_talk_to_its_own_host_alone() {
    let given = [("VIEWER_PORT", "13000"), ("VIEWER_OTLP_HTTP_PORT", "14318")];
    let gateway = Gateway::with("http://127.0.0.1:9", &given).await;
    let connect = |page: &Answer| {
        let policy = page.header("content-security-policy").unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        let mut directives = policy.split("; ").map(str::to_owned);
        directives.find(|directive| directive.starts_with("connect-src")).unwrap()
    };
    let front = gateway.get("/").await;
    assert_eq!(connect(&front), "connect-src 'self' 127.0.0.1:13000 127.0.0.1:14318");
    assert_eq!(connect(&gateway.get("/view_metrics").await), "connect-src 'self'");
    let elsewhere = |host: &str| gateway.request(Method::GET, "/").header("host", host);
    assert_eq!(connect(&send(elsewhere("edge.example;script-src")).await), "connect-src 'self'");
    assert_eq!(send(elsewhere("edge.example;script-src *")).await.status, 400);
    let settings = gateway.get("/settings.json").await.json();
    assert_eq!(
        settings,
        json!({
            "peer_service": "gateway", "shown_by": ["viewer", "grafana"], "shown_on_port": 13000,
            "otlp_port": 14318, "lab": false
        })
    );
}

#[tokio::test]
async fn the_page_of_metrics_says_where_its_values_come_from() {
    for (exporter, said) in [
        ("prometheus", "is <code>prometheus</code>: Prometheus reads the same at"),
        ("otlp", "is <code>otlp</code>: they are sent by OTLP every 60 s."),
        ("prometheus,console", "is <code>prometheus,console</code>: Prometheus reads the same at"),
        ("none", "Nobody else gets them: <code>OTEL_METRICS_EXPORTER</code> is <code>none</code>."),
    ] {
        let gateway =
            Gateway::with("http://127.0.0.1:9", &[("OTEL_METRICS_EXPORTER", exporter)]).await;
        send(gateway.process()).await;
        let page = gateway.get("/view_metrics").await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains(said), "{exporter}: {}", page.text);
        assert!(page.text.contains("endpoint=/api/v1/process, method=POST, status_code=502"));
    }
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
