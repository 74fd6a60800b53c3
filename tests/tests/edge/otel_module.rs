//! The same edge with ngx_otel_module: nginx's own span between the caller's and the gateway's.

use serde_json::json;
use testbed::{Nginx, NginxOptions, Reply, SeenSpan, Sink, Upstream, http};

use crate::asking::{DEADLINE, NOT_SAMPLED, PARENT, PROCESS, SAMPLED, TRACE, ask, get, values};

/// nginx with the module, the server behind it and what takes its spans.
struct Edge {
    nginx: Nginx,
    upstream: Upstream,
    sink: Sink,
}

impl Edge {
    async fn start() -> Self {
        let sink = Sink::start().await;
        let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
        let otlp = sink.grpc_endpoint().replace("http://", "");
        let nginx = Nginx::start(NginxOptions::in_front_of(upstream.port()).traced(&otlp)).await;
        Self { nginx, upstream, sink }
    }

    /// Sends a request and gives the traceparent that the gateway got.
    async fn passed_on(&self, headers: &[(&str, &str)]) -> String {
        let mut request = http().post(self.nginx.url(PROCESS)).body("{}");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        assert_eq!(ask(request).await.status, 200);
        let requests = self.upstream.requests();
        let received = values(requests.last().unwrap(), "traceparent");
        assert_eq!(received.len(), 1, "{received:?}");
        received[0].to_owned()
    }

    async fn span(&self, trace_id: &str) -> SeenSpan {
        let spans = self.sink.wait_for(trace_id, 1).await;
        assert_eq!(spans.len(), 1, "{spans:?}");
        spans.into_iter().next().unwrap()
    }
}

fn parts(traceparent: &str) -> [&str; 4] {
    traceparent.split('-').collect::<Vec<_>>().try_into().unwrap()
}

#[tokio::test]
async fn nginx_finds_nothing_to_say_against_the_templates_with_the_module() {
    if Nginx::module_is_not_run() {
        return;
    }
    let options = NginxOptions::in_front_of(5000).traced("127.0.0.1:4317");

    let (is_good, text) = Nginx::check(options).await;

    assert!(is_good && !text.contains("[warn]"), "{text}");
}

#[tokio::test]
async fn a_sampled_caller_is_continued_by_nginxs_own_span() {
    if Nginx::module_is_not_run() {
        return;
    }
    let edge = Edge::start().await;

    let passed = edge
        .passed_on(&[
            ("traceparent", SAMPLED),
            ("tracestate", "vendor=a1"),
            ("baggage", "tenant=blue"),
        ])
        .await;

    let span = edge.span(TRACE).await;
    assert_eq!(parts(&passed), ["00", TRACE, span.id.as_str(), "01"]);
    assert_eq!((span.service.as_str(), span.parent.as_str()), ("nginx", PARENT));
    assert_eq!(span.name, "POST /api/v1/process");
    let told =
        ["url.template", "peer.service", "service.peer.name"].map(|key| span.text(key).unwrap());
    assert_eq!(told, ["/api/v1/process", "gateway", "gateway"]);
    assert!(span.text("nginx.upstream.response_time").is_some(), "{span:?}");
    let requests = edge.upstream.requests();
    assert_eq!(values(&requests[0], "tracestate"), ["vendor=a1"]);
    assert_eq!(values(&requests[0], "baggage"), ["tenant=blue"]);
    let line = edge.nginx.process().wait_for_json(|line| line["path"] == PROCESS).await;
    assert_eq!([&line["trace_id"], &line["span_id"]], [TRACE, &span.id], "{line}");
}

