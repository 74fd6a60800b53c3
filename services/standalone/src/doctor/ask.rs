//! One question over HTTP, and what can be wrong with the answer.

use std::time::Duration;

use reqwest::header;
use reqwest::{Client, RequestBuilder, Url};
use serde_json::Value;
use shared::token::ApiToken;

use crate::probe;

/// A search over much data on a small machine takes its time.
const TIMEOUT: Duration = Duration::from_secs(10);
/// More than any answer here has; whoever sends more is not asked for the rest.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
/// As much of an error's text as fits a line.
const SHOWN: usize = 200;
/// By which infra/otel-collector.tail-sampling.yaml knows the traces that are looked for.
const USER_AGENT: &str = concat!("tracechain-doctor/", env!("CARGO_PKG_VERSION"));

/// Asks.
pub(super) struct Ask {
    client: Client,
    /// What the system itself wants.
    token: Option<ApiToken>,
    /// The viewer's address: of what keeps telemetry, it alone belongs to the system and is shown the token.
    viewer: Option<String>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Why there is no answer to work with.
#[derive(Clone, Debug)]
pub(super) enum Refused {
    /// Nobody there, or too slow, in words.
    Unreachable(String),
    /// An answer that is not the one asked for, in words.
    Status(u16, String),
}

impl Refused {
    /// Complete with the address, as part of a sentence.
    pub(super) fn told(&self, url: &str) -> String {
        match self {
            Self::Unreachable(cause) => format!("{url} does not answer: {cause}"),
            Self::Status(status, text) => format!("{url} answered {status}: {text}"),
        }
    }
}

impl Ask {
    pub(super) fn new(token: Option<ApiToken>) -> Result<Self, String> {
        probe::client(TIMEOUT).map(|client| Self { client, token, viewer: None })
    }

    /// Shows the token to whatever is below `base` as well.
    pub(super) fn trust(&mut self, base: &str) {
        self.viewer = Some(format!("{base}/"));
    }

    /// GETs, whatever the status of the answer.
    pub(super) async fn get(
        &self,
        url: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Answer, Refused> {
        let wrong = |error: &dyn std::fmt::Display| Refused::Unreachable(error.to_string());
        let trusted = self.viewer.as_ref().is_some_and(|viewer| url.starts_with(viewer));
        let url = Url::parse_with_params(url, parameters).map_err(|error| wrong(&error))?;
        let request = self.client.get(url);
        self.send(if trusted { self.with_token(request) } else { request }).await
    }

    /// GETs JSON.
    pub(super) async fn json(
        &self,
        url: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Value, Refused> {
        self.get(url, parameters).await?.json()
    }

    /// POSTs JSON to the system, with its token, for a JSON answer.
    pub(super) async fn post(&self, url: &str, body: &Value) -> Result<Value, Refused> {
        let request = self.client.post(url).header(header::USER_AGENT, USER_AGENT).json(body);
        self.send(self.with_token(request)).await?.json()
    }

    fn with_token(&self, request: RequestBuilder) -> RequestBuilder {
        let token = self.token.iter().map(|token| (header::AUTHORIZATION, token.bearer()));
        request.headers(token.collect())
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, Refused> {
        let wrong = |error: reqwest::Error| Refused::Unreachable(probe::causes(&error));
        let mut response = request.send().await.map_err(wrong)?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        while bytes.len() < MAX_BODY_BYTES
            && let Some(chunk) = response.chunk().await.map_err(wrong)?
        {
            bytes.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body: String::from_utf8_lossy(&bytes).into_owned() })
    }
}

impl Answer {
    /// The JSON of a success.
    pub(super) fn json(self) -> Result<Value, Refused> {
        let success = (200..300).contains(&self.status);
        let json = serde_json::from_str(&self.body).ok().filter(|_| success);
        json.ok_or_else(|| self.refused())
    }

    /// As what is not wanted.
    pub(super) fn refused(&self) -> Refused {
        let line: String = self.body.split_whitespace().collect::<Vec<_>>().join(" ");
        Refused::Status(self.status, line.chars().take(SHOWN).collect())
    }
}
