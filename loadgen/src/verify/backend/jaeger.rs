//! Jaeger's `/api/v3/traces/{id}`: OTLP in JSON, in one object or in several one after the other.
//!
//! Ids are hex, as OTLP's JSON has them; base64, which protobuf's own JSON would give, is read as well.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use opentelemetry::trace::{SpanId, SpanKind, TraceId};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value as Json};

use super::{LookupError, tempo, value};
use crate::verify::span::Span;

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    result: Option<TracesData>,
    #[serde(default)]
    error: Option<Json>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TracesData {
    #[serde(default, deserialize_with = "or_default")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans {
    #[serde(default, deserialize_with = "or_default")]
    resource: Resource,
    #[serde(default, deserialize_with = "or_default")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Default, Deserialize)]
struct Resource {
    #[serde(default, deserialize_with = "or_default")]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct ScopeSpans {
    #[serde(default, deserialize_with = "or_default")]
    spans: Vec<JsonSpan>,
}

#[derive(Deserialize)]
struct Attribute {
    #[serde(default)]
    key: String,
    #[serde(default, deserialize_with = "or_default")]
    value: Map<String, Json>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpan {
    trace_id: String,
    span_id: String,
    #[serde(default, deserialize_with = "or_default")]
    parent_span_id: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default)]
    kind: Json,
    #[serde(default)]
    start_time_unix_nano: Json,
    #[serde(default)]
    end_time_unix_nano: Json,
    #[serde(default, deserialize_with = "or_default")]
    attributes: Vec<Attribute>,
    #[serde(default, deserialize_with = "or_default")]
    status: Map<String, Json>,
}

/// `null` is a default in protobuf's JSON.
fn or_default<'de, T: Default + DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// The spans of an answer to the look-up of `id`.
pub(super) fn spans(id: TraceId, body: &[u8]) -> Result<Vec<Span>, LookupError> {
    let mut spans = Vec::new();
    let mut read_any = false;
    for chunk in serde_json::Deserializer::from_slice(body).into_iter::<Chunk>() {
        let chunk = chunk.map_err(LookupError::garbage)?;
        if let Some(error) = chunk.error {
            // What came before it is not the whole trace.
            return Err(LookupError::Partial(format!(": {error}")));
        }
        let data = chunk.result.ok_or_else(|| LookupError::garbage("it has no `result`"))?;
        for group in data.resource_spans {
            add(id, group, &mut spans)?;
        }
        read_any = true;
    }
    if read_any { Ok(spans) } else { Err(LookupError::garbage("it is empty")) }
}

/// Whether the body is a JSON object, which a page of something else is not.
pub(super) fn is_object(body: &[u8]) -> bool {
    serde_json::from_slice::<Map<String, Json>>(body).is_ok()
}

fn add(id: TraceId, group: ResourceSpans, spans: &mut Vec<Span>) -> Result<(), LookupError> {
    let named = group.resource.attributes.iter().find(|entry| entry.key == "service.name");
    let service = named.and_then(|entry| entry.value.get("stringValue")?.as_str());
    let service = service.unwrap_or_default();
    for json in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
        spans.push(span(id, service, json)?);
    }
    Ok(())
}

fn span(id: TraceId, service: &str, json: JsonSpan) -> Result<Span, LookupError> {
    if bytes(&json.trace_id) != Some(id.to_bytes()) {
        return Err(LookupError::garbage("a span in it is of another trace"));
    }
    let bad_id = |text: &str| LookupError::garbage(format!("'{text}' in it is no span id"));
    let read = |text: &str| bytes(text).map(SpanId::from_bytes).ok_or_else(|| bad_id(text));
    let parent =
        (!json.parent_span_id.is_empty()).then(|| read(&json.parent_span_id)).transpose()?;
    let number = json.status.get("code");
    Ok(Span {
        id: read(&json.span_id)?,
        parent: parent.filter(|id| *id != SpanId::INVALID),
        service: service.to_owned(),
        kind: kind(&json.kind),
        name: json.name,
        error: number.is_some_and(|code| *code == tempo::ERROR || *code == "STATUS_CODE_ERROR"),
        start: nanoseconds(&json.start_time_unix_nano),
        end: nanoseconds(&json.end_time_unix_nano),
        attributes: (json.attributes.into_iter())
            .filter_map(|entry| Some((entry.key, value::of_json(&entry.value)?)))
            .collect(),
    })
}

