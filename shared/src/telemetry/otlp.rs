//! OTLP exporters for a [`Target`]: clients, TLS, headers, compression.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context as _;
use bytes::Bytes;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{
    LogExporter, SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig,
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use tonic::{
    metadata::MetadataMap,
    transport::{Certificate, ClientTlsConfig, Identity},
};

use crate::config::telemetry::{Compression, Protocol, Target, Tls};

/// An exporter of spans; what its endpoint takes only in part is added to `rejected`.
pub(super) fn span_exporter(target: &Target, rejected: &Rejected) -> anyhow::Result<SpanExporter> {
    let built = match target.protocol {
        Protocol::HttpProtobuf => {
            let client =
                RejectionCounting { client: http_client(target)?, rejected: rejected.clone() };
            http(SpanExporter::builder().with_http().with_http_client(client), target).build()
        }
        Protocol::Grpc => grpc(SpanExporter::builder().with_tonic(), target)?.build(),
    };
    built.with_context(|| format!("no exporter of spans for {}", target.url))
}

/// An exporter of log records.
pub(super) fn log_exporter(target: &Target) -> anyhow::Result<LogExporter> {
    let built = match target.protocol {
        Protocol::HttpProtobuf => {
            http(LogExporter::builder().with_http().with_http_client(http_client(target)?), target)
                .build()
        }
        Protocol::Grpc => grpc(LogExporter::builder().with_tonic(), target)?.build(),
    };
    built.with_context(|| format!("no exporter of log records for {}", target.url))
}

fn http<B: WithExportConfig + WithHttpConfig>(builder: B, target: &Target) -> B {
    let headers: HashMap<String, String> = target.headers.0.iter().cloned().collect();
    let builder = builder
        .with_endpoint(&target.url)
        .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
        .with_timeout(target.timeout)
        .with_headers(headers);
    match target.compression {
        Compression::Gzip => builder.with_compression(opentelemetry_otlp::Compression::Gzip),
        Compression::None => builder,
    }
}

fn grpc<B: WithExportConfig + WithTonicConfig>(builder: B, target: &Target) -> anyhow::Result<B> {
    let builder = builder
        .with_endpoint(&target.url)
        .with_timeout(target.timeout)
        .with_metadata(grpc_metadata(target)?);
    let builder = match target.compression {
        Compression::Gzip => builder.with_compression(opentelemetry_otlp::Compression::Gzip),
        Compression::None => builder,
    };
    Ok(match grpc_tls(target) {
        Some(tls) => builder.with_tls_config(tls),
        None => builder,
    })
}

/// The headers of a target as gRPC metadata.
pub(crate) fn grpc_metadata(target: &Target) -> anyhow::Result<MetadataMap> {
    let mut headers = http::HeaderMap::new();
    for (name, value) in &target.headers.0 {
        headers.insert(http::HeaderName::try_from(name)?, http::HeaderValue::try_from(value)?);
    }
    Ok(MetadataMap::from_headers(headers))
}

/// TLS for a gRPC target, when its URL asks for it.
pub(crate) fn grpc_tls(target: &Target) -> Option<ClientTlsConfig> {
    let Tls { authority, client } = &target.tls;
    let config = match authority {
        Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    let config = match client {
        Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
        None => config,
    };
    target.url.starts_with("https://").then_some(config)
}

/// A blocking client for a target. It is built on a thread of its own, since reqwest's blocking client panics where a tokio
/// runtime is entered; the export threads have none.
pub(crate) fn http_client(target: &Target) -> anyhow::Result<reqwest::blocking::Client> {
    install_crypto();
    let target = target.clone();
    let built = std::thread::spawn(move || build_http_client(&target)).join();
    built.map_err(|_| anyhow::anyhow!("the thread that builds the OTLP client panicked"))?
}

fn build_http_client(target: &Target) -> anyhow::Result<reqwest::blocking::Client> {
    let mut builder = reqwest::blocking::Client::builder().timeout(target.timeout);
    if is_loopback(&target.url) {
        // A proxy of the environment has another loopback than ours.
        builder = builder.no_proxy();
    }
    if let Some(pem) = &target.tls.authority {
        let certificates = reqwest::Certificate::from_pem_bundle(pem);
        builder = builder
            .tls_certs_only(certificates.context("the OTLP certificate file is not valid PEM")?);
    }
    if let Some((certificate, key)) = &target.tls.client {
        let identity = reqwest::Identity::from_pem(&[certificate.as_slice(), b"\n", key].concat());
        builder = builder
            .identity(identity.context("the OTLP client certificate or key is not valid PEM")?);
    }
    builder.build().with_context(|| format!("no HTTP client for {}", target.url))
}

fn is_loopback(url: &str) -> bool {
    let uri = url.parse::<http::Uri>().ok();
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Chooses rustls' provider for the process: reqwest is built without one. A second call changes nothing.
pub(crate) fn install_crypto() {
    // The error says that a provider is there already, which is all that is wanted.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Spans that an endpoint said it did not take, of the batch just sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Rejected(Arc<AtomicU64>);

impl Rejected {
    pub(super) fn take(&self) -> u64 {
        self.0.swap(0, Ordering::AcqRel)
    }

    fn read_from(&self, response: &http::Response<Bytes>) {
        if !response.status().is_success() {
            return;
        }
        let decoded = ExportTraceServiceResponse::decode(response.body().clone());
        let rejected = decoded.ok().and_then(|response| response.partial_success);
        let rejected =
            rejected.map_or(0, |partial| u64::try_from(partial.rejected_spans).unwrap_or(0));
        self.0.store(rejected, Ordering::Release);
    }
}

/// Reads `partial_success` from answers, which the exporter of opentelemetry-otlp only logs: without it the account would book
/// as exported what was refused.
#[derive(Debug)]
struct RejectionCounting {
    client: reqwest::blocking::Client,
    rejected: Rejected,
}

type Answer<'a> =
    Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for RejectionCounting {
    fn send_bytes<'me, 'answer>(&'me self, request: http::Request<Bytes>) -> Answer<'answer>
    where
        'me: 'answer,
        Self: 'answer,
    {
        Box::pin(async move {
            let response = self.client.send_bytes(request).await?;
            self.rejected.read_from(&response);
            Ok(response)
        })
    }
}
