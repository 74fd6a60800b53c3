//! A request's headers as the propagators read them.
//!
//! Invariant: no line is left out. A line that is not ASCII is handed on as one that no grammar accepts, because a second
//! `traceparent`, or a bad `tracestate` line beside good ones, must spoil the whole even when it cannot be read.

use http::{HeaderMap, HeaderValue};
use opentelemetry::propagation::Extractor;

/// U+FFFD is allowed in no part of `traceparent`, `tracestate` or `baggage`.
const UNREADABLE: &str = "\u{fffd}";

pub(super) struct InboundHeaders<'a>(pub(super) &'a HeaderMap);

impl Extractor for InboundHeaders<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(readable)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let lines: Vec<&str> = self.0.get_all(key).iter().map(readable).collect();
        (!lines.is_empty()).then_some(lines)
    }
}

fn readable(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or(UNREADABLE)
}
