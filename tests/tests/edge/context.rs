//! Trace context through an nginx that does not trace: untouched, bit for bit.

use serde_json::json;
use testbed::{Chain, ChainOptions, Nginx, NginxOptions, Service, Sink, http};

use crate::asking::{
    Answer, NOT_SAMPLED, PARENT, PROCESS, SAMPLED, TRACE, ask, in_front_of_a_server, values,
};

/// Of a purchase, without nginx's and the caller's.
const SPANS: usize = 14;

/// Every header that is not hop by hop, several of a name, and garbage: all of it is the gateway's to judge.
const HEADERS: [(&str, &str); 8] = [
    ("traceparent", SAMPLED),
    ("tracestate", "vendor=a1"),
    ("tracestate", "other=b2 , third=c3"),
    ("baggage", "tenant=blue;property"),
    ("baggage", "user.id=1"),
    ("x-deadline-ms", "1500"),
    ("x-request-id", "not-a-uuid"),
    ("idempotency-key", "\"order-4711\""),
];

#[tokio::test]
async fn a_callers_headers_arrive_as_they_were_sent() {
    if Nginx::is_not_run() {
        return;
    }
    let (nginx, upstream) = in_front_of_a_server().await;
    let mut request = http().post(nginx.url(PROCESS));
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }

    assert_eq!(ask(request.body("{}")).await.status, 200);

    let requests = upstream.requests();
    let received = requests.last().unwrap();
    for (name, _) in HEADERS {
        let sent = HEADERS.iter().filter(|header| header.0 == name).map(|header| header.1);
        assert_eq!(values(received, name), sent.collect::<Vec<_>>(), "{name}");
    }
    assert_eq!(values(received, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(values(received, "host"), [format!("127.0.0.1:{}", nginx.port())]);
}

#[tokio::test]
async fn every_form_of_traceparent_arrives_as_it_was_sent() {
    if Nginx::is_not_run() {
        return;
    }
    let (nginx, upstream) = in_front_of_a_server().await;
    let later = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes-later";
    let random = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03";
    let zero = "00-00000000000000000000000000000000-b7ad6b7169203331-01";

    for sent in [SAMPLED, NOT_SAMPLED, random, later, zero, "garbage", ""] {
        ask(http().get(nginx.url("/api/v1/users")).header("traceparent", sent)).await;

        assert_eq!(values(upstream.requests().last().unwrap(), "traceparent"), [sent]);
    }
}

#[tokio::test]
async fn nothing_is_added_to_a_request_without_trace_context() {
    if Nginx::is_not_run() {
        return;
    }
    let (nginx, upstream) = in_front_of_a_server().await;

    ask(http().get(nginx.url("/api/v1/users"))).await;

    let requests = upstream.requests();
    for name in ["traceparent", "tracestate", "baggage", "x-request-id", "x-deadline-ms"] {
        assert!(values(requests.last().unwrap(), name).is_empty(), "{name}");
    }
}

async fn purchase(nginx: &Nginx, traceparent: Option<&str>) -> Answer {
    let body = json!({"user_id": 1001, "action": "purchase"});
    let request = http().post(nginx.url(PROCESS)).json(&body);
    ask(match traceparent {
        Some(value) => request.header("traceparent", value),
        None => request,
    })
    .await
}

#[tokio::test]
async fn the_chain_behind_nginx_continues_the_callers_trace_and_begins_its_own_without_a_valid_one()
{
    if Nginx::is_not_run() {
        return;
    }
    let sink = Sink::start().await;
    let chain = Chain::start(ChainOptions::sqlite().otlp(sink.endpoint())).await;
    let gateway = chain.url(Service::Gateway).rsplit(':').next().unwrap().parse().unwrap();
    let nginx = Nginx::start(NginxOptions::in_front_of(gateway)).await;

    let continued = purchase(&nginx, Some(SAMPLED)).await;
    assert!(matches!(continued.status, 200 | 202), "{continued:?}");
    assert_eq!(continued.json()["trace_id"], TRACE, "{continued:?}");
    assert!(continued.header("traceresponse").unwrap().contains(TRACE), "{continued:?}");
    let spans = sink.wait_for(TRACE, SPANS).await;
    let entry = spans.iter().find(|span| span.parent == PARENT);
    assert_eq!(
        entry.map(|span| (span.service.as_str(), span.name.as_str())),
        Some(("gateway", "POST /api/v1/process")),
        "{spans:?}"
    );

    for invalid in [None, Some("garbage")] {
        let begun = purchase(&nginx, invalid).await;
        let trace_id = begun.json()["trace_id"].as_str().unwrap().to_owned();
        assert!(trace_id.len() == 32 && trace_id != TRACE, "{begun:?}");
        let spans = sink.wait_for(&trace_id, SPANS).await;
        let roots: Vec<_> = spans.iter().filter(|span| span.parent.is_empty()).collect();
        assert_eq!(roots.iter().map(|root| root.service.as_str()).collect::<Vec<_>>(), ["gateway"]);
    }
}
