//! Reading a trace from a real Jaeger.

use std::time::Duration;

use loadgen::{
    cli::BackendName,
    verify::backend::{Backend, Found},
};
use testbed::Jaeger;

use crate::{
    backend::{check_failed_trace, spans},
    made,
};

pub(crate) fn backend(url: &str) -> Backend {
    Backend::new(BackendName::Jaeger, &url.parse().unwrap(), &[]).unwrap()
}

#[tokio::test]
async fn a_trace_is_read_from_jaeger_with_all_that_contracts_speak_of() {
    if Jaeger::is_not_run() {
        return;
    }
    let jaeger = Jaeger::start().await;
    let backend = backend(&jaeger.query_url());
    backend.check().await.unwrap();
    assert_eq!(backend.fetch(made::id(1)).await, Ok(Found::Unknown));
    // In two batches, which Jaeger keeps and gives back as such.
    let mut trace = made::failed(1);
    let late = trace.split_off(2);
    made::send(&jaeger.endpoint(), trace).await;
    made::send(&jaeger.endpoint(), late).await;
    let whole = async || match backend.fetch(made::id(1)).await.unwrap() {
        Found::Spans(spans) if spans.len() == 5 => Some(Found::Spans(spans)),
        _ => None,
    };
    let found = testbed::until(Duration::from_secs(10), whole).await.expect("five spans");
    check_failed_trace(&spans(found));
}
