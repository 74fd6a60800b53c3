//! Tempo's `TraceByIDResponse`, protobuf.
//!
//! The messages here are those of OTLP and Tempo with only the fields that contracts speak of: events, links and scopes are skipped, not built.

use opentelemetry::trace::{SpanId, SpanKind, TraceId};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use prost::Message;

use super::{LookupError, http_client::Reply, value};
use crate::verify::span::{Span, Value};

/// Tempo's `PartialStatus`: it did not look everywhere, or cut the trace.
const PARTIAL: i32 = 1;
/// OTLP's `STATUS_CODE_ERROR`.
pub(super) const ERROR: i32 = 2;

#[derive(Clone, PartialEq, Message)]
struct TraceByIdResponse {
    #[prost(message, optional, tag = "1")]
    trace: Option<Trace>,
    #[prost(int32, tag = "3")]
    status: i32,
    #[prost(string, tag = "4")]
    message: String,
}

#[derive(Clone, PartialEq, Message)]
struct Trace {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<WireSpan>,
}

#[derive(Clone, PartialEq, Message)]
struct WireSpan {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "3")]
    code: i32,
}

/// The spans of an answer to the look-up of `id`; none when the trace is not known.
pub(super) fn spans(id: TraceId, reply: &Reply) -> Result<Vec<Span>, LookupError> {
    if !reply.is("application/protobuf") {
        return Err(LookupError::garbage("it is not application/protobuf"));
    }
    let answer = TraceByIdResponse::decode(reply.body.clone()).map_err(LookupError::garbage)?;
    if answer.status == PARTIAL {
        return Err(LookupError::Partial(because(&answer.message)));
    }
    let trace = match answer.trace {
        Some(trace) => trace,
        None if reply.body.is_empty() => Trace::default(),
        None => return Err(LookupError::garbage("it has no trace in it")),
    };
    let mut spans = Vec::new();
    for group in trace.resource_spans {
        let service = service_name(group.resource.unwrap_or_default().attributes);
        for wire in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            spans.push(span(id, &service, wire)?);
        }
    }
    Ok(spans)
}

fn because(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

fn service_name(attributes: Vec<KeyValue>) -> String {
    let name = attributes.into_iter().find(|attribute| attribute.key == "service.name");
    match name.and_then(|attribute| attribute.value?.value) {
        Some(any_value::Value::StringValue(name)) => name,
        _ => String::new(),
    }
}

fn span(id: TraceId, service: &str, wire: WireSpan) -> Result<Span, LookupError> {
    if wire.trace_id != id.to_bytes() {
        return Err(LookupError::garbage("a span in it is of another trace"));
    }
    let bad_id = || LookupError::garbage("a span in it has an id that is not 8 bytes");
    Ok(Span {
        id: span_id(&wire.span_id).ok_or_else(bad_id)?.ok_or_else(bad_id)?,
        parent: span_id(&wire.parent_span_id).ok_or_else(bad_id)?,
        service: service.to_owned(),
        kind: kind(wire.kind),
        name: wire.name,
        error: wire.status.is_some_and(|status| status.code == ERROR),
        start: wire.start_time_unix_nano,
        end: wire.end_time_unix_nano,
        attributes: wire.attributes.into_iter().filter_map(attribute).collect(),
    })
}

/// `Some(None)` for none at all, `None` for one that cannot be.
fn span_id(bytes: &[u8]) -> Option<Option<SpanId>> {
    if bytes.is_empty() {
        return Some(None);
    }
    let id = SpanId::from_bytes(bytes.try_into().ok()?);
    Some((id != SpanId::INVALID).then_some(id))
}

/// OTLP's `SpanKind`; one that is not said counts as internal, as OTLP has it.
pub(super) fn kind(number: i32) -> SpanKind {
    match number {
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

fn attribute(attribute: KeyValue) -> Option<(String, Value)> {
    Some((attribute.key, value::of_protobuf(attribute.value?.value?)))
}