/// An id of `N` bytes in hex or in base64, which the length tells apart.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return STANDARD.decode(text).ok()?.try_into().ok();
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

fn kind(json: &Json) -> SpanKind {
    match json.as_str() {
        Some("SPAN_KIND_SERVER") => SpanKind::Server,
        Some("SPAN_KIND_CLIENT") => SpanKind::Client,
        Some("SPAN_KIND_PRODUCER") => SpanKind::Producer,
        Some("SPAN_KIND_CONSUMER") => SpanKind::Consumer,
        _ => tempo::kind(json.as_i64().and_then(|number| number.try_into().ok()).unwrap_or(0)),
    }
}

fn nanoseconds(json: &Json) -> u64 {
    json.as_u64().or_else(|| json.as_str()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::span::Value;

    const ID: TraceId = TraceId::from_bytes([0xab; 16]);

    fn body(span: &str) -> String {
        format!(
            r#"{{"result":{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"gateway"}}}}]}},"scopeSpans":[{{"scope":{{}},"spans":[{span}]}}]}}]}}}}"#
        )
    }

    fn minimal(trace_id: &str, span_id: &str) -> String {
        body(&format!(r#"{{"traceId":"{trace_id}","spanId":"{span_id}"}}"#))
    }

    #[test]
    fn ids_are_read_in_hex_and_in_base64() {
        let hex = spans(ID, minimal(&"ab".repeat(16), "00f067aa0ba902b7").as_bytes()).unwrap();
        let base64 =
            spans(ID, minimal("q6urq6urq6urq6urq6urqw==", "APBnqgupArc=").as_bytes()).unwrap();
        assert_eq!(hex[0].id.to_string(), "00f067aa0ba902b7");
        assert_eq!((hex[0].service.as_str(), hex[0].parent), ("gateway", None));
        assert_eq!(hex, base64);
    }

    #[test]
    fn chunks_one_after_the_other_are_one_trace() {
        let both = [
            minimal(&"ab".repeat(16), "0000000000000001"),
            minimal(&"ab".repeat(16), "0000000000000002"),
        ];
        for separator in ["", "\n"] {
            assert_eq!(spans(ID, both.join(separator).as_bytes()).unwrap().len(), 2);
        }
    }

    #[test]
    fn a_whole_span_is_read() {
        let json = r#"{"traceId":"abababababababababababababababab","spanId":"0000000000000002","parentSpanId":"0000000000000001","name":"POST /process","kind":3,"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":1700000000000000001,"attributes":[{"key":"n","value":{"intValue":"200"}}],"status":{"code":2},"flags":257,"events":[{"name":"exception"}]}"#;
        let read = spans(ID, body(json).as_bytes()).unwrap().remove(0);
        assert_eq!(read.parent.unwrap().to_string(), "0000000000000001");
        assert_eq!(
            (read.kind.clone(), read.name.as_str(), read.error),
            (SpanKind::Client, "POST /process", true)
        );
        assert_eq!((read.start, read.end), (1_700_000_000_000_000_000, 1_700_000_000_000_000_001));
        assert_eq!(read.attribute("n"), Some(&Value::Integer(200)));
    }

    #[test]
    fn what_is_no_whole_trace_is_an_error() {
        let cut = body("{}");
        let foreign = minimal(&"cd".repeat(16), "0000000000000001");
        let broken_id = minimal(&"ab".repeat(16), "xyz");
        for garbage in ["", "<html>", "{}", "[]", &cut[..20], &foreign, &broken_id] {
            let error = spans(ID, garbage.as_bytes()).unwrap_err();
            assert!(matches!(error, LookupError::Garbage(_)), "{garbage}: {error}");
        }
        let failed_midway = format!(
            "{}{}",
            minimal(&"ab".repeat(16), "0000000000000001"),
            r#"{"error":{"httpCode":500,"message":"storage"}}"#
        );
        let error = spans(ID, failed_midway.as_bytes()).unwrap_err();
        assert!(matches!(error, LookupError::Partial(_)), "{error}");
    }
}
