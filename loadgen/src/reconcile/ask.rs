//! Asking the target for a list, again where that may help.
//!
//! Invariant: what may pass (no answer, one that broke off, 429, 5xx) is an error only when the time for it is over, or would be by the time
//! that the target's `Retry-After` names; what will not pass (another status, an answer that is no list) is one at once.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use http::{HeaderMap, HeaderName, StatusCode, header};
use reqwest::{Client, RequestBuilder, Url, redirect};
use serde::de::DeserializeOwned;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use crate::cli::Token;

/// One answer may take at most so long, and at least so long even where the time for all tries is nearly over.
const TIMEOUT: Duration = Duration::from_secs(30);
const LEAST_TIMEOUT: Duration = Duration::from_secs(1);
/// The pause doubles with every try, and up to half of it is added by chance: several ask at once.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Asks.
#[derive(Debug)]
pub(super) struct Asker {
    client: Client,
    token: Option<Token>,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answered<T> {
    pub(super) body: T,
    /// The target's clock.
    pub(super) date: Option<OffsetDateTime>,
}

/// A try that has failed.
struct Failed {
    error: anyhow::Error,
    /// Whether it may be otherwise later, at the earliest after so long.
    again: Option<Duration>,
}

impl Asker {
    pub(super) fn new(token: Option<&Token>) -> anyhow::Result<Self> {
        // An error means that the process has a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build();
        Ok(Self {
            client: client.context("no HTTP client for --reconcile")?,
            token: token.cloned(),
        })
    }

    /// What `url` answers; asked again until `until`.
    ///
    /// # Errors
    /// What the last try has met, and what to do.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        url: &Url,
        until: Instant,
    ) -> anyhow::Result<Answered<T>> {
        let mut pause = FIRST_PAUSE;
        loop {
            let Failed { error, again } = match self.ask_once(url, until).await {
                Ok(answered) => return Ok(answered),
                Err(failed) => failed,
            };
            let Some(least) = again else { return Err(error) };
            let wait = pause.mul_f64(rand::random_range(1.0..1.5)).max(least);
            if wait > until.saturating_duration_since(Instant::now()) {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    async fn ask_once<T: DeserializeOwned>(
        &self,
        url: &Url,
        until: Instant,
    ) -> Result<Answered<T>, Failed> {
        let left = until.saturating_duration_since(Instant::now());
        let request = self.request(url).timeout(left.clamp(LEAST_TIMEOUT, TIMEOUT));
        let lost = |error: reqwest::Error, what: String| {
            let error = anyhow::Error::new(error.without_url()).context(what);
            Failed { error, again: Some(Duration::ZERO) }
        };
        let response = request
            .send()
            .await
            .map_err(|error| lost(error, format!("GET {url} got no answer")))?;
        refused(response.status(), response.headers(), url)?;
        let date = timestamp(response.headers(), &header::DATE);
        let body = response.bytes().await;
        let body =
            body.map_err(|error| lost(error, format!("the answer of GET {url} broke off")))?;
        let body = serde_json::from_slice(&body).map_err(|error| Failed {
            error: anyhow!("the answer of GET {url} is no list of rows: {error}"),
            again: None,
        })?;
        Ok(Answered { body, date })
    }

    /// Not sampled: a look-up is none of the target's work, and its trace would be one that nobody verifies.
    fn request(&self, url: &Url) -> RequestBuilder {
        let ids = (rand::random::<u128>() | 1, rand::random::<u64>() | 1);
        let traceparent = format!("00-{:032x}-{:016x}-00", ids.0, ids.1);
        let request = self.client.get(url.clone()).header("traceparent", traceparent);
        match &self.token {
            Some(Token(token)) => request.header(header::AUTHORIZATION, token.clone()),
            None => request,
        }
    }
}

fn refused(status: StatusCode, headers: &HeaderMap, url: &Url) -> Result<(), Failed> {
    let advice = match status {
        StatusCode::OK => return Ok(()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "give a token that may read it: --token"
        }
        StatusCode::NOT_FOUND => "the target has no such list; --reconcile needs the gateway's",
        _ => "its log says why",
    };
    let may_pass = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    Err(Failed {
        error: anyhow!("GET {url} answered {status}; {advice}"),
        again: may_pass.then(|| retry_after(headers)),
    })
}

/// Seconds, or a date (RFC 9110, section 10.2.3); none where the header is not there or neither.
fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds =
        headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let until = || {
        let left = timestamp(headers, &header::RETRY_AFTER)? - OffsetDateTime::now_utc();
        left.try_into().ok()
    };
    seconds.map(Duration::from_secs).or_else(until).unwrap_or_default()
}

fn timestamp(headers: &HeaderMap, name: &HeaderName) -> Option<OffsetDateTime> {
    let text = headers.get(name)?.to_str().ok()?;
    OffsetDateTime::parse(text, &Rfc2822).ok()
}
