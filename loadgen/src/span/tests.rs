//! What a request's span says, and what goes out in the headers.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{HeaderMap, Method, StatusCode, Version};
use opentelemetry::{
    Value,
    global::BoxedTracer,
    trace::{SpanId, SpanKind, Status, TracerProvider as _},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, SpanData, SpanProcessor},
};

use super::{RequestSpan, Spans};
use crate::outcome::{NoAnswer, Root};

#[derive(Clone, Debug, Default)]
struct Ended(Arc<Mutex<Vec<SpanData>>>);

impl SpanProcessor for Ended {
    fn on_start(&self, _: &mut opentelemetry_sdk::trace::Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().expect("no panic").push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

struct Made {
    root: Root,
    traceparent: String,
    span: Option<SpanData>,
}

fn made(sampler: Sampler, wait: Duration, end: impl FnOnce(RequestSpan)) -> Made {
    let ended = Ended::default();
    let provider = SdkTracerProvider::builder()
        .with_sampler(sampler)
        .with_span_processor(ended.clone())
        .build();
    let tracer = BoxedTracer::new(Box::new(provider.tracer("test")));
    let spans = Spans::made_by(tracer, &"http://[::1]:8080".parse().expect("a URL"), "edge");
    let mut headers = HeaderMap::new();
    let request = (&Method::POST, "/users/{id}", "/users/7");
    let span = spans.start(request, wait, &mut headers);
    let root = span.root().expect("ids");
    end(span);
    let traceparent = headers["traceparent"].to_str().expect("text").to_owned();
    let span = ended.0.lock().expect("no panic").pop();
    Made { root, traceparent, span }
}

fn attributes(span: &SpanData) -> Vec<(&str, Value)> {
    let attributes = span.attributes.iter();
    attributes.map(|pair| (pair.key.as_str(), pair.value.clone())).collect()
}

#[test]
fn a_request_is_a_client_root_span_by_the_semantic_conventions() {
    let made = made(Sampler::AlwaysOn, Duration::ZERO, |span| {
        span.answered(StatusCode::ACCEPTED, Version::HTTP_11);
    });

    let span = made.span.expect("a span");
    assert_eq!((&*span.name, &span.span_kind), ("POST /users/{id}", &SpanKind::Client));
    assert_eq!((span.parent_span_id, &span.status), (SpanId::INVALID, &Status::Unset));
    assert_eq!(
        attributes(&span),
        [
            ("http.request.method", "POST".into()),
            ("url.template", "/users/{id}".into()),
            ("url.full", "http://[::1]:8080/users/7".into()),
            ("server.address", "::1".into()),
            ("server.port", 8080_i64.into()),
            ("peer.service", "edge".into()),
            ("service.peer.name", "edge".into()),
            ("http.response.status_code", 202_i64.into()),
            ("network.protocol.version", "1.1".into()),
        ]
    );
}

#[test]
fn what_goes_out_are_the_spans_own_ids_with_the_sampled_and_the_random_flag() {
    let made = made(Sampler::AlwaysOn, Duration::ZERO, |span| {
        span.answered(StatusCode::OK, Version::HTTP_11);
    });

    let ids = made.span.expect("a span").span_context;
    let (trace_id, span_id) = (ids.trace_id(), ids.span_id());
    assert_eq!(made.traceparent, format!("00-{trace_id}-{span_id}-03"));
    assert_eq!(made.root, Root { trace_id, span_id, sampled: true });
}

#[test]
fn a_span_that_is_not_sampled_still_sends_its_ids() {
    let made = made(Sampler::AlwaysOff, Duration::ZERO, |span| {
        span.failed(NoAnswer::Timeout, "too late");
    });

    let Root { trace_id, span_id, sampled } = made.root;
    assert!(!sampled && made.span.is_none());
    assert_eq!(made.traceparent, format!("00-{trace_id}-{span_id}-02"));
}

#[test]
fn an_error_status_is_an_error_without_an_event() {
    for status in [StatusCode::CONFLICT, StatusCode::SERVICE_UNAVAILABLE] {
        let made = made(Sampler::AlwaysOn, Duration::ZERO, |span| {
            span.answered(status, Version::HTTP_10);
        });
        let span = made.span.expect("a span");
        assert_eq!(span.status, Status::error(""));
        let attributes = attributes(&span);
        assert!(attributes.contains(&("error.type", status.as_str().to_owned().into())));
        assert!(attributes.contains(&("network.protocol.version", "1.0".into())));
        assert!(span.events.is_empty());
    }
}

#[test]
fn no_answer_is_an_error_with_its_kind_and_an_exception() {
    for (why, kind) in [
        (NoAnswer::Connect, "connect"),
        (NoAnswer::Timeout, "timeout"),
        (NoAnswer::Broken, "connection_broken"),
    ] {
        let made = made(Sampler::AlwaysOn, Duration::ZERO, |span| span.failed(why, "the cause"));
        let span = made.span.expect("a span");
        assert_eq!(span.status, Status::error("the cause"));
        assert!(attributes(&span).contains(&("error.type", kind.into())));
        assert_eq!(span.events.first().map(|event| &*event.name), Some("exception"));
    }
}

#[test]
fn a_wait_for_a_connection_is_an_attribute_and_not_part_of_the_span() {
    let made = made(Sampler::AlwaysOn, Duration::from_secs(60), |span| {
        span.answered(StatusCode::OK, Version::HTTP_11);
    });

    let span = made.span.expect("a span");
    assert!(attributes(&span).contains(&("loadgen.wait_ms", 60_000.0.into())));
    let length = span.end_time.duration_since(span.start_time).expect("an end after the start");
    assert!(length < Duration::from_secs(30), "{length:?}");
}

#[test]
fn spans_that_are_off_send_nothing() {
    let mut headers = HeaderMap::new();
    let span = Spans::off().start((&Method::GET, "/", "/"), Duration::ZERO, &mut headers);

    assert_eq!(span.root(), None);
    assert!(headers.is_empty());
}
