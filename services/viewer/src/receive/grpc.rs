//! OTLP/gRPC, on tonic's server but with messages left encoded: the generated services would decode a request as a whole,
//! which multiplies its size before anything can look at it.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::{Buf, BufMut, Bytes};
use futures_util::future::BoxFuture;
use prost::Message;
use tonic::{
    Code, Status,
    codec::{
        Codec, CompressionEncoding, DecodeBuf, Decoder, EnabledCompressionEncodings, EncodeBuf,
        Encoder,
    },
    server::{Grpc, UnaryService},
};

use super::{ExportResponse, Receiver, body};
use crate::ingest::{Signal, export};

pub(crate) fn router(receiver: Receiver) -> Router {
    let service = |signal| {
        post(move |State(receiver): State<Receiver>, request: Request| {
            call(receiver, signal, request)
        })
    };
    Router::new()
        .route(
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            service(Signal::Traces),
        )
        .route("/opentelemetry.proto.collector.logs.v1.LogsService/Export", service(Signal::Logs))
        .route(
            "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            service(Signal::Metrics),
        )
        .fallback(|| async {
            Status::unimplemented("this server has OTLP's three Export methods")
                .into_http::<axum::body::Body>()
        })
        .layer(middleware::from_fn(only_grpc))
        .with_state(receiver)
}

/// To whoever speaks plain HTTP an answer of gRPC is a 200, so spans sent to the wrong port would count as taken. 415 is what
/// gRPC's protocol has for it.
async fn only_grpc(request: Request, next: Next) -> Response {
    if is_grpc(request.headers()) {
        return next.run(request).await;
    }
    let reason = "this port takes OTLP over gRPC only; OTLP over HTTP has a port of its own, by default 4318";
    tracing::warn!(path = request.uri().path(), reason, "Export refused");
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("{reason}\n")).into_response()
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.starts_with("application/grpc"))
}

async fn call(receiver: Receiver, signal: Signal, request: Request) -> Response {
    let Ok(_slot) = body::in_time(receiver.slots.acquire()).await else {
        return Status::unavailable("too many exports at once, send it again")
            .into_http::<axum::body::Body>();
    };
    let mut gzip = EnabledCompressionEncodings::default();
    gzip.enable(CompressionEncoding::Gzip);
    // tonic holds the unpacked message to the same limit.
    let mut grpc = Grpc::new(Encoded)
        .apply_compression_config(gzip, EnabledCompressionEncodings::default())
        .apply_max_message_size_config(Some(body::MAX_BODY_BYTES), None);
    let export = Export { receiver: receiver.clone(), signal };
    match body::in_deadline(grpc.unary(export, request)).await {
        Some(response) => told(response.into_response()),
        None => Status::deadline_exceeded("the request did not arrive within 10 s")
            .into_http::<axum::body::Body>(),
    }
}

/// A refusal is logged, as over HTTP. tonic has a message that is too large out of range, which OTLP lets an exporter send again
/// and again; its resources are exhausted, which no exporter tries again by itself.
fn told(mut response: Response) -> Response {
    let Some(status) = Status::from_header_map(response.headers()) else { return response };
    if status.code() == Code::Ok {
        return response;
    }
    tracing::warn!(code = ?status.code(), reason = status.message(), "Export refused");
    if status.code() == Code::OutOfRange {
        let text = format!("{}; send smaller batches", status.message());
        response = Status::resource_exhausted(text).into_http();
    }
    response
}

struct Export {
    receiver: Receiver,
    signal: Signal,
}

impl UnaryService<Bytes> for Export {
    type Response = ExportResponse;
    type Future = BoxFuture<'static, Result<tonic::Response<ExportResponse>, Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let outcome = export(&self.receiver.store, self.signal, request.get_ref());
        let answer = outcome.map(|refused| tonic::Response::new(ExportResponse::new(&refused)));
        Box::pin(std::future::ready(
            answer.map_err(|malformed| Status::invalid_argument(malformed.to_string())),
        ))
    }
}

/// Messages as bytes in, an export response out.
#[derive(Clone, Copy)]
struct Encoded;

impl Codec for Encoded {
    type Encode = ExportResponse;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Encoded {
    type Item = ExportResponse;
    type Error = Status;

    fn encode(
        &mut self,
        response: ExportResponse,
        buffer: &mut EncodeBuf<'_>,
    ) -> Result<(), Status> {
        buffer.put_slice(&response.encode_to_vec());
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
