//! `OTEL_TRACES_EXPORTER=console`: one JSON line per span on standard output.

use std::{io::Write as _, time::SystemTime};

use opentelemetry::{Array, Value, trace::Status};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::SpanData,
};
use serde_json::json;

use crate::names;

/// Writes spans to standard output, one line each.
#[derive(Debug, Default)]
pub(super) struct ConsoleSpans {
    service: String,
}

impl ConsoleSpans {
    pub(super) fn set_resource(&mut self, resource: &Resource) {
        let name = resource.get_ref(&opentelemetry::Key::from_static_str("service.name"));
        self.service = name.map(ToString::to_string).unwrap_or_default();
    }

    pub(super) fn write(&self, batch: &[SpanData]) -> OTelSdkResult {
        let lines: String = batch.iter().map(|span| format!("{}\n", self.line(span))).collect();
        std::io::stdout()
            .write_all(lines.as_bytes())
            .map_err(|error| OTelSdkError::InternalFailure(format!("standard output: {error}")))
    }

    fn line(&self, span: &SpanData) -> serde_json::Value {
        let attributes: serde_json::Map<_, _> =
            span.attributes.iter().map(|pair| (pair.key.to_string(), value(&pair.value))).collect();
        let exception = |event: &opentelemetry::trace::Event| {
            let message = event
                .attributes
                .iter()
                .find(|pair| pair.key.as_str() == names::attribute::EXCEPTION_MESSAGE);
            json!({"name": event.name, "message": message.map(|pair| value(&pair.value))})
        };
        json!({
            "span": span.name,
            "service.name": self.service,
            "kind": format!("{:?}", span.span_kind),
            "trace_id": span.span_context.trace_id().to_string(),
            "span_id": span.span_context.span_id().to_string(),
            "parent_span_id": span.parent_span_id.to_string(),
            "start_unix_nano": unix_nanos(span.start_time),
            "end_unix_nano": unix_nanos(span.end_time),
            "status": status(&span.status),
            "attributes": attributes,
            "events": span.events.iter().map(exception).collect::<Vec<_>>(),
        })
    }
}

fn status(status: &Status) -> serde_json::Value {
    match status {
        Status::Unset => json!("unset"),
        Status::Ok => json!("ok"),
        Status::Error { description } => json!({"error": description}),
    }
}

fn unix_nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn value(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => json!(value),
        Value::I64(value) => json!(value),
        Value::F64(value) => json!(value),
        Value::Array(Array::Bool(values)) => json!(values),
        Value::Array(Array::I64(values)) => json!(values),
        Value::Array(Array::F64(values)) => json!(values),
        Value::Array(Array::String(values)) => {
            json!(values.iter().map(ToString::to_string).collect::<Vec<_>>())
        }
        other => json!(other.to_string()),
    }
}
