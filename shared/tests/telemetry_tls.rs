//! Telemetry over TLS, to an endpoint that shows a certificate of a private authority and wants one of the same from its client:
//! spans over HTTP, log records over gRPC.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{net::SocketAddr, path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use shared::{
    config::telemetry::TelemetryArgs,
    telemetry::{SPAN_TARGET, Telemetry},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
        server::WebPkiClientVerifier,
    },
};

#[path = "support/otlp_sink.rs"]
mod otlp_sink;

use otlp_sink::Sink;

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Issuer {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn signed(authority: &Issuer) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap(), key)
}

/// Ends TLS in front of `plain`, and asks clients for a certificate.
async fn terminate_tls(authority: &Issuer, plain: SocketAddr) -> u16 {
    let (certificate, key) = signed(authority);
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("localhost:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut outside = acceptor.accept(stream).await.unwrap();
                let mut inside = tokio::net::TcpStream::connect(plain).await.unwrap();
                // The client closes when it likes; what counts is what the sink has.
                let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            });
        }
    });
    port
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn spans_over_https_and_logs_over_grpc_with_tls_arrive() {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let sink = Sink::start(None, 0);
    let authority = authority();
    let port = terminate_tls(&authority, sink.address).await;
    let (certificate, key) = signed(&authority);
    let folder = tempfile::tempdir().unwrap();
    let file = |name, text: String| write(folder.path(), name, &text);
    let flags = [
        format!("--otel-exporter-otlp-endpoint=https://localhost:{port}"),
        format!("--otel-exporter-otlp-certificate={}", file("ca.pem", authority.pem())),
        format!(
            "--otel-exporter-otlp-client-certificate={}",
            file("client.pem", certificate.pem())
        ),
        format!("--otel-exporter-otlp-client-key={}", file("client.key", key.serialize_pem())),
        "--otel-exporter-otlp-logs-protocol=grpc".to_owned(),
        "--otel-metrics-exporter=otlp".to_owned(),
        "--otel-exporter-otlp-metrics-protocol=grpc".to_owned(),
    ];
    let args = TelemetryArgs::from_flags(flags.iter().map(String::as_str)).unwrap();
    let telemetry = Telemetry::start(&args, "order-service").unwrap();
    drop(tracing::info_span!(target: SPAN_TARGET, "work"));
    tracing::info!("a line");

    let account = telemetry.flush().await;
    assert_eq!((account.ended, account.exported), (1, 1));
    let received = sink.received();
    assert_eq!(received.spans.len(), 1);
    assert!(!received.logs.is_empty() && !received.metrics.is_empty());
}
