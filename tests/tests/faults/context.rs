//! `drop_context`: the call goes out without trace context, and the next hop begins a trace of its own.

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Received, Scrape, SeenSpan, Service, Sink, http, tree};

use crate::one_service::User;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// In the order of the answer's `chain`.
const HOPS: [(Service, &str); 4] = [
    (Service::Gateway, "gateway"),
    (Service::User, "user-service"),
    (Service::Order, "order-service"),
    (Service::Audit, "audit-service"),
];

/// What each service adds to a trace, each line deeper than the one that called it.
const SPANS: [&[&str]; 4] = [
    &["SERVER POST /api/v1/process", "  CLIENT POST /process"],
    &["SERVER POST /process", "  CLIENT INSERT users", "  CLIENT POST /process"],
    &[
        "SERVER POST /process",
        "  INTERNAL price_order",
        "    CLIENT SELECT products",
        "  CLIENT INSERT orders",
        "  CLIENT INSERT order_items",
        "  CLIENT COMMIT",
        "  CLIENT POST /process",
    ],
    &["SERVER POST /process", "  CLIENT INSERT audit_logs"],
];

/// The trace of these hops, a caller's span above it or not.
fn expected(hops: std::ops::Range<usize>, parent: &str) -> String {
    let mut text = String::new();
    for (depth, hop) in hops.enumerate() {
        for (number, line) in SPANS[hop].iter().enumerate() {
            let (inner, name) = (line.len() - line.trim_start().len(), line.trim_start());
            let above = if depth + number == 0 { parent } else { "" };
            let indent = 4 * depth + inner;
            text += &format!("{:indent$}{} {name}{above}\n", "", HOPS[hop].1);
        }
    }
    text
}

async fn set(chain: &Chain, service: Service, faults: &str) {
    let request = http().put(format!("{}/faults", chain.url(service)));
    let answer = request.json(&json!({ "faults": faults })).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// The `chain` of a request within the caller's trace.
async fn process(chain: &Chain, traceparent: &str) -> Vec<Value> {
    let request = http()
        .post(format!("{}/api/v1/process", chain.url(Service::Gateway)))
        .header("traceparent", traceparent)
        .header("tracestate", "vendor=a1")
        .json(&json!({"user_id": 1, "action": "purchase"}));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.unwrap();
    body["chain"].as_array().unwrap().clone()
}

fn traces(chain: &[Value]) -> Vec<&str> {
    chain.iter().map(|entry| entry["trace_id"].as_str().unwrap()).collect()
}

async fn spans(sink: &Sink, trace_id: &str, expected: &str) -> Vec<SeenSpan> {
    let seen = sink.wait_for(trace_id, expected.lines().count()).await;
    assert_eq!(tree(&seen), expected, "trace {trace_id}");
    seen
}

#[tokio::test]
async fn the_next_hop_begins_a_new_trace_and_the_client_span_stays() {
    let sink = Sink::start().await;
    let options = ChainOptions::sqlite().otlp(sink.endpoint()).env_all("LAB", "true");
    let chain = Chain::start(options).await;
    for (hop, (service, _)) in HOPS.into_iter().enumerate().take(3) {
        set(&chain, service, "drop_context").await;
        let caller = uuid::Uuid::new_v4().simple().to_string();

        let entries = process(&chain, &format!("00-{caller}-00f067aa0ba902b7-01")).await;

        let traces = traces(&entries);
        let (before, after) = traces.split_at(hop + 1);
        assert!(before.iter().all(|trace| *trace == caller), "{service}: {entries:#?}");
        let new = after[0];
        assert!(
            new != caller && after.iter().all(|trace| *trace == new),
            "{service}: {entries:#?}"
        );
        let parent = " [its parent 00f067aa0ba902b7 is not here]";
        spans(&sink, &caller, &expected(0..hop + 1, parent)).await;
        let seen = spans(&sink, new, &expected(hop + 1..4, "")).await;
        assert!(seen.iter().all(|span| span.trace_state.is_empty()), "{service}");
        set(&chain, service, "").await;
    }
    let caller = uuid::Uuid::new_v4().simple().to_string();
    process(&chain, &format!("00-{caller}-00f067aa0ba902b7-01")).await;
    let parent = " [its parent 00f067aa0ba902b7 is not here]";
    spans(&sink, &caller, &expected(0..4, parent)).await;
}

#[tokio::test]
async fn with_telemetry_off_nothing_passes_either() {
    let chain = Chain::start(ChainOptions::sqlite().env_all("LAB", "true")).await;
    for (hop, (service, _)) in HOPS.into_iter().enumerate().take(3) {
        set(&chain, service, "drop_context").await;
        let entries = process(&chain, TRACEPARENT).await;
        let traces = traces(&entries);
        assert!(traces[..=hop].iter().all(|trace| *trace == TRACE), "{service}: {entries:#?}");
        let new = traces[hop + 1];
        assert!(
            new != TRACE && traces[hop + 1..].iter().all(|trace| *trace == new),
            "{service}: {entries:#?}"
        );
        set(&chain, service, "").await;
    }
    assert_eq!(traces(&process(&chain, TRACEPARENT).await), [TRACE; 4]);
}

#[tokio::test]
async fn a_share_breaks_exactly_as_many_traces_as_are_counted() {
    let options = ChainOptions::sqlite().env(Service::User, "FAULTS", "drop_context=0.5");
    let chain = Chain::start(options).await;
    let mut broken = 0.0;
    for _ in 0..60 {
        let entries = process(&chain, TRACEPARENT).await;
        let traces = traces(&entries);
        assert_eq!((traces[1], traces[2] == traces[3]), (TRACE, true), "{entries:#?}");
        broken += f64::from(u8::from(traces[2] != TRACE));
    }
    let counted = "tracechain_faults_injected_total{fault=\"drop_context\"}";
    assert_eq!(Scrape::of(&chain.url(Service::User)).await.value(counted), broken);
    assert!(broken > 0.0 && broken < 60.0, "{broken}");
}

fn context(received: &Received) -> Vec<&str> {
    let names = ["traceparent", "tracestate", "baggage"];
    names.into_iter().filter(|name| received.headers.contains_key(*name)).collect()
}

async fn nothing_of_the_context_goes_out(variables: &[(&str, &str)]) {
    let service = User::with(&[variables, &[("LAB", "true")]].concat()).await;
    let send = async || {
        let request =
            service.purchase().header("tracestate", "vendor=a1").header("baggage", "tenant=blue");
        assert_eq!(service.user.ask(request).await.status, 200);
        service.calls().pop().unwrap()
    };
    assert_eq!(context(&send().await), ["traceparent", "tracestate", "baggage"]);

    service.set("drop_context").await;
    let without = send().await;

    assert_eq!(context(&without), [""; 0]);
    assert!(without.headers.contains_key("x-request-id"), "{without:?}");
    assert!(without.headers.contains_key("x-deadline-ms"), "{without:?}");
}

#[tokio::test]
async fn no_header_of_the_context_goes_out() {
    nothing_of_the_context_goes_out(&[]).await;
}

#[tokio::test]
async fn no_header_is_passed_through_verbatim_with_the_sdk_disabled() {
    nothing_of_the_context_goes_out(&[("OTEL_SDK_DISABLED", "true")]).await;
}
