//! Reads one trace by its id from Tempo (the viewer speaks the same) or Jaeger.
//!
//! Invariants: what could not be read whole is an error, never fewer spans; a look-up ends within [`LOOKUP_TIMEOUT`] and reads at most
//! [`MAX_BODY_BYTES`]; it carries an unsampled `traceparent`, so that looking makes no traces.

use std::time::Duration;

use anyhow::Context as _;
use http::StatusCode;
use opentelemetry::trace::TraceId;
use reqwest::Url;

use super::span::Span;
use crate::cli::{BackendName, HeaderArg};
use http_client::{HttpClient, Reply};

mod http_client;
mod jaeger;
mod tempo;
mod value;

/// The longest that a look-up takes.
pub const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer that is read: a trace of tens of thousands of spans.
pub const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// A backend's query API.
#[derive(Clone, Debug)]
pub struct Backend {
    speaks: BackendName,
    base: Url,
    client: HttpClient,
}

/// What the backend has of a trace.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Its spans, at least one; a span that was delivered twice is here once.
    Spans(Vec<Span>),
    /// Nothing: it may be on its way still.
    Unknown,
    /// It was there, and had to make room for others.
    Evicted,
}

/// Why a look-up says nothing about the trace.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LookupError {
    /// No connection, or it broke.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// No whole answer in time.
    #[error("did not answer within {} s", LOOKUP_TIMEOUT.as_secs())]
    TooSlow,
    /// An answer that is neither a trace nor the word that there is none.
    #[error("answered {status}{}{}", wait(*.retry_after), wanted(*.status))]
    Status {
        /// Its status.
        status: StatusCode,
        /// What its `Retry-After` asked for.
        retry_after: Option<Duration>,
    },
    /// It says that it did not look everywhere.
    #[error("gave only part of the trace{0}")]
    Partial(String),
    /// An answer that cannot be read as a trace.
    #[error("gave an answer that is no trace: {0}")]
    Garbage(String),
}

fn wait(asked: Option<Duration>) -> String {
    asked.map_or_else(String::new, |wait| format!(" and asked for {} s of rest", wait.as_secs()))
}

fn wanted(status: StatusCode) -> &'static str {
    if is_refused(status) { "; show what it wants to see by --traces-header" } else { "" }
}

fn is_refused(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

impl LookupError {
    /// Whether it says that the backend as a whole is in trouble, rather than something about this trace: others need not be asked for now.
    #[must_use]
    pub fn concerns_all(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TooSlow => true,
            Self::Status { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Partial(_) | Self::Garbage(_) => false,
        }
    }

    pub(super) fn garbage(what: impl std::fmt::Display) -> Self {
        Self::Garbage(what.to_string())
    }
}

impl Backend {
    /// The backend at `base` (scheme, host and perhaps a port); every look-up carries `headers`.
    ///
    /// # Errors
    /// When `base` is no http or https URL, or TLS cannot be set up.
    pub fn new(
        speaks: BackendName,
        base: &http::Uri,
        headers: &[HeaderArg],
    ) -> anyhow::Result<Self> {
        let base = Url::parse(&base.to_string())
            .with_context(|| format!("--traces {base}: accepted: http://host:port"))?;
        Ok(Self { speaks, base, client: HttpClient::new(headers)? })
    }

    /// Where it is, for messages.
    #[must_use]
    pub fn url(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// What it has of a trace.
    ///
    /// # Errors
    /// When it does not say.
    pub async fn fetch(&self, id: TraceId) -> Result<Found, LookupError> {
        let (path, accept) = match self.speaks {
            BackendName::Tempo => (format!("/api/v2/traces/{id}"), "application/protobuf"),
            // Raw: as stored, without the repairs that Jaeger otherwise makes for its pages.
            BackendName::Jaeger => {
                (format!("/api/v3/traces/{id}?raw_traces=true"), "application/json")
            }
        };
        let reply = self.client.get(&self.base, &path, accept).await?;
        match reply.status {
            StatusCode::OK => self.read(id, reply),
            StatusCode::NOT_FOUND => Ok(Found::Unknown),
            StatusCode::GONE => Ok(Found::Evicted),
            _ => Err(reply.refusal()),
        }
    }

    /// Whether it is there, is what it should be, and lets itself be asked.
    ///
    /// # Errors
    /// When it is not; a server that is not this backend's query API is told from its answer.
    pub async fn check(&self) -> Result<(), LookupError> {
        let path = match self.speaks {
            BackendName::Tempo => "/api/echo",
            BackendName::Jaeger => "/api/v3/services",
        };
        let reply = self.client.get(&self.base, path, "application/json").await?;
        let known = match self.speaks {
            BackendName::Tempo => reply.body.starts_with(b"echo"),
            BackendName::Jaeger => jaeger::is_object(&reply.body),
        };
        match reply.status {
            StatusCode::OK if known => self.lets_itself_be_asked().await,
            StatusCode::OK | StatusCode::NOT_FOUND => Err(LookupError::garbage(format!(
                "{path} is not that of {:?}'s query API; is this its address, and --backend what it speaks?",
                self.speaks
            ))),
            _ => Err(reply.refusal()),
        }
    }

    /// What guards traces may let everybody see that it is there. No trace has such an id.
    async fn lets_itself_be_asked(&self) -> Result<(), LookupError> {
        match self.fetch(TraceId::from(rand::random_range(1..=u128::MAX))).await {
            Err(error @ LookupError::Status { status, .. }) if is_refused(status) => Err(error),
            _ => Ok(()),
        }
    }

    fn read(&self, id: TraceId, reply: Reply) -> Result<Found, LookupError> {
        let spans = match self.speaks {
            BackendName::Tempo => tempo::spans(id, &reply)?,
            BackendName::Jaeger => jaeger::spans(id, &reply.body)?,
        };
        Ok(if spans.is_empty() { Found::Unknown } else { Found::Spans(once_each(spans)) })
    }
}

/// An exporter that did not hear the answer sends a batch again: the same span twice is one span. Two different ones with one id stay two.
fn once_each(spans: Vec<Span>) -> Vec<Span> {
    let mut kept = Vec::<Span>::with_capacity(spans.len());
    let mut first = std::collections::HashMap::with_capacity(spans.len());
    for span in spans {
        let index = *first.entry(span.id).or_insert(kept.len());
        if kept.get(index) != Some(&span) {
            kept.push(span);
        }
    }
    kept
}
