//! A trace by its id, as Tempo answers: v1 has the bare trace and 404, v2 wraps it and has an empty one.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use prost::Message;
use serde::Serialize;
use serde_json::json;

use super::{Query, refusal::Refusal, tempo_json};
use crate::{
    Store, Trace, TraceId,
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
) -> Result<Response, Refusal> {
    let Some(trace) = find(&query.store, parse(&id)?)? else {
        let detail = format!(
            "trace {id} is not here; if it is a new one, its spans may still be on their way"
        );
        return Err(Refusal::new(StatusCode::NOT_FOUND, detail));
    };
    let is_protobuf = wants_protobuf(&headers);
    answer(&query, trace, move |trace| bare(trace, is_protobuf)).await
}

fn bare(trace: &Trace, is_protobuf: bool) -> Response {
    let encoded = trace.encoded();
    if is_protobuf {
        return protobuf(&encoded);
    }
    Json(Batches { batches: tempo_json::resource_spans(&encoded) }).into_response()
}

pub(super) async fn v2(
    State(query): State<Query>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let is_protobuf = wants_protobuf(&headers);
    match find(&query.store, parse(&id)?)? {
        Some(trace) => answer(&query, trace, move |trace| wrapped(trace, is_protobuf)).await,
        None if is_protobuf => Ok(protobuf(&TraceByIdResponse {
            trace: Some(EncodedTrace::default()),
            metrics: Some(TraceByIdMetrics::default()),
        })),
        None => Ok(Json(json!({"trace": {}, "metrics": {}})).into_response()),
    }
}

fn wrapped(trace: &Trace, is_protobuf: bool) -> Response {
    let inspected_bytes = trace.encoded_len() as u64;
    let encoded = trace.encoded();
    if is_protobuf {
        let metrics = Some(TraceByIdMetrics { inspected_bytes });
        return protobuf(&TraceByIdResponse { trace: Some(encoded), metrics });
    }
    let trace = TraceMember { resource_spans: tempo_json::resource_spans(&encoded) };
    let metrics = json!({"inspectedBytes": inspected_bytes.to_string()});
    Json(Wrapped { trace, metrics }).into_response()
}

/// Encodes a trace of any size without holding up receivers and other questions: a large one has to wait for its turn among the
/// scans, and for its place among the large answers. What waits holds no trace that the store may have evicted meanwhile.
async fn answer(
    query: &Query,
    trace: Trace,
    encode: impl FnOnce(&Trace) -> Response + Send + 'static,
) -> Result<Response, Refusal> {
    if !trace.is_large() {
        return Ok(encode(&trace));
    }
    let id = trace.id;
    drop(trace);
    let place = query.large.place().await?;
    let answer = query
        .scan(move |store| find(store, id)?.map(|trace| encode(&trace)).ok_or_else(|| evicted(id)))
        .await??;
    Ok(place.hand_out(answer).await)
}

#[derive(Serialize)]
struct Batches<S> {
    batches: S,
}

#[derive(Serialize)]
struct Wrapped<S> {
    trace: TraceMember<S>,
    metrics: serde_json::Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TraceMember<S> {
    resource_spans: S,
}

fn parse(id: &str) -> Result<TraceId, Refusal> {
    TraceId::parse(id).map_err(|error| Refusal::bad_request(error.to_string()))
}

fn find(store: &Store, id: TraceId) -> Result<Option<Trace>, Refusal> {
    match store.lookup(id) {
        Lookup::Found(trace) => Ok(Some(trace)),
        Lookup::Unknown => Ok(None),
        Lookup::Evicted => Err(evicted(id)),
    }
}

fn evicted(id: TraceId) -> Refusal {
    let detail = format!(
        "trace {id} was evicted: the store was full and it was the oldest; raise VIEWER_STORE_BYTES to keep more"
    );
    Refusal::new(StatusCode::GONE, detail)
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
