//! The client with which a service calls the next: reqwest with reqwest-middleware.
//!
//! Invariants: every try is a CLIENT span of its own whose context is injected; a request is repeated only when it certainly
//! never reached the callee; a 503 is never repeated, so retries cannot multiply along the chain.

use std::{sync::OnceLock, time::Duration};

use anyhow::Context as _;
use axum::body::Bytes;
use http::{HeaderMap, Method, header};
use reqwest::Url;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::{Jitter, RetryError, RetryTransientMiddleware, policies::ExponentialBackoff};
use reqwest_tracing::TracingMiddleware;

use crate::{
    names,
    problem::Problem,
    scope::{HOP_ALLOWANCE, Scope},
    token,
};

mod answer;
mod base;
mod call;
mod retry;
mod trace;

pub use answer::Answer;
use answer::bad_gateway;
pub use base::base_url;
use base::service_url;
pub use call::Call;

/// Shorter than a server of ours keeps an idle connection, so that it is the client that closes.
const POOL_IDLE: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Time kept back for sending on what the callee says at the last moment.
const ANSWER_ALLOWANCE: Duration = Duration::from_millis(10);
const MAX_RETRIES: u32 = 2;
/// Bytes of an answer that are read: a list of 200 entries fits many times.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;
/// What a call gets that is part of no request and so has no deadline.
pub const UNTRACED_TIMEOUT: Duration = Duration::from_secs(2);
const PROBE_TIMEOUT: Duration = Duration::from_millis(800);

/// A client of one service.
#[derive(Clone, Debug)]
pub struct Client {
    traced: ClientWithMiddleware,
    plain: reqwest::Client,
    base: Url,
    peer: &'static str,
}

impl Client {
    /// A client of the service `peer` at the URL `base`.
    ///
    /// # Errors
    /// When `base` is not an http or https URL, or TLS cannot be set up.
    pub fn new(base: &str, peer: &'static str) -> anyhow::Result<Self> {
        let base = service_url(base).with_context(|| format!("the URL of {peer} is '{base}'"))?;
        let plain = transport_client()?;
        let backoff = ExponentialBackoff::builder()
            .retry_bounds(Duration::from_millis(20), Duration::from_millis(200))
            .jitter(Jitter::Full)
            .build_with_max_retries(MAX_RETRIES);
        let retry =
            RetryTransientMiddleware::new_with_policy_and_strategy(backoff, retry::NeverSent);
        let traced = ClientBuilder::new(plain.clone())
            .with(retry)
            .with(TracingMiddleware::<trace::ClientSpan>::new())
            .with(trace::Inject)
            .build();
        Ok(Self { traced, plain, base, peer })
    }

