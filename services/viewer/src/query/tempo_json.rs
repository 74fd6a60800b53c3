//! Traces in Tempo's JSON: protobuf's JSON mapping, so ids are base64, 64-bit integers are strings, enums are names and
//! defaults are left out. A span is decoded only while it is written.

use base64::{Engine, prelude::BASE64_STANDARD};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    resource::v1::Resource,
    trace::v1::{Span, Status, span, status},
};
use prost::Message;
use serde::{Serialize, Serializer, ser::Error};
use serde_json::{Map, Value, json};

use crate::store::EncodedTrace;

/// The value of `batches` and of `resourceSpans`.
pub(super) fn resource_spans(trace: &EncodedTrace) -> impl Serialize {
    let groups = trace.resource_spans.iter().map(|group| ResourceSpans {
        resource: Decoded(&group.resource, resource),
        scope_spans: group
            .scope_spans
            .iter()
            .map(|group| ScopeSpans {
                scope: Decoded(&group.scope, scope),
                spans: group.spans.iter().map(|bytes| Decoded(bytes, span)).collect(),
                schema_url: &group.schema_url,
            })
            .collect(),
        schema_url: &group.schema_url,
    });
    groups.collect::<Vec<_>>()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Decoded<'a, Resource>,
    scope_spans: Vec<ScopeSpans<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    schema_url: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScopeSpans<'a> {
    scope: Decoded<'a, InstrumentationScope>,
    spans: Vec<Decoded<'a, Span>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    schema_url: &'a str,
}

/// An encoded message that becomes JSON when it is written.
struct Decoded<'a, M>(&'a [u8], fn(M) -> Value);

impl<M: Message + Default> Serialize for Decoded<'_, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.1(M::decode(self.0).map_err(S::Error::custom)?).serialize(serializer)
    }
}

/// A JSON object without its defaults.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    fn text(self, name: &str, text: String) -> Self {
        self.put(name, !text.is_empty(), text)
    }

    fn id(self, name: &str, bytes: &[u8]) -> Self {
        self.put(name, !bytes.is_empty(), BASE64_STANDARD.encode(bytes))
    }

    fn number(self, name: &str, number: u32) -> Self {
        self.put(name, number != 0, number)
    }

    fn nanos(self, name: &str, nanos: u64) -> Self {
        self.put(name, nanos != 0, nanos.to_string())
    }

    fn list(self, name: &str, items: Vec<Value>) -> Self {
        self.put(name, !items.is_empty(), items)
    }

    fn put(mut self, name: &str, present: bool, value: impl Into<Value>) -> Self {
        if present {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    fn done(self) -> Value {
        Value::Object(self.0)
    }
}

fn span(span: Span) -> Value {
    Object::default()
        .id("traceId", &span.trace_id)
        .id("spanId", &span.span_id)
        .text("traceState", span.trace_state)
        .id("parentSpanId", &span.parent_span_id)
        .number("flags", span.flags)
        .text("name", span.name)
        .put("kind", span.kind != 0, kind(span.kind))
        .nanos("startTimeUnixNano", span.start_time_unix_nano)
        .nanos("endTimeUnixNano", span.end_time_unix_nano)
        .list("attributes", attributes(span.attributes))
        .number("droppedAttributesCount", span.dropped_attributes_count)
        .list("events", span.events.into_iter().map(event).collect())
        .number("droppedEventsCount", span.dropped_events_count)
        .list("links", span.links.into_iter().map(link).collect())
        .number("droppedLinksCount", span.dropped_links_count)
        .put("status", span.status.is_some(), span.status.map(status))
        .done()
}

/// Names for what the protocol names, and the number for what it does not.
fn kind(kind: i32) -> Value {
    span::SpanKind::try_from(kind).map_or(json!(kind), |kind| json!(kind.as_str_name()))
}

fn status(status: Status) -> Value {
    let code = status::StatusCode::try_from(status.code)
        .map_or(json!(status.code), |code| json!(code.as_str_name()));
    Object::default().text("message", status.message).put("code", status.code != 0, code).done()
}

fn event(event: span::Event) -> Value {
    Object::default()
        .nanos("timeUnixNano", event.time_unix_nano)
        .text("name", event.name)
        .list("attributes", attributes(event.attributes))
        .number("droppedAttributesCount", event.dropped_attributes_count)
        .done()
}

fn link(link: span::Link) -> Value {
    Object::default()
        .id("traceId", &link.trace_id)
        .id("spanId", &link.span_id)
        .text("traceState", link.trace_state)
        .list("attributes", attributes(link.attributes))
        .number("droppedAttributesCount", link.dropped_attributes_count)
        .number("flags", link.flags)
        .done()
}

fn scope(scope: InstrumentationScope) -> Value {
    Object::default()
        .text("name", scope.name)
        .text("version", scope.version)
        .list("attributes", attributes(scope.attributes))
        .number("droppedAttributesCount", scope.dropped_attributes_count)
        .done()
}

fn resource(resource: Resource) -> Value {
    Object::default()
        .list("attributes", attributes(resource.attributes))
        .number("droppedAttributesCount", resource.dropped_attributes_count)
        .done()
}

pub(crate) fn attributes(list: Vec<KeyValue>) -> Vec<Value> {
    let pair = |pair: KeyValue| {
        Object::default()
            .text("key", pair.key)
            .put("value", pair.value.is_some(), pair.value.map(any))
            .done()
    };
    list.into_iter().map(pair).collect()
}

pub(crate) fn any(value: AnyValue) -> Value {
    use any_value::Value as Any;
    match value.value {
        None => json!({}),
        Some(Any::StringValue(text)) => json!({"stringValue": text}),
        Some(Any::BoolValue(flag)) => json!({"boolValue": flag}),
        Some(Any::IntValue(number)) => json!({"intValue": number.to_string()}),
        // What JSON has no number for is a string in protobuf's mapping.
        Some(Any::DoubleValue(number)) if number.is_nan() => json!({"doubleValue": "NaN"}),
        Some(Any::DoubleValue(number)) if number == f64::INFINITY => {
            json!({"doubleValue": "Infinity"})
        }
        Some(Any::DoubleValue(number)) if number == f64::NEG_INFINITY => {
            json!({"doubleValue": "-Infinity"})
        }
        Some(Any::DoubleValue(number)) => json!({"doubleValue": number}),
        Some(Any::BytesValue(bytes)) => json!({"bytesValue": BASE64_STANDARD.encode(bytes)}),
        Some(Any::ArrayValue(array)) => {
            let values = array.values.into_iter().map(any).collect();
            json!({"arrayValue": Object::default().list("values", values).done()})
        }
        Some(Any::KvlistValue(list)) => {
            json!({"kvlistValue": Object::default().list("values", attributes(list.values)).done()})
        }
        Some(Any::StringValueStrindex(index)) => json!({"stringValueStrindex": index}),
    }
}
