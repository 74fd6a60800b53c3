//! What a handler does to the context between the server span and the next call.

use http::HeaderMap;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::subscriber::with_default;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;

use super::super::{ALL, Propagation, with_baggage};
use super::{SAMPLED, TRACE_ID, headers, in_client_span, lines, parent_based, traceparent};

#[test]
fn a_handler_finds_the_callers_baggage_in_the_current_context() {
    let inbound = headers(&[("traceparent", SAMPLED), ("baggage", "user.id=1001")]);
    let parent = Propagation::new(&ALL, false).extract(&inbound);
    in_client_span(parent_based(), true, parent, |_| {
        let found = opentelemetry::Context::map_current(|cx| cx.baggage().get("user.id").cloned());
        assert_eq!(found.map(String::from).as_deref(), Some("1001"));
    });
}

#[test]
fn baggage_that_a_handler_attaches_leaves_with_the_client_spans_made_under_it() {
    let propagation = Propagation::new(&ALL, false);
    let inbound = headers(&[("traceparent", SAMPLED), ("baggage", "a=1,user.id=999")]);
    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("handler"));
    let mut outbound = HeaderMap::new();
    with_default(tracing_subscriber::registry().with(layer), || {
        let server = tracing::info_span!("server");
        server
            .set_parent(propagation.extract(&inbound))
            .expect("the span is new and the layer is there");
        let _server = server.enter();

        let _attached = with_baggage(&server.context(), "user.id", "1001".into()).attach();
        let client = tracing::info_span!("client");
        propagation.inject(&client.context(), &mut outbound);
    });

    assert_eq!(lines(&outbound, "baggage"), ["a=1,user.id=1001"]);
    assert_eq!(traceparent(&outbound).0, TRACE_ID);
}
