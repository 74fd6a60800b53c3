//! A trace by its id, as Tempo answers: v1 has the bare trace and 404, v2 wraps it and has an empty one.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use prost::Message;
use serde_json::json;

use super::{Query, tempo_json};
use crate::{
    Trace, TraceId,
    store::{EncodedTrace, Lookup},
};

/// Tempo's `TraceByIDResponse`. An empty one is `0a 00 12 00`: both messages are there and empty.
#[derive(Clone, PartialEq, Message)]
struct TraceByIdResponse {
    #[prost(message, optional, tag = "1")]
    trace: Option<EncodedTrace>,
    #[prost(message, optional, tag = "2")]
    metrics: Option<TraceByIdMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct TraceByIdMetrics {
    #[prost(uint64, tag = "1")]
    inspected_bytes: u64,
}

pub(super) async fn v1(
    State(query): State<Query>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let trace = match find(&query, &id) {
        Ok(Some(trace)) => trace,
        Ok(None) => {
            return text(
                StatusCode::NOT_FOUND,
                format!(
                    "trace {id} is not here; if it is a new one, its spans may still be on their way"
                ),
            );
        }
        Err(refusal) => return refusal,
    };
    let encoded = trace.encoded();
    match wants_protobuf(&headers) {
        true => protobuf(&encoded),
        false => axum::Json(json!({"batches": json_value(&encoded)})).into_response(),
    }
}

pub(super) async fn v2(
    State(query): State<Query>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let trace = match find(&query, &id) {
        Ok(trace) => trace,
        Err(refusal) => return refusal,
    };
    let inspected_bytes = trace.as_ref().map_or(0, |trace| trace.encoded_len() as u64);
    let encoded = trace.map_or_else(EncodedTrace::default, |trace| trace.encoded());
    if wants_protobuf(&headers) {
        return protobuf(&TraceByIdResponse {
            trace: Some(encoded),
            metrics: Some(TraceByIdMetrics { inspected_bytes }),
        });
    }
    if encoded.resource_spans.is_empty() {
        return axum::Json(json!({"trace": {}, "metrics": {}})).into_response();
    }
    let metrics = json!({"inspectedBytes": inspected_bytes.to_string()});
    axum::Json(json!({"trace": {"resourceSpans": json_value(&encoded)}, "metrics": metrics}))
        .into_response()
}

fn find(query: &Query, id: &str) -> Result<Option<Trace>, Response> {
    let id =
        TraceId::parse(id).map_err(|error| text(StatusCode::BAD_REQUEST, error.to_string()))?;
    match query.store.lookup(id) {
        Lookup::Found(trace) => Ok(Some(trace)),
        Lookup::Unknown => Ok(None),
        Lookup::Evicted => {
            let detail = format!(
                "trace {id} was evicted: the store was full and it was the oldest; raise VIEWER_STORE_BYTES to keep more"
            );
            Err(text(StatusCode::GONE, detail))
        }
    }
}

fn json_value(trace: &EncodedTrace) -> serde_json::Value {
    serde_json::to_value(tempo_json::resource_spans(trace)).unwrap_or_default()
}

fn wants_protobuf(headers: &HeaderMap) -> bool {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accept.flat_map(|value| value.split(',')).any(|range| {
        range.split(';').next().is_some_and(|range| range.trim() == "application/protobuf")
    })
}

fn protobuf(message: &impl Message) -> Response {
    ([(header::CONTENT_TYPE, "application/protobuf")], message.encode_to_vec()).into_response()
}

pub(super) fn text(status: StatusCode, detail: impl Into<String>) -> Response {
    (status, detail.into() + "\n").into_response()
}
