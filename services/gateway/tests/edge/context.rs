//! What becomes of a caller's trace context at the edge.

use reqwest::Method;
use serde_json::json;
use testbed::Upstream;

use crate::gateway::{Gateway, calls, completed, send};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

#[tokio::test]
async fn a_callers_trace_is_continued_with_its_state_and_flags() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    let request = gateway.process().header("traceparent", format!("00-{TRACE}-{SPAN}-01"));
    let answer = send(request.header("tracestate", "vendor=1,other=2")).await;

    let (trace_id, server_span, flags) = answer.trace();
    assert_eq!((trace_id.as_str(), flags.as_str()), (TRACE, "01"));
    assert_eq!(answer.json()["trace_id"], TRACE);
    let spans = gateway.spans(TRACE, 2).await;
    let server = spans.iter().find(|span| span["kind"] == "Server").unwrap();
    assert_eq!(
        (server["span_id"].as_str(), server["parent_span_id"].as_str()),
        (Some(&*server_span), Some(SPAN))
    );
    let [sent] = calls(&upstream).try_into().unwrap();
    assert!(sent.header("traceparent").unwrap().starts_with(&format!("00-{TRACE}-")));
    assert_eq!(sent.header("tracestate"), Some("vendor=1,other=2"));
}

#[tokio::test]
async fn an_unsampled_trace_stays_unsampled_and_is_passed_on() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    let request = gateway.process().header("traceparent", format!("00-{TRACE}-{SPAN}-00"));
    let answer = send(request).await;
    assert_eq!((answer.trace().0.as_str(), answer.trace().2.as_str()), (TRACE, "00"));
    let sent = calls(&upstream)[0].header("traceparent").unwrap().to_owned();
    assert!(sent.starts_with(&format!("00-{TRACE}-")) && sent.ends_with("-00"), "{sent}");
}

#[tokio::test]
async fn garbage_begins_a_new_trace() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    let answer =
        send(gateway.process().header("traceparent", format!("00-{}-{SPAN}-01", "0".repeat(32))))
            .await;
    let (trace_id, _, flags) = answer.trace();
    assert!(trace_id != "0".repeat(32) && flags == "03", "{trace_id} {flags}");
}

#[tokio::test]
async fn an_edge_that_does_not_trust_begins_a_new_trace_and_drops_the_baggage() {
    let upstream = Upstream::start(|_| completed()).await;
    for variables in [
        &[("EDGE_TRUST", "restart")][..],
        &[("EDGE_TRUST", "restart"), ("OTEL_SDK_DISABLED", "true")],
    ] {
        let gateway = Gateway::with(&upstream.url(), variables).await;
        let request = gateway.process().header("traceparent", format!("00-{TRACE}-{SPAN}-01"));
        let answer =
            send(request.header("tracestate", "vendor=1").header("baggage", "tenant=blue")).await;

        assert_eq!(answer.status, 200);
        let sent = calls(&upstream).pop().unwrap();
        let traceparent = sent.header("traceparent").unwrap();
        assert!(
            !traceparent.contains(TRACE) && !traceparent.contains(SPAN),
            "{variables:?}: {traceparent}"
        );
        assert_eq!(sent.header("tracestate"), None, "{variables:?}");
        assert_eq!(sent.header("baggage"), Some("user.id=1001"), "{variables:?}");
    }
}

#[tokio::test]
async fn with_telemetry_off_a_callers_context_passes_verbatim() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::with(&upstream.url(), &[("OTEL_SDK_DISABLED", "true")]).await;
    let traceparent = format!("00-{TRACE}-{SPAN}-01");
    let request =
        gateway.process().header("traceparent", &traceparent).header("tracestate", "vendor=1");
    assert_eq!(send(request).await.status, 200);
    let [sent] = calls(&upstream).try_into().unwrap();
    assert_eq!(
        (sent.header("traceparent"), sent.header("tracestate")),
        (Some(&*traceparent), Some("vendor=1"))
    );
}

#[tokio::test]
async fn a_callers_user_id_does_not_go_on_where_the_gateway_knows_none() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    let body = json!({"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org"});
    let order = format!("/api/v1/orders/{}", uuid::Uuid::nil());
    let asked = || {
        [
            gateway.post("/api/v1/register", &body),
            gateway.request(Method::GET, "/api/v1/users"),
            gateway.request(Method::GET, "/api/v1/audit"),
            gateway.request(Method::PATCH, &order).json(&json!({"status": "completed"})),
            gateway.request(Method::DELETE, &order),
        ]
    };
    for request in asked() {
        send(request.header("baggage", "user.id=evil;p=q,tenant=blue")).await;
    }
    for request in asked() {
        send(request.header("baggage", "tenant=blue")).await;
    }
    let sent = calls(&upstream);
    let baggage = |call: &testbed::Received| call.header("baggage").unwrap().to_owned();
    let (claimed, plain) = sent.split_at(5);
    assert!(claimed.iter().map(baggage).all(|sent| sent == "tenant=blue,user.id="), "{claimed:?}");
    assert!(plain.iter().map(baggage).all(|sent| sent == "tenant=blue"), "{plain:?}");
    assert_eq!(plain.len(), 5);
}