#[tokio::test]
async fn no_traceparent_and_none_that_is_one_begin_a_sampled_trace() {
    if Nginx::module_is_not_run() {
        return;
    }
    let edge = Edge::start().await;
    let zero = "00-00000000000000000000000000000000-b7ad6b7169203331-00";
    let later = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    for sent in [None, Some("garbage"), Some(later), Some(zero)] {
        let headers: Vec<_> = sent.iter().map(|value| ("traceparent", *value)).collect();
        let passed = edge.passed_on(&headers).await;

        let [_, trace_id, span_id, flags] = parts(&passed);
        assert!(trace_id != TRACE && flags == "01", "{sent:?}: {passed}");
        let span = edge.span(trace_id).await;
        // With an all-zero trace id the module begins a trace as it should, but keeps the caller's span as the parent.
        let parent = if sent == Some(zero) { PARENT } else { "" };
        assert_eq!((span.id.as_str(), span.parent.as_str()), (span_id, parent), "{sent:?}");
    }
}

#[tokio::test]
async fn a_caller_that_does_not_sample_is_passed_on_and_gets_no_span() {
    if Nginx::module_is_not_run() {
        return;
    }
    let edge = Edge::start().await;

    let passed = edge.passed_on(&[("traceparent", NOT_SAMPLED)]).await;
    let [_, trace_id, _, flags] = parts(&passed);
    assert_eq!((trace_id, flags), (TRACE, "00"), "{passed}");

    // Spans leave in the order of their ends: once that of a later request is there, an earlier one would be too.
    let later = edge.passed_on(&[]).await;
    edge.span(parts(&later)[1]).await;
    assert_eq!(edge.sink.spans(TRACE), []);
}

#[tokio::test]
async fn health_checks_and_the_page_are_not_traced() {
    if Nginx::module_is_not_run() {
        return;
    }
    let edge = Edge::start().await;

    for path in ["/health/ready", "/openapi.json", "/view_metrics", "/", "/nothing"] {
        ask(http().get(edge.nginx.url(path)).header("traceparent", SAMPLED)).await;
    }

    let later = edge.passed_on(&[]).await;
    edge.span(parts(&later)[1]).await;
    assert_eq!(edge.sink.spans(TRACE), []);
    // An id that belongs to no stored trace would only mislead.
    let unknown = get(&edge.nginx, "/nothing-else").await.problem(404, "not_found", "nginx");
    assert_eq!(unknown["trace_id"], "");
    let line = edge.nginx.process().wait_for_json(|line| line["path"] == "/nothing-else").await;
    assert_eq!([&line["trace_id"], &line["span_id"]], ["", ""], "{line}");
}

#[tokio::test]
async fn nginxs_own_error_names_the_trace_that_it_began() {
    if Nginx::module_is_not_run() {
        return;
    }
    let edge = Edge::start().await;
    edge.upstream.answer(|_| Reply::Close);

    let problem = get(&edge.nginx, "/api/v1/users").await.problem(502, "bad_gateway", "gateway");

    let trace_id = problem["trace_id"].as_str().unwrap();
    let span = edge.span(trace_id).await;
    assert_eq!((span.name.as_str(), span.failed), ("GET /api/v1/users", true));
    let line = edge.nginx.process().wait_for_json(|line| line["trace_id"] == trace_id).await;
    assert_eq!(line["status_code"], 502, "{line}");
}

#[tokio::test]
async fn a_span_has_few_names_whatever_is_sent() {
    if Nginx::module_is_not_run() {
        return;
    }
    let edge = Edge::start().await;

    let method = reqwest::Method::from_bytes(b"BREW").unwrap();
    ask(http().request(method, edge.nginx.url("/api/v1/orders/4711"))).await;

    let requests = edge.upstream.requests();
    let passed = values(requests.last().unwrap(), "traceparent")[0];
    assert_eq!(edge.span(parts(passed)[1]).await.name, "HTTP /api/v1/orders/{id}");
}

#[tokio::test]
async fn a_collector_that_is_away_costs_no_request() {
    if Nginx::module_is_not_run() {
        return;
    }
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    let nobody = testbed::Port::reserve();
    let otlp = format!("127.0.0.1:{}", nobody.number());
    let nginx = Nginx::start(NginxOptions::in_front_of(upstream.port()).traced(&otlp)).await;

    for _ in 0..50 {
        let answer = get(&nginx, "/api/v1/users");
        assert_eq!(tokio::time::timeout(DEADLINE, answer).await.unwrap().status, 200);
    }
}