    /// The service called, as in `peer.service`.
    #[must_use]
    pub fn peer(&self) -> &'static str {
        self.peer
    }

    /// Makes the call within the request's deadline.
    ///
    /// # Errors
    /// 504 when no answer came in time, 502 when the service was not reached or its answer broke off; both name it.
    pub async fn call(&self, call: Call, scope: &Scope) -> Result<Answer, Problem> {
        let left = scope.remaining();
        let allowed = call.timeout.map_or(left, |own| own.min(left));
        let for_callee = allowed.saturating_sub(HOP_ALLOWANCE);
        if for_callee.is_zero() {
            return Err(self.no_time_left());
        }
        // Longer than the callee has: what it answers at its own deadline, and whom it names, is still heard.
        let patience = allowed.saturating_sub(ANSWER_ALLOWANCE);
        let answer = async { self.read(self.send(call, for_callee, patience, scope).await?).await };
        // reqwest's timeout is per try and ends the span well; this one bounds the tries together.
        tokio::time::timeout(allowed, answer).await.unwrap_or_else(|_| Err(self.too_late()))
    }

    /// Makes a call that is part of no request, neither traced nor counted, to `path` below the service's address.
    ///
    /// # Errors
    /// 504 when no answer came within [`UNTRACED_TIMEOUT`], 502 when the service was not reached or its answer broke off.
    pub async fn call_untraced(
        &self,
        method: Method,
        path: &'static str,
        json: Option<Bytes>,
    ) -> Result<Answer, Problem> {
        let url = self.base.join(path);
        let url = url.map_err(|error| Problem::internal_error("").because(error))?;
        let mut request =
            self.plain.request(method, url).headers(authorization()).timeout(UNTRACED_TIMEOUT);
        if let Some(json) = json {
            request = request.header(header::CONTENT_TYPE, "application/json").body(json);
        }
        self.read(request.send().await.map_err(|error| self.failed(&error.into()))?).await
    }

    async fn send(
        &self,
        call: Call,
        for_callee: Duration,
        patience: Duration,
        scope: &Scope,
    ) -> Result<reqwest::Response, Problem> {
        let url = self.base.join(call.path.trim_start_matches('/'));
        let url = url.map_err(|error| Problem::internal_error("").because(error))?;
        let mut request = self
            .traced
            .request(call.method, url)
            .headers(call.headers)
            .header(names::header::DEADLINE, for_callee.as_millis().to_string())
            .header(names::header::REQUEST_ID, scope.request_id().to_string())
            .timeout(patience)
            .headers(authorization())
            .with_extension(trace::Target { template: call.template, peer: self.peer })
            .with_extension(trace::Baggage(call.baggage));
        if let Some(body) = call.body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        request.send().await.map_err(|error| self.failed(&error))
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Answer, Problem> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::with_capacity(
            response.content_length().map_or(0, |length| (length as usize).min(ANSWER_LIMIT)),
        );
        while let Some(chunk) =
            response.chunk().await.map_err(|error| self.failed(&error.into()))?
        {
            if body.len() + chunk.len() > ANSWER_LIMIT {
                return Err(self.bad_answer("its answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: body.into(), peer: self.peer })
    }

    /// Whether the service is alive, for `/health`; neither traced nor counted.
    ///
    /// # Errors
    /// Says what was wrong.
    pub async fn probe(&self) -> Result<(), String> {
        let url = self.base.join("health/live").map_err(|error| error.to_string())?;
        let answer = self.plain.get(url).timeout(PROBE_TIMEOUT).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("answers {}", answer.status())),
            Err(error) => Err(root_cause(&error)),
        }
    }

    fn failed(&self, error: &reqwest_middleware::Error) -> Problem {
        if transport(error).is_some_and(|error| error.is_timeout() && !error.is_connect()) {
            return self.too_late().because(root_cause(error));
        }
        self.bad_answer("it could not be reached, or broke off").because(root_cause(error))
    }

    fn too_late(&self) -> Problem {
        Problem::timeout(format!("{} did not answer in time", self.peer)).of_service(self.peer)
    }

    fn no_time_left(&self) -> Problem {
        let detail =
            format!("the deadline was too near for {} to be asked; allow more time", self.peer);
        Problem::timeout(detail)
    }

    fn bad_answer(&self, what: &str) -> Problem {
        bad_gateway(self.peer, what)
    }
}

/// The token of this process, which is that of the whole chain.
fn authorization() -> HeaderMap {
    token::own().map(|value| (header::AUTHORIZATION, value)).into_iter().collect()
}

/// The process's one connection pool: services are told apart by their addresses, and its TLS roots are loaded once.
fn transport_client() -> anyhow::Result<reqwest::Client> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    // Only fails when a provider is installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder()
        .pool_idle_timeout(POOL_IDLE)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("tracechain/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .build()?;
    Ok(CLIENT.get_or_init(|| client).clone())
}

/// reqwest's own error, which the retry middleware wraps in two more.
fn transport(error: &reqwest_middleware::Error) -> Option<&reqwest::Error> {
    match error {
        reqwest_middleware::Error::Reqwest(error) => Some(error),
        reqwest_middleware::Error::Middleware(error) => match error.downcast_ref()? {
            RetryError::WithRetries { err, .. } | RetryError::Error(err) => transport(err),
        },
    }
}

/// The innermost error: what the operating system or hyper said, without the URL.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
