//! A GET with everything bounded: time, bytes, and what it leaves behind in the backend's own telemetry.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use opentelemetry::trace::{SpanId, TraceId};
use reqwest::Url;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use crate::cli::HeaderArg;

use super::{LOOKUP_TIMEOUT, LookupError, MAX_BODY_BYTES};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Shorter than servers keep idle connections, so that it is this side that closes.
const POOL_IDLE: Duration = Duration::from_secs(15);

/// Connections to one backend, kept alive.
#[derive(Clone, Debug)]
pub(super) struct HttpClient(reqwest::Client);

/// An answer, whole.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl HttpClient {
    pub(super) fn new(headers: &[HeaderArg]) -> anyhow::Result<Self> {
        // Only fails when a provider is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .pool_idle_timeout(POOL_IDLE)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(LOOKUP_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("loadgen/", env!("CARGO_PKG_VERSION")))
            .default_headers(
                headers.iter().map(|given| (given.name.clone(), given.value.clone())).collect(),
            )
            .no_proxy()
            .build();
        client.map(Self).context("TLS cannot be set up")
    }

    /// The answer to a GET of `path` (with its query).
    pub(super) async fn get(
        &self,
        base: &Url,
        path: &str,
        accept: &'static str,
    ) -> Result<Reply, LookupError> {
        let url = base.join(path).map_err(LookupError::garbage)?;
        let request = self.0.get(url).header(header::ACCEPT, accept);
        let sent = request.header("traceparent", unsampled_traceparent()).send().await;
        let mut response = sent.map_err(|error| failed(&error))?;
        let mut body = Vec::with_capacity(announced(&response));
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                let what = format!("it is longer than {} MiB", MAX_BODY_BYTES >> 20);
                return Err(LookupError::Garbage(what));
            }
            body.extend_from_slice(&chunk);
        }
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        Ok(Reply { status, headers, body: body.into() })
    }
}

impl Reply {
    /// An answer with a status that has no meaning for a look-up.
    pub(super) fn refusal(&self) -> LookupError {
        let retry_after = self.headers.get(header::RETRY_AFTER).and_then(|value| {
            let value = value.to_str().ok()?.trim();
            value.parse().map(Duration::from_secs).ok().or_else(|| until_date(value))
        });
        LookupError::Status { status: self.status, retry_after }
    }

    /// Whether the body is said to be of this media type.
    pub(super) fn is(&self, media_type: &str) -> bool {
        let said = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let said = said.and_then(|value| value.split(';').next()).unwrap_or_default();
        said.trim().eq_ignore_ascii_case(media_type)
    }
}

fn until_date(value: &str) -> Option<Duration> {
    let date = OffsetDateTime::parse(value, &Rfc2822).ok()?;
    Some((date - OffsetDateTime::now_utc()).try_into().unwrap_or(Duration::ZERO))
}

/// New ids each time and the sampled flag not set: a backend that traces itself records nothing for it.
fn unsampled_traceparent() -> String {
    let (trace, span) = (rand::random_range(1..=u128::MAX), rand::random_range(1..=u64::MAX));
    format!("00-{}-{}-00", TraceId::from(trace), SpanId::from(span))
}

fn announced(response: &reqwest::Response) -> usize {
    let length = response.content_length().and_then(|length| usize::try_from(length).ok());
    // A length is only a promise: memory is taken for what an ordinary trace needs, the rest as it comes.
    length.unwrap_or(0).min(64 * 1024)
}

fn failed(error: &reqwest::Error) -> LookupError {
    if error.is_timeout() && !error.is_connect() {
        return LookupError::TooSlow;
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    LookupError::Unreachable(innermost.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry_after(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, value.parse().unwrap());
        let reply = Reply { status: StatusCode::SERVICE_UNAVAILABLE, headers, body: Bytes::new() };
        match reply.refusal() {
            LookupError::Status { retry_after, .. } => retry_after,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let far = retry_after("Fri, 31 Dec 2100 23:59:59 GMT").unwrap();
        assert!(far > Duration::from_secs(365 * 24 * 3600));
        assert_eq!(retry_after("soon"), None);
    }

    #[test]
    fn traceparent_is_wellformed_new_and_not_sampled() {
        let (one, other) = (unsampled_traceparent(), unsampled_traceparent());
        assert_eq!((one.len(), &one[..3], &one[52..]), (55, "00-", "-00"));
        assert_ne!(one, other);
    }
}
