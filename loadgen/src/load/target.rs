//! Where requests go, and whether it can be reached at all.

use std::{io, pin::Pin, sync::Arc, time::Duration};

use http::{HeaderValue, Uri};
use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt as _;
use shared::config::Invalid;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// How long the check before the load may take.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);

/// A target that could be connected to when [`reach`] made it.
#[derive(Clone)]
pub struct Target {
    host: Arc<str>,
    port: u16,
    /// Value of the `host` header.
    authority: HeaderValue,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// The bytes of a connection, with TLS or without.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Whether the target can be connected to, TLS included: asked once, before any load.
///
/// # Errors
/// One sentence that says what went wrong and what to do.
pub async fn reach(uri: &Uri) -> Result<Target, Invalid> {
    let tls = match uri.scheme_str() {
        Some("https") => Some(tls_of_this_machine().map_err(|error| unreachable(uri, &error))?),
        _ => None,
    };
    reach_with(uri, tls).await
}

async fn reach_with(uri: &Uri, tls: Option<ClientConfig>) -> Result<Target, Invalid> {
    let target = Target::new(uri, tls).map_err(|error| unreachable(uri, &error))?;
    match tokio::time::timeout(REACH_TIMEOUT, target.connect()).await {
        Ok(Ok(_)) => Ok(target),
        Ok(Err(error)) => Err(unreachable(uri, &error)),
        Err(_) => {
            Err(unreachable(uri, &format!("no connection within {} s", REACH_TIMEOUT.as_secs())))
        }
    }
}

impl Target {
    fn new(uri: &Uri, tls: Option<ClientConfig>) -> io::Result<Self> {
        let invalid = |error: &str| io::Error::new(io::ErrorKind::InvalidInput, error.to_owned());
        let authority = uri.authority().ok_or_else(|| invalid("it has no host"))?;
        let host = authority.host().trim_matches(['[', ']']);
        let port = if tls.is_some() { 443 } else { 80 };
        let tls = match tls {
            Some(config) => {
                let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
            None => None,
        };
        let value = HeaderValue::from_str(authority.as_str()).map_err(io::Error::other)?;
        Ok(Self {
            host: host.into(),
            port: authority.port_u16().unwrap_or(port),
            authority: value,
            tls,
        })
    }

    pub(super) fn authority(&self) -> &HeaderValue {
        &self.authority
    }

    pub(super) async fn connect(&self) -> io::Result<Pin<Box<dyn Io>>> {
        let tcp = TcpStream::connect((&*self.host, self.port)).await?;
        tcp.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Box::pin(tcp)),
            Some((connector, name)) => Ok(Box::pin(connector.connect(name.clone(), tcp).await?)),
        }
    }
}

/// The roots of the operating system, as every other client of this project takes them.
fn tls_of_this_machine() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(config)
}

fn unreachable(uri: &Uri, error: &dyn std::fmt::Display) -> Invalid {
    let uri = uri.to_string();
    let uri = uri.trim_end_matches('/');
    Invalid(format!(
        "the target {uri} cannot be reached ({error}): start it, or name another with --target"
    ))
}

#[cfg(test)]
mod tests;
