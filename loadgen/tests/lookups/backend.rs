//! Reading a trace from the viewer, which speaks as Tempo does.

use std::net::Ipv4Addr;

use http::{HeaderValue, header};
use loadgen::{
    cli::{BackendName, HeaderArg},
    verify::{
        backend::{Backend, Found},
        span::{Span, Value},
    },
};
use opentelemetry::trace::{SpanId, SpanKind};
use testbed::Sink;
use viewer::{Config, Viewer};

use crate::made;

pub(crate) fn tempo(url: &str) -> Backend {
    Backend::new(BackendName::Tempo, &url.parse().unwrap(), &[]).unwrap()
}

pub(crate) fn spans(found: Found) -> Vec<Span> {
    let Found::Spans(mut spans) = found else { panic!("{found:?}") };
    spans.sort_by_key(|span| span.id.to_bytes());
    spans
}

/// What every backend must give of `made::failed`.
pub(crate) fn check_failed_trace(spans: &[Span]) {
    let ids: Vec<_> = spans.iter().map(|span| span.id).collect();
    assert_eq!(ids, (1..=5).map(SpanId::from).collect::<Vec<_>>());
    assert_eq!(spans[0].parent, None);
    let last = &spans[4];
    assert_eq!(last.parent, Some(SpanId::from(4)));
    assert_eq!((last.service.as_str(), last.name.as_str()), ("user-service", "SELECT users"));
    assert_eq!((last.kind.clone(), last.error), (SpanKind::Client, true));
    assert_eq!((spans[1].kind.clone(), spans[1].error), (SpanKind::Server, false));
    assert_eq!(last.end - last.start, 10_000_000);
    assert_eq!(last.attribute("http.response.status_code"), Some(&Value::Integer(200)));
    assert_eq!(last.attribute("peer.service"), Some(&Value::Text("users-db".to_owned())));
    assert_eq!(last.attribute("order.item.skus"), Some(&Value::Text(r#"["a","b"]"#.to_owned())));
}

#[tokio::test]
async fn a_trace_is_read_from_the_viewer_with_all_that_contracts_speak_of() {
    let sink = Sink::start().await;
    made::send(&sink.endpoint(), made::failed(1)).await;
    let backend = tempo(&sink.query_url());
    backend.check().await.unwrap();
    check_failed_trace(&spans(backend.fetch(made::id(1)).await.unwrap()));
    assert_eq!(backend.fetch(made::id(2)).await, Ok(Found::Unknown));
}

#[tokio::test]
async fn an_evicted_trace_is_told_from_an_unknown_one() {
    let config = Config { store_bytes: viewer::MIN_BUDGET_BYTES, ..Config::default() };
    let viewer = Viewer::start(&config).await.unwrap();
    let endpoint = format!("http://{}", viewer.addresses().otlp_http);
    made::send(&endpoint, made::trace(0)).await;
    let mut sent = 0;
    while viewer.store().stats().traces_evicted == 0 {
        sent += 1;
        made::send(&endpoint, (sent * 100..(sent + 1) * 100).flat_map(made::trace)).await;
    }
    let backend = tempo(&format!("http://{}", viewer.addresses().query));
    assert_eq!(backend.fetch(made::id(0)).await, Ok(Found::Evicted));
    assert_eq!(backend.fetch(made::id(u64::MAX)).await, Ok(Found::Unknown));
}

#[tokio::test]
async fn a_guarded_backend_is_shown_what_it_wants_and_else_says_before_any_look_up_that_it_wants_it()
 {
    let config = Config {
        host: Ipv4Addr::UNSPECIFIED.into(),
        api_token: Some(shared::config::token("s3cret").unwrap()),
        ..Config::default()
    };
    let viewer = Viewer::start(&config).await.unwrap();
    let url = format!("http://127.0.0.1:{}", viewer.addresses().query.port());
    let endpoint = format!("http://127.0.0.1:{}", viewer.addresses().otlp_http.port());
    made::send(&endpoint, made::failed(1)).await;

    let error = tempo(&url).check().await.unwrap_err().to_string();
    assert_eq!(error, "answered 401 Unauthorized; show what it wants to see by --traces-header");

    let value = HeaderValue::from_static("Bearer s3cret");
    let token = HeaderArg { name: header::AUTHORIZATION, value };
    let backend = Backend::new(BackendName::Tempo, &url.parse().unwrap(), &[token]).unwrap();
    backend.check().await.unwrap();
    check_failed_trace(&spans(backend.fetch(made::id(1)).await.unwrap()));
}
