//! OTLP exporters for a [`Target`]: clients, TLS, headers, compression.

use std::{collections::HashMap, time::Duration};

use anyhow::Context as _;
use opentelemetry_otlp::{
    LogExporter, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig,
};
use tonic::{
    metadata::MetadataMap,
    transport::{Certificate, ClientTlsConfig, Identity},
};

use super::delivery::{DeliveringClient, Patience, Rejected, Way};
use crate::config::telemetry::{Compression, Protocol, Target, Tls};

/// An exporter of spans; what its endpoint takes only in part is added to `rejected`. Over HTTP it waits for an endpoint that is away;
/// over gRPC its caller does.
pub(super) fn span_exporter(
    target: &Target,
    rejected: &Rejected,
    patience: &Patience,
) -> anyhow::Result<SpanExporter> {
    let built = match target.protocol {
        Protocol::HttpProtobuf => {
            let client = delivering_client("spans", target, rejected, patience)?;
            http(SpanExporter::builder().with_http().with_http_client(client), target).build()
        }
        Protocol::Grpc => {
            let builder = SpanExporter::builder().with_tonic();
            grpc(builder.with_retry_policy(RetryPolicy::disabled()), target)?.build()
        }
    };
    built.with_context(|| format!("no exporter of spans for {}", target.url))
}

/// An exporter of log records. Over HTTP it waits for an endpoint that is away; over gRPC it tries four times.
pub(super) fn log_exporter(target: &Target, patience: &Patience) -> anyhow::Result<LogExporter> {
    let built = match target.protocol {
        Protocol::HttpProtobuf => {
            let client = delivering_client("log records", target, &Rejected::default(), patience)?;
            http(LogExporter::builder().with_http().with_http_client(client), target).build()
        }
        Protocol::Grpc => grpc(LogExporter::builder().with_tonic(), target)?.build(),
    };
    built.with_context(|| format!("no exporter of log records for {}", target.url))
}

fn delivering_client(
    signal: &'static str,
    target: &Target,
    rejected: &Rejected,
    patience: &Patience,
) -> anyhow::Result<DeliveringClient> {
    let client = http_client(target)?;
    let way = Way::new(signal, &target.url, patience);
    Ok(DeliveringClient { client, rejected: rejected.clone(), way })
}

fn http<B: WithExportConfig + WithHttpConfig>(builder: B, target: &Target) -> B {
    let headers: HashMap<String, String> = target.headers.0.iter().cloned().collect();
    let builder = builder
        .with_endpoint(&target.url)
        .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
        .with_timeout(target.timeout)
        // The client below tries again, longer and without encoding anew.
        .with_retry_policy(RetryPolicy::disabled())
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
    // Shorter than the whole, so that an endpoint which cannot be reached is told from one that does not answer.
    let connect_timeout: Duration = target.timeout / 2;
    let mut builder = reqwest::blocking::Client::builder()
        .timeout(target.timeout)
        .connect_timeout(connect_timeout);
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
