//! An OTLP endpoint that keeps what it is sent, over HTTP and gRPC, on a runtime of its own so that the tested one stays as it is.

use std::{
    io::Read as _,
    net::SocketAddr,
    sync::{Arc, Mutex, mpsc},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{
            ExportLogsServiceRequest, ExportLogsServiceResponse,
            logs_service_server::{LogsService, LogsServiceServer},
        },
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    logs::v1::LogRecord,
    metrics::v1::Metric,
    resource::v1::Resource,
    trace::v1::Span,
};
use prost::Message;
use tonic::{Request, Response, Status, codec::CompressionEncoding};

/// What has arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    pub(crate) spans: Vec<Span>,
    pub(crate) logs: Vec<LogRecord>,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) resources: Vec<Resource>,
    /// Values of `x-tenant`, one per request.
    pub(crate) tenants: Vec<String>,
    /// Requests with a gzip body.
    pub(crate) compressed: usize,
    refused: i64,
}

/// A running endpoint; it lives as long as the process.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Received>>,
}

impl Sink {
    /// Starts an endpoint that takes both protocols on one port (one that senders know already, or a free one), and refuses
    /// `refused` spans of the first batch (`partial_success`).
    pub(crate) fn start(address: Option<SocketAddr>, refused: i64) -> Self {
        let address = address.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let received = Arc::new(Mutex::new(Received { refused, ..Received::default() }));
        let routes = http_routes(Arc::clone(&received)).merge(grpc_routes(Arc::clone(&received)));
        let (ready, bound) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind(address).await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                axum::serve(listener, routes).await.unwrap();
            });
        });
        Self { address: bound.recv().unwrap(), received }
    }

    pub(crate) fn received(&self) -> Received {
        self.received.lock().unwrap().clone()
    }
}

type Shared = Arc<Mutex<Received>>;

fn http_routes(received: Shared) -> Router {
    async fn traces(State(received): State<Shared>, headers: HeaderMap, body: Bytes) -> Vec<u8> {
        let request = decode(&received, &headers, &body);
        take_traces(&received, request).encode_to_vec()
    }
    async fn logs(State(received): State<Shared>, headers: HeaderMap, body: Bytes) -> Vec<u8> {
        let request = decode(&received, &headers, &body);
        take_logs(&received, request).encode_to_vec()
    }
    async fn metrics(State(received): State<Shared>, headers: HeaderMap, body: Bytes) -> Vec<u8> {
        let request = decode(&received, &headers, &body);
        take_metrics(&received, request).encode_to_vec()
    }
    Router::new()
        .route("/v1/traces", post(traces))
        .route("/v1/logs", post(logs))
        .route("/v1/metrics", post(metrics))
        .with_state(received)
}

fn decode<M: Message + Default>(received: &Shared, headers: &HeaderMap, body: &Bytes) -> M {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    note_headers(received, headers);
    if headers.get("content-encoding").is_none_or(|encoding| encoding != "gzip") {
        return M::decode(body.clone()).unwrap();
    }
    received.lock().unwrap().compressed += 1;
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(body.as_ref()).read_to_end(&mut plain).unwrap();
    M::decode(plain.as_slice()).unwrap()
}

fn note_headers(received: &Shared, headers: &HeaderMap) {
    let tenant = headers.get("x-tenant").map(|value| value.to_str().unwrap().to_owned());
    received.lock().unwrap().tenants.extend(tenant);
}

fn take_traces(
    received: &Shared,
    request: ExportTraceServiceRequest,
) -> ExportTraceServiceResponse {
    let mut received = received.lock().unwrap();
    for resource_spans in request.resource_spans {
        received.resources.extend(resource_spans.resource);
        received.spans.extend(resource_spans.scope_spans.into_iter().flat_map(|scope| scope.spans));
    }
    let rejected_spans = std::mem::take(&mut received.refused);
    let partial = ExportTracePartialSuccess { rejected_spans, error_message: "told to".to_owned() };
    ExportTraceServiceResponse { partial_success: (rejected_spans > 0).then_some(partial) }
}

fn take_logs(received: &Shared, request: ExportLogsServiceRequest) -> ExportLogsServiceResponse {
    let scopes = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
    received.lock().unwrap().logs.extend(scopes.flat_map(|scope| scope.log_records));
    ExportLogsServiceResponse::default()
}

fn take_metrics(
    received: &Shared,
    request: ExportMetricsServiceRequest,
) -> ExportMetricsServiceResponse {
    let scopes = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
    received.lock().unwrap().metrics.extend(scopes.flat_map(|scope| scope.metrics));
    ExportMetricsServiceResponse::default()
}

#[derive(Clone)]
struct Grpc(Shared);

impl Grpc {
    fn note<T>(&self, request: Request<T>) -> T {
        let (metadata, _, message) = request.into_parts();
        note_headers(&self.0, &metadata.into_headers());
        message
    }
}

fn grpc_routes(received: Shared) -> Router {
    let grpc = Grpc(received);
    let gzip = CompressionEncoding::Gzip;
    tonic::service::Routes::new(TraceServiceServer::new(grpc.clone()).accept_compressed(gzip))
        .add_service(LogsServiceServer::new(grpc.clone()).accept_compressed(gzip))
        .add_service(MetricsServiceServer::new(grpc).accept_compressed(gzip))
        .into_axum_router()
}

#[tonic::async_trait]
impl TraceService for Grpc {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        Ok(Response::new(take_traces(&self.0, self.note(request))))
    }
}

#[tonic::async_trait]
impl LogsService for Grpc {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        Ok(Response::new(take_logs(&self.0, self.note(request))))
    }
}

#[tonic::async_trait]
impl MetricsService for Grpc {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        Ok(Response::new(take_metrics(&self.0, self.note(request))))
    }
}
