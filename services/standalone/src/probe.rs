//! One HTTP question: is this address well?

use std::time::Duration;

use reqwest::{Client, Response, Url};

/// A health document is small; whoever sends more is not asked for the rest.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: reqwest::StatusCode,
    pub(crate) body: String,
}

/// A client that asks the address itself: no proxy, no redirects, one deadline for everything.
pub(crate) fn client(timeout: Duration) -> Result<Client, String> {
    // A provider installed earlier in this process serves as well, so its refusal is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .timeout(timeout)
        .build()
        .map_err(|error| causes(&error))
}

/// GETs `url`.
///
/// # Errors
/// The whole chain of causes, in words, when no complete answer came.
pub(crate) async fn get(client: &Client, url: Url) -> Result<Answer, String> {
    let response = client.get(url).send().await.map_err(|error| causes(&error))?;
    let status = response.status();
    let body = read_body(response).await.map_err(|error| causes(&error))?;
    Ok(Answer { status, body })
}

async fn read_body(mut response: Response) -> reqwest::Result<String> {
    let mut bytes = Vec::new();
    while bytes.len() < MAX_BODY_BYTES
        && let Some(chunk) = response.chunk().await?
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(MAX_BODY_BYTES);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// reqwest's own text stops at "error sending request"; the reason is in its sources.
pub(crate) fn causes(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut source = std::error::Error::source(error);
    let mut innermost = error.to_string();
    while let Some(cause) = source {
        innermost = cause.to_string();
        source = cause.source();
    }
    innermost
}
