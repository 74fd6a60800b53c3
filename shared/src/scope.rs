//! What belongs to one request: its id, its deadline, what baggage it adds.
//!
//! The server layer makes one per request; handlers take it as an extractor and hand it to the client, so that deadline
//! and request id travel along the chain.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use axum::extract::FromRequestParts;
use http::{HeaderMap, request::Parts};
use uuid::Uuid;

use crate::{names::header, problem::Problem};

/// Time kept back at each hop, so that a caller is still there to hear of its callee's timeout.
pub const HOP_ALLOWANCE: Duration = Duration::from_millis(50);

/// The timeout of a request that did not come through the server layer.
pub(crate) const UNLAYERED: Duration = Duration::from_secs(8);

/// One request's scope; clones share it.
#[derive(Clone, Debug)]
pub struct Scope(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: &'static str,
    started: Instant,
    deadline: Instant,
    given_id: Option<Uuid>,
    request_id: OnceLock<Uuid>,
}

impl Scope {
    /// The scope of a request with these headers: `x-deadline-ms` can only lower `timeout`, and a negative one has passed;
    /// the request id is that of `x-request-id` when it is a UUID.
    #[must_use]
    pub fn new(service: &'static str, timeout: Duration, headers: &HeaderMap) -> Self {
        let started = Instant::now();
        let asked = milliseconds(headers, &header::DEADLINE).unwrap_or(timeout);
        let given_id = text(headers, &header::REQUEST_ID).and_then(|id| Uuid::try_parse(id).ok());
        Self(Arc::new(Inner {
            service,
            started,
            deadline: started + asked.min(timeout),
            given_id,
            request_id: OnceLock::new(),
        }))
    }

    /// The service that works on the request.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.0.service
    }

    /// The request's id: what [`Scope::identify`] set, else what the caller's header said, else a new `UUIDv7`.
    #[must_use]
    pub fn request_id(&self) -> Uuid {
        *self.0.request_id.get_or_init(|| self.0.given_id.unwrap_or_else(Uuid::now_v7))
    }

    /// Sets the request's id, once and before [`Scope::request_id`] is first asked; later calls change nothing.
    pub fn identify(&self, request_id: Uuid) {
        self.0.request_id.get_or_init(|| request_id);
    }

    /// How long the request has been worked on.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.started.elapsed()
    }

    /// What is left until the deadline; zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.0.deadline.saturating_duration_since(Instant::now())
    }

    /// When the request must be answered.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.0.deadline
    }

    /// `work`, unless the deadline comes first.
    ///
    /// # Errors
    /// A 503 `dependency_unavailable` problem that names `dependency`.
    pub async fn within<T>(
        &self,
        dependency: &'static str,
        work: impl Future<Output = T>,
    ) -> Result<T, Problem> {
        tokio::time::timeout_at(self.0.deadline.into(), work)
            .await
            .map_err(|_| Problem::dependency_unavailable(dependency).because("deadline passed"))
    }
}

impl<S: Sync> FromRequestParts<S> for Scope {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let scope = parts.extensions.get::<Self>().cloned();
        Ok(scope.unwrap_or_else(|| Self::new("", UNLAYERED, &parts.headers)))
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &http::HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// A time that is negative is over; what is no number, or one beyond all times, asks for nothing.
fn milliseconds(headers: &HeaderMap, name: &http::HeaderName) -> Option<Duration> {
    let number: i64 = text(headers, name)?.trim().parse().ok()?;
    Some(Duration::from_millis(u64::try_from(number).unwrap_or(0)))
}
