//! `/health`, `/health/live` and `/health/ready`, the same on every service.
//!
//! Invariant: the verdict depends on the process and its own database only. The next hop is reported, never decisive, so one
//! dead service does not make orchestrators restart the whole chain.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::join_all;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{client::Client, db::Database, faults, problem::Problem};

/// How long a check may take before it counts as failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

type CheckFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Check = Arc<dyn Fn() -> CheckFuture + Send + Sync>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Serving,
    Draining,
}

/// What a service reports of itself; clones share its state.
#[derive(Clone)]
pub struct Health {
    service: &'static str,
    phase: Arc<AtomicU8>,
    checks: Vec<(&'static str, bool, Check)>,
}

/// The body of `/health` and `/health/ready`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HealthBody {
    /// `healthy` or `unhealthy`.
    status: &'static str,
    /// The service that answers.
    service: &'static str,
    /// Its version.
    version: &'static str,
    /// One entry per dependency, and `process`.
    checks: BTreeMap<&'static str, CheckBody>,
    /// What goes wrong on purpose (`FAULTS`); absent when nothing does. It does not change the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    faults: Option<Map<String, Value>>,
}

/// One dependency.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CheckBody {
    /// `healthy`, `unhealthy`, `starting` or `draining`.
    status: &'static str,
    /// Whether the whole depends on it.
    decisive: bool,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl std::fmt::Debug for Health {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.checks.iter().map(|(name, ..)| name).collect();
        formatter.debug_struct("Health").field("checks", &names).finish_non_exhaustive()
    }
}

impl Health {
    /// Of a service that serves.
    #[must_use]
    pub fn new(service: &'static str) -> Self {
        Self::in_phase(service, Phase::Serving)
    }

    /// Of a service that does not serve yet: alive, not ready.
    pub(crate) fn starting(service: &'static str) -> Self {
        Self::in_phase(service, Phase::Starting)
    }

    fn in_phase(service: &'static str, phase: Phase) -> Self {
        Self { service, phase: Arc::new(AtomicU8::new(phase as u8)), checks: Vec::new() }
    }

    /// Adds the service's own database; while it does not answer, the service is unhealthy.
    #[must_use]
    pub fn database(self, database: &Database) -> Self {
        let database = database.clone();
        self.check(database.name(), true, move || {
            let database = database.clone();
            async move { database.ping(CHECK_TIMEOUT).await.map_err(|error| error.to_string()) }
        })
    }

    /// Adds the next hop, which is reported only.
    #[must_use]
    pub fn next_hop(self, next: &Client) -> Self {
        let next = next.clone();
        self.check(next.peer(), false, move || {
            let next = next.clone();
            async move { next.probe().await }
        })
    }

    fn check<F>(
        mut self,
        name: &'static str,
        decisive: bool,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks.push((name, decisive, Arc::new(move || Box::pin(check()))));
        self
    }

    /// From now on not ready: the process was told to stop.
    pub fn drain(&self) {
        self.phase.store(Phase::Draining as u8, Ordering::Relaxed);
    }

    /// The three routes; anything else is answered by whoever they are merged into, or as starting.
    pub fn routes(&self) -> Router {
        let router = Router::new()
            .route("/health", get(health))
            .route("/health/live", get(live))
            .route("/health/ready", get(ready));
        let router =
            if self.phase() == Phase::Starting { router.fallback(starting) } else { router };
        router.with_state(self.clone())
    }

    fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Starting,
            1 => Phase::Serving,
            _ => Phase::Draining,
        }
    }

    async fn report(&self) -> HealthBody {
        let results = join_all(self.checks.iter().map(|(name, decisive, check)| async move {
            (*name, dependency(*decisive, tokio::time::timeout(CHECK_TIMEOUT, check()).await))
        }));
        let mut checks: BTreeMap<_, _> = results.await.into_iter().collect();
        checks.insert("process", self.process());
        self.body(checks)
    }

    fn process(&self) -> CheckBody {
        let status = match self.phase() {
            Phase::Starting => "starting",
            Phase::Serving => "healthy",
            Phase::Draining => "draining",
        };
        CheckBody { status, decisive: true, detail: None }
    }

    fn body(&self, checks: BTreeMap<&'static str, CheckBody>) -> HealthBody {
        let healthy = checks.values().all(|check| !check.decisive || check.status == "healthy");
        HealthBody {
            status: if healthy { "healthy" } else { "unhealthy" },
            service: self.service,
            version: env!("CARGO_PKG_VERSION"),
            checks,
            faults: faults::active().map(|faults| faults.document()),
        }
    }
}

fn dependency(
    decisive: bool,
    result: Result<Result<(), String>, tokio::time::error::Elapsed>,
) -> CheckBody {
    let late = |_| Err(format!("no answer within {} ms", CHECK_TIMEOUT.as_millis()));
    match result.unwrap_or_else(late) {
        Ok(()) => CheckBody { status: "healthy", decisive, detail: None },
        Err(detail) => CheckBody { status: "unhealthy", decisive, detail: Some(detail) },
    }
}

impl IntoResponse for HealthBody {
    fn into_response(self) -> Response {
        let healthy = self.status == "healthy";
        let status = if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, Json(self)).into_response()
    }
}

async fn health(State(health): State<Health>) -> HealthBody {
    health.report().await
}

async fn ready(State(health): State<Health>) -> HealthBody {
    health.report().await
}

async fn live(State(health): State<Health>) -> HealthBody {
    HealthBody { status: "healthy", ..health.body(BTreeMap::new()) }
}

async fn starting() -> Problem {
    let what = "the service is starting, and may be waiting for its database; try again later";
    Problem::unavailable(what).retry_after(1)
}
