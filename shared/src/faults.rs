//! `FAULTS`: what this process does wrong on purpose, so that a user can see what telemetry, alarms and the verifier make of it.
//!
//! The server layer, the client, the database and the span exporter each ask `active` at the one place where a fault of theirs
//! can strike; it is decided for every request, call, statement or span on its own, by chance, and counted.
//!
//! Invariants: off by default, and then one atomic load is all that it costs. Health checks, `/metrics` and what no request
//! asked for (the relay's polls) are never struck. A fault looks from outside like the real thing.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{metrics, problem::Problem, scope::Scope};

mod document;
mod hosts;
mod route;
mod text;

pub use hosts::OwnHosts;
pub(crate) use route::routes;

/// Whether there is anything in [`CURRENT`].
static ON: AtomicBool = AtomicBool::new(false);
/// The process's faults, which `PUT /faults` replaces as a whole.
static CURRENT: RwLock<Option<Arc<Faults>>> = RwLock::new(None);

/// The statuses that `error` can answer, each with the code that it has anywhere else.
const STATUSES: [u16; 10] = [400, 404, 409, 413, 415, 422, 500, 502, 503, 504];

/// What goes wrong on purpose, as `FAULTS` says it: `latency=200ms:0.1,error=503:0.05,drop_context=0.01,pool=2`.
///
/// The part behind the colon is the share of requests, calls, statements or spans that are struck; all of them without it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// `latency`: a request waits before it is worked on.
    latency: Option<Chance<Duration>>,
    /// `error`: a request is answered with this status and not worked on.
    error: Option<Chance<u16>>,
    /// `drop_context`: a call to the next service carries no trace context.
    drop_context: Option<Share>,
    /// `db_latency`: a statement waits before it is run.
    db_latency: Option<Chance<Duration>>,
    /// `pool`: the most connections to the database.
    pool: Option<usize>,
    /// `drop_spans`: a span that ended is not exported.
    drop_spans: Option<Share>,
    /// `down`: the connection is closed in the place of an answer, and nothing is known of the request, as if the process were dead.
    down: Option<Share>,
}

/// Above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Share(f64);

/// What happens, and to which share.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Chance<T> {
    what: T,
    share: Share,
}

/// The faults that are on; `None` when there are none.
pub(crate) fn active() -> Option<Arc<Faults>> {
    if !ON.load(Ordering::Relaxed) {
        return None;
    }
    CURRENT.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Puts `faults` in the place of those that are on, and says so in the log.
pub(crate) fn switch_to(faults: &Faults) {
    let next = (!faults.is_empty()).then(|| Arc::new(faults.clone()));
    let mut current = CURRENT.write().unwrap_or_else(PoisonError::into_inner);
    let was_on = current.is_some();
    ON.store(next.is_some(), Ordering::Relaxed);
    *current = next;
    drop(current);
    if !faults.is_empty() {
        tracing::warn!(%faults, "Faults are on: this service misbehaves on purpose");
    } else if was_on {
        tracing::warn!("Faults are off again");
    }
}

impl Faults {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Lets a request meet the latency and the error that it was drawn for.
    ///
    /// # Errors
    /// The answer that it gets in place of the service's: of `error`, or 504 where the latency outlasts the deadline.
    pub(crate) async fn meet(&self, scope: &Scope) -> Result<(), Problem> {
        if let Some(delay) = Chance::draw(self.latency, text::LATENCY) {
            let slept = tokio::time::timeout_at(scope.deadline().into(), tokio::time::sleep(delay));
            slept.await.map_err(|_| {
                Problem::timeout("the service was too slow for the deadline; allow more time")
                    .because("the fault latency outlasts the deadline")
            })?;
        }
        Chance::draw(self.error, text::ERROR).map_or(Ok(()), |status| Err(problem(status)))
    }

    /// Whether this request is met as by a process that is not there.
    pub(crate) fn hangs_up(&self) -> bool {
        Share::strikes(self.down, text::DOWN)
    }

    /// Whether this call goes out without trace context.
    pub(crate) fn drops_context(&self) -> bool {
        Share::strikes(self.drop_context, text::DROP_CONTEXT)
    }

    /// How long this statement waits.
    pub(crate) fn database_delay(&self) -> Option<Duration> {
        Chance::draw(self.db_latency, text::DB_LATENCY)
    }

    /// The most connections to the database.
    pub(crate) fn pool(&self) -> Option<usize> {
        self.pool
    }

    /// Whether this span is lost.
    pub(crate) fn drops_span(&self) -> bool {
        Share::strikes(self.drop_spans, text::DROP_SPANS)
    }
}

impl Share {
    const ALL: Self = Self(1.0);

    /// Whether this one is struck; it is counted then.
    fn strikes(share: Option<Self>, fault: &'static str) -> bool {
        let struck = share.is_some_and(|Self(share)| rand::random_bool(share));
        if struck {
            metrics::fault_injected(fault);
        }
        struck
    }
}

impl<T> Chance<T> {
    fn draw(chance: Option<Self>, fault: &'static str) -> Option<T> {
        chance.filter(|chance| Share::strikes(Some(chance.share), fault)).map(|chance| chance.what)
    }
}

/// The problem of one of [`STATUSES`].
fn problem(status: u16) -> Problem {
    let detail = "the service failed; the trace shows where";
    let problem = match status {
        400 => Problem::bad_request(detail),
        404 => Problem::not_found(detail),
        409 => Problem::conflict(detail),
        413 => Problem::body_too_large(detail),
        415 => Problem::unsupported_media_type(detail),
        422 => Problem::invalid(detail),
        502 => Problem::bad_gateway(detail),
        503 => Problem::unavailable(detail).retry_after(1),
        504 => Problem::timeout(detail),
        _ => Problem::internal_error(detail),
    };
    problem.because("the fault error struck")
}

#[cfg(test)]
mod tests;
