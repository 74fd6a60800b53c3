//! Search, service graph, the page and health.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;
use support::{BUY, READ, get, get_json, hex_id, of_service, send, span, start, two_traces};
use viewer::Viewer;

async fn search(viewer: &Viewer, parameters: &[(&str, &str)]) -> reqwest::Response {
    let url = reqwest::Url::parse_with_params(
        &format!("http://{}/api/search", viewer.addresses().query),
        parameters,
    )
    .unwrap();
    support::client().get(url).send().await.unwrap()
}

async fn found(viewer: &Viewer, parameters: &[(&str, &str)]) -> Vec<String> {
    let response = search(viewer, parameters).await;
    assert_eq!(response.status(), 200, "{parameters:?}");
    let answer: serde_json::Value = response.json().await.unwrap();
    answer["traces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trace| trace["traceID"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn queries_find_the_traces_with_matching_spans() {
    let viewer = two_traces().await;
    let (buy, read) = (hex_id(BUY), hex_id(READ));
    let table: [(&str, Vec<&str>); 16] = [
        ("{ }", vec![&read, &buy]),
        ("", vec![&read, &buy]),
        ("{ name = \"INSERT users\" }", vec![&buy]),
        ("{ resource.service.name = \"gateway\" }", vec![&read, &buy]),
        ("{ resource.service.name = \"gateway\" && kind = client }", vec![&buy]),
        ("{ status = error && .http.response.status_code >= 500 }", vec![&buy]),
        ("{ name =~ \"GET.*\" }", vec![&read]),
        ("{ span.http.route != \"/api/v1/process\" }", vec![]),
        ("{ duration > 1s }", vec![]),
        ("{(name=\"INSERT users\" || name=\"GET /api/v1/users\")}", vec![&read, &buy]),
        ("{(kind=client || kind=server) && status=error}", vec![&buy]),
        ("{traceDuration>11ms}", vec![&buy]),
        ("{trace:duration<=11ms && rootServiceName=\"gateway\"}", vec![&read]),
        ("{rootName=\"POST /api/v1/process\" && name=\"INSERT users\"}", vec![&buy]),
        ("{span.http.route != nil}", vec![&buy]),
        ("{ .peer.service = \"users-db\" && name = \"POST /process\" }", vec![]),
    ];
    for (query, expected) in table {
        assert_eq!(found(&viewer, &[("q", query)]).await, expected, "{query}");
    }
    assert_eq!(
        found(&viewer, &[("tags", "service.name=user-service name=\"INSERT users\"")]).await,
        std::slice::from_ref(&buy)
    );
    assert_eq!(found(&viewer, &[("minDuration", "11ms")]).await, std::slice::from_ref(&buy));
    assert_eq!(found(&viewer, &[("limit", "1")]).await, [read]);
    assert_eq!(found(&viewer, &[("start", "1700000001")]).await.len(), 0);
    assert_eq!(found(&viewer, &[("start", "1699999999"), ("end", "1700000001")]).await.len(), 2);
}

#[tokio::test]
async fn a_search_result_has_tempos_form() {
    let viewer = two_traces().await;
    let answer: serde_json::Value =
        search(&viewer, &[("q", "{ status = error }")]).await.json().await.unwrap();
    let set = json!({"matched": 1, "spans": [{
        "spanID": "0303030303030303", "name": "POST /process", "startTimeUnixNano": "1700000000003000000", "durationNanos": "10000000",
        "attributes": [{"key": "status", "value": {"stringValue": "error"}}],
    }]});
    let expected = json!({
        "traceID": hex_id(BUY), "rootServiceName": "gateway", "rootTraceName": "POST /api/v1/process",
        "startTimeUnixNano": "1700000000001000000", "durationMs": 13, "durationNanos": "13000000", "spanSet": set, "spanSets": [set],
        "serviceStats": {"gateway": {"spanCount": 2, "errorCount": 0}, "user-service": {"spanCount": 2, "errorCount": 1}},
    });
    assert_eq!(answer["traces"], json!([expected]));
    assert_eq!(answer["metrics"]["inspectedTraces"], 2);
}

#[tokio::test]
async fn a_query_that_cannot_be_parsed_is_400_and_says_where() {
    let viewer = start().await;
    for (parameters, part) in [
        ([("q", "{ name = }")], "line 1, col 10"),
        ([("q", "{ .a = 1 } | rate()")], "col 12"),
        ([("limit", "0")], "1 to 1000"),
        ([("limit", "many")], "limit"),
        ([("minDuration", "5")], "100ms"),
    ] {
        let response = search(&viewer, &parameters).await;
        assert_eq!(response.status(), 400, "{parameters:?}");
        let message = response.text().await.unwrap();
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn the_service_graph_has_the_calls_the_database_and_the_user() {
    let viewer = two_traces().await;
    let graph = get_json(&viewer, "/api/service-graph").await;
    let nodes = json!([
        {"id": "gateway", "kind": "service"}, {"id": "user", "kind": "user"},
        {"id": "user-service", "kind": "service"}, {"id": "users-db", "kind": "database"},
    ]);
    assert_eq!(graph["nodes"], nodes);
    let edge = |source: &str, target: &str, requests: u32, error_share: f64| {
        json!({
            "source": source, "target": target, "requests": requests, "requests_per_second": f64::from(requests),
            "error_share": error_share, "p50_ms": 10.0, "p95_ms": 10.0, "p99_ms": 10.0,
        })
    };
    let edges = json!([
        edge("gateway", "user-service", 1, 1.0),
        edge("user", "gateway", 2, 0.0),
        edge("user-service", "users-db", 1, 0.0),
    ]);
    assert_eq!(graph["edges"], edges);
    // The spans are of 2023, so none is of the last minute.
    assert_eq!(get_json(&viewer, "/api/service-graph?seconds=60").await["edges"], json!([]));
}

#[tokio::test]
async fn an_internal_span_between_caller_and_server_breaks_the_edge() {
    let viewer = start().await;
    let spans =
        vec![span(BUY, 1, 0, SpanKind::Client, "a"), span(BUY, 2, 1, SpanKind::Internal, "b")];
    let server = of_service("user-service", vec![span(BUY, 3, 2, SpanKind::Server, "c")]);
    send(&viewer, vec![of_service("gateway", spans), server]).await;
    assert_eq!(get_json(&viewer, "/api/service-graph").await["edges"], json!([]));
}

#[tokio::test]
async fn readiness_health_and_the_store_are_told() {
    let viewer = two_traces().await;
    assert_eq!(get(&viewer, "/api/echo").await.text().await.unwrap(), "echo");
    assert_eq!(get(&viewer, "/ready").await.text().await.unwrap(), "ready");
    for path in ["/health", "/health/live", "/health/ready"] {
        assert_eq!(get_json(&viewer, path).await["status"], "healthy");
    }
    let store = get_json(&viewer, "/api/store").await;
    assert_eq!(
        (&store["spans_stored"], &store["traces_held"], &store["budget_bytes"]),
        (&json!(5), &json!(2), &json!(67_108_864))
    );
}
