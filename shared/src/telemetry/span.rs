//! What code does to its span beyond `tracing`'s fields: errors, arrays, ids.

use opentelemetry::{
    KeyValue, SpanId, TraceId, Value,
    trace::{Status, TraceContextExt as _},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::names::attribute::{ERROR_TYPE, EXCEPTION_MESSAGE, EXCEPTION_TYPE};

/// The ids of a span as they are passed on (W3C Trace Context).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SpanIds {
    /// Trace id, never zero.
    pub trace_id: TraceId,
    /// Span id, never zero.
    pub span_id: SpanId,
    /// Whether the trace is recorded.
    pub sampled: bool,
}

/// Sets status Error and `error.type`, and adds one `exception` event (semantic conventions, "Exceptions on spans"). It is the
/// caller's duty that `message` has nothing personal in it.
pub fn record_error(span: &Span, error_type: &str, message: &str) {
    span.set_attribute(ERROR_TYPE, error_type.to_owned());
    span.set_status(Status::error(message.to_owned()));
    let exception = vec![
        KeyValue::new(EXCEPTION_TYPE, error_type.to_owned()),
        KeyValue::new(EXCEPTION_MESSAGE, message.to_owned()),
    ];
    span.add_event("exception", exception);
}

/// Sets an attribute of any type, arrays too, which `tracing` fields cannot be. Give unsigned values as `i64`.
pub fn set_attribute(span: &Span, key: &'static str, value: impl Into<Value>) {
    span.set_attribute(key, value);
}

/// The ids of `span`; `None` when it is no OpenTelemetry span. Asking starts the span: its parent must be set before.
#[must_use]
pub fn span_ids(span: &Span) -> Option<SpanIds> {
    let context = span.context();
    let ids = context.span().span_context().clone();
    ids.is_valid().then(|| SpanIds {
        trace_id: ids.trace_id(),
        span_id: ids.span_id(),
        sampled: ids.is_sampled(),
    })
}
