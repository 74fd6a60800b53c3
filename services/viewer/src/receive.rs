//! The OTLP receivers: HTTP here, gRPC beside it. Both end in [`crate::ingest::export`].

mod body;
mod grpc;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use prost::Message;
use serde_json::json;
use tokio::sync::Semaphore;
use tower_http::cors::CorsLayer;

use crate::{
    Store,
    ingest::{Refused, Signal, export},
    otlp_json,
};
pub(crate) use grpc::router as grpc_router;

/// Bodies taken in at once. With the size limits and the body's deadline this bounds what senders can make us hold.
const SLOTS: usize = 8;

#[derive(Clone)]
pub(crate) struct Receiver {
    store: Arc<Store>,
    slots: Arc<Semaphore>,
    /// JSON takes many times its size while it is read, so it is read one body at a time.
    json: Arc<Semaphore>,
}

impl Receiver {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store, slots: Arc::new(Semaphore::new(SLOTS)), json: Arc::new(Semaphore::new(1)) }
    }
}

pub(crate) fn http_router(receiver: Receiver, cors: CorsLayer) -> Router {
    let signal = |signal| {
        post(move |State(receiver): State<Receiver>, headers: HeaderMap, body: Body| async move {
            receive(&receiver, signal, &headers, body).await
        })
    };
    Router::new()
        .route("/v1/traces", signal(Signal::Traces))
        .route("/v1/logs", signal(Signal::Logs))
        .route("/v1/metrics", signal(Signal::Metrics))
        .layer(cors)
        .with_state(receiver)
}

async fn receive(receiver: &Receiver, signal: Signal, headers: &HeaderMap, body: Body) -> Response {
    let Some(format) = Format::of(headers) else {
        return (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Content-Type must be application/x-protobuf or application/json\n",
        )
            .into_response();
    };
    match take_in(receiver, signal, format, headers, body).await {
        Ok(refused) => format.success(signal, &refused),
        Err(failure) => format.failure(&failure),
    }
}

async fn take_in(
    receiver: &Receiver,
    signal: Signal,
    format: Format,
    headers: &HeaderMap,
    body: Body,
) -> Result<Refused, Failure> {
    let _slot = body::in_time(receiver.slots.acquire()).await?;
    let body = body::read(headers, body).await?;
    let malformed = |error| Failure::new(StatusCode::BAD_REQUEST, format!("{error}"));
    match format {
        Format::Protobuf => export(&receiver.store, signal, &body).map_err(malformed),
        Format::Json => {
            let _turn = body::in_time(receiver.json.acquire()).await?;
            let body = otlp_json::to_protobuf(signal, &body).map_err(malformed)?;
            export(&receiver.store, signal, &body).map_err(malformed)
        }
    }
}

/// Why nothing of a request was taken in.
#[derive(Debug)]
struct Failure {
    status: StatusCode,
    message: String,
}

impl Failure {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// The gRPC code that OTLP puts into the `Status` of an HTTP error.
    fn code(&self) -> i32 {
        match self.status {
            StatusCode::PAYLOAD_TOO_LARGE => tonic::Code::ResourceExhausted as i32,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => tonic::Code::Unimplemented as i32,
            StatusCode::SERVICE_UNAVAILABLE => tonic::Code::Unavailable as i32,
            StatusCode::REQUEST_TIMEOUT => tonic::Code::DeadlineExceeded as i32,
            _ => tonic::Code::InvalidArgument as i32,
        }
    }
}

/// The encodings of OTLP/HTTP; an answer has its request's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Protobuf,
    Json,
}

/// All three export responses are this on the wire.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// `google.rpc.Status`, which OTLP wants as the body of an error.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

impl ExportResponse {
    fn new(refused: &Refused) -> Self {
        let partial =
            PartialSuccess { rejected: refused.count() as i64, error_message: refused.message() };
        Self { partial_success: (refused.count() > 0).then_some(partial) }
    }

    fn json(&self, signal: Signal) -> serde_json::Value {
        let rejected = match signal {
            Signal::Traces => "rejectedSpans",
            Signal::Logs => "rejectedLogRecords",
            Signal::Metrics => "rejectedDataPoints",
        };
        match &self.partial_success {
            Some(partial) => {
                json!({"partialSuccess": {rejected: partial.rejected.to_string(), "errorMessage": partial.error_message}})
            }
            None => json!({}),
        }
    }
}

impl Format {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        match value.split(';').next()?.trim().to_ascii_lowercase().as_str() {
            "application/x-protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    fn success(self, signal: Signal, refused: &Refused) -> Response {
        let response = ExportResponse::new(refused);
        match self {
            Self::Protobuf => self.answer(StatusCode::OK, response.encode_to_vec()),
            Self::Json => {
                self.answer(StatusCode::OK, response.json(signal).to_string().into_bytes())
            }
        }
    }

    fn failure(self, failure: &Failure) -> Response {
        let (code, message) = (failure.code(), failure.message.clone());
        tracing::warn!(status = failure.status.as_u16() as i64, reason = message, "Export refused");
        match self {
            Self::Protobuf => {
                self.answer(failure.status, RpcStatus { code, message }.encode_to_vec())
            }
            Self::Json => self.answer(
                failure.status,
                json!({"code": code, "message": message}).to_string().into_bytes(),
            ),
        }
    }

    fn answer(self, status: StatusCode, body: Vec<u8>) -> Response {
        let content_type = match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        };
        let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
