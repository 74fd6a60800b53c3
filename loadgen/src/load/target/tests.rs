//! TLS: a certificate that is trusted, and one that is not.

use std::sync::Arc;

use http::Uri;
use rustls::{ClientConfig, RootCertStore, ServerConfig, pki_types::PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{reach, reach_with};

/// A TLS server for `localhost`, and a client that trusts it.
async fn server() -> (Uri, ClientConfig) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .expect("a certificate and its key");
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(server));
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust it goes away.
            let _ = acceptor.accept(stream).await;
        }
    });
    (format!("https://localhost:{port}").parse().expect("a URL"), client)
}

#[tokio::test]
async fn a_target_with_tls_is_reached_when_its_certificate_is_trusted() {
    let (uri, client) = server().await;

    let target = reach_with(&uri, Some(client)).await.expect("trusted");

    assert_eq!(target.authority().to_str().ok(), uri.authority().map(|name| name.as_str()));
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_told() {
    let (uri, _) = server().await;

    let error = reach(&uri).await.err().expect("not trusted").to_string();

    assert!(error.contains("cannot be reached (invalid peer certificate"), "{error}");
}

#[tokio::test]
async fn a_port_is_that_of_the_scheme_where_none_is_given() {
    let (_, client) = server().await;
    for (uri, tls, port) in [("http://[::1]", None, 80), ("https://[::1]", Some(client), 443)] {
        let target = super::Target::new(&uri.parse().expect("a URL"), tls).expect("a target");
        assert_eq!((&*target.host, target.port), ("::1", port));
    }
}
