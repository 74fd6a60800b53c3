//! One read of a target.

use std::{error::Error, time::Duration};

use reqwest::{Client, StatusCode, header, redirect::Policy};

use super::{
    reading::{Reading, Unreadable},
    target::Target,
};

/// From the connection to the last byte.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(2);
/// What a service may answer with.
pub(crate) const MAX_BODY: usize = 4 * 1024 * 1024;

/// Why there is no reading.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotRead {
    /// Nobody answers, or with a server's error.
    #[error("{0}")]
    Down(String),
    #[error(
        "answers 404: it serves no metrics there, as our services do with OTEL_METRICS_EXPORTER=otlp, console or none. Set \
         OTEL_METRICS_EXPORTER=prometheus for it (the default), or look where it sends them"
    )]
    NotServed,
    #[error("{0}")]
    Unreadable(String),
}

impl From<Unreadable> for NotRead {
    fn from(error: Unreadable) -> Self {
        Self::Unreadable(error.to_string())
    }
}

#[derive(Clone)]
pub(super) struct Fetcher(Client);

impl Fetcher {
    pub(super) fn new(targets: &[Target]) -> anyhow::Result<Self> {
        // Only fails when a provider is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let builder = Client::builder()
            .timeout(TIMEOUT)
            .redirect(Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(1)
            .user_agent(concat!("tracechain-viewer/", env!("CARGO_PKG_VERSION")));
        let is_encrypted = targets.iter().any(|target| target.url.scheme() == "https");
        // The system's roots take a megabyte, and most have nothing to check with them.
        let builder = if is_encrypted { builder } else { builder.tls_certs_only([]) };
        Ok(Self(builder.build()?))
    }

    pub(super) async fn fetch(&self, target: &Target) -> Result<Reading, NotRead> {
        let request = self.0.get(target.url.clone());
        let request = request.header(header::ACCEPT, "text/plain;version=0.0.4");
        let mut response = request.send().await.map_err(|error| down(&error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(NotRead::NotServed),
            status if status.is_server_error() => {
                return Err(NotRead::Down(format!("answers {}", status.as_u16())));
            }
            status => return Err(NotRead::Unreadable(format!("answers {}", status.as_u16()))),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| down(&error))? {
            if body.len() + chunk.len() > MAX_BODY {
                let limit = MAX_BODY / 1024 / 1024;
                return Err(NotRead::Unreadable(format!(
                    "answers more than {limit} MiB, the limit"
                )));
            }
            body.extend_from_slice(&chunk);
        }
        let text = str::from_utf8(&body);
        let text = text.map_err(|_| NotRead::Unreadable("answers no UTF-8".to_owned()))?;
        Ok(Reading::of(text)?)
    }
}

/// The innermost cause: the outer ones say that a request failed, and to which address, which is known.
fn down(error: &reqwest::Error) -> NotRead {
    if error.is_timeout() {
        return NotRead::Down(format!("no whole answer within {} s", TIMEOUT.as_secs()));
    }
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    NotRead::Down(cause.to_string())
}
