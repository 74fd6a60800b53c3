//! The layer around every traced route: trace context in, SERVER span, in-flight limit, metrics, access log, trace
//! context out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use clap::ValueEnum;
use http::Method;
use opentelemetry::{Context, trace::TraceContextExt};
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{accept, answer, detach::Detach, request_span};
use crate::{
    config::ServerArgs, faults, metrics, problem::Problem, propagation, scope::Scope, telemetry,
};

/// What a client that went away before its answer is counted as.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// What the edge makes of a caller's trace context (W3C Trace Context section 3.3.4, "restart trace").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum EdgeTrust {
    /// Continue the caller's trace and keep its baggage.
    #[default]
    Continue,
    /// Begin a new trace, link to the caller's span, drop its baggage.
    Restart,
}

/// The layer's own state, shared by all requests.
#[derive(Debug)]
pub(super) struct Layer {
    service: &'static str,
    timeout: Duration,
    max_in_flight: usize,
    in_flight: AtomicUsize,
    edge_trust: EdgeTrust,
    tasks: TaskTracker,
}

impl Layer {
    pub(super) fn new(
        service: &'static str,
        args: &ServerArgs,
        edge_trust: EdgeTrust,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            service,
            timeout: args.request_timeout_ms,
            max_in_flight: args.max_in_flight.into(),
            in_flight: AtomicUsize::new(0),
            edge_trust,
            tasks,
        }
    }

    fn open_span(&self, request: &Request, route: Option<&str>) -> Span {
        let span = request_span::open(request, route);
        let inbound = propagation::extract(request.headers());
        let parent = match self.edge_trust {
            EdgeTrust::Continue => inbound,
            EdgeTrust::Restart => {
                span.add_link(inbound.span().span_context().clone());
                Context::new()
            }
        };
        // The only error is a span that is not ours to parent: telemetry is then not installed, as in a unit test.
        drop(span.set_parent(parent));
        span
    }
}

/// Runs `next` inside the layer.
pub(super) async fn observe(
    State(layer): State<Arc<Layer>>,
    mut request: Request,
    next: Next,
) -> Response {
    // Before there is a span or a count of it: a process that is dead leaves neither.
    if faults::active().is_some_and(|faults| faults.hangs_up()) {
        return accept::hang_up();
    }
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let span = layer.open_span(&request, matched.as_ref().map(MatchedPath::as_str));
    let scope = Scope::new(layer.service, layer.timeout, request.headers());
    request.extensions_mut().insert(scope.clone());
    let outlives_client = !matches!(*request.method(), Method::GET | Method::HEAD);
    let tasks = layer.tasks.clone();
    let taken = layer.in_flight.fetch_add(1, Ordering::Relaxed);
    let observation = Observation {
        admitted: taken < layer.max_in_flight,
        method: request_span::known_method(request.method()),
        matched,
        scope,
        span: span.clone(),
        layer,
        status: CLIENT_CLOSED_REQUEST,
    };
    let work = observation.run(request, next).instrument(span);
    if outlives_client { Detach::new(work, tasks).await } else { work.await }
}

/// One request under observation. Dropped early, it is counted as a client that went away.
struct Observation {
    layer: Arc<Layer>,
    admitted: bool,
    method: &'static str,
    matched: Option<MatchedPath>,
    scope: Scope,
    span: Span,
    status: u16,
}

impl Observation {
    async fn run(mut self, request: Request, next: Next) -> Response {
        let mut response = self.answer(request, next).await;
        answer::write_problem(&mut response, &self.scope, &self.span);
        answer::name_trace(&mut response, &self.span.context());
        self.status = response.status().as_u16();
        request_span::close(&self.span, response.status());
        response
    }

    async fn answer(&self, request: Request, next: Next) -> Response {
        if !self.admitted {
            return overloaded().into_response();
        }
        if self.scope.remaining().is_zero() {
            return Problem::timeout("the deadline had passed before the work began")
                .into_response();
        }
        if let Some(faults) = faults::active()
            && let Err(problem) = faults.meet(&self.scope).await
        {
            return problem.into_response();
        }
        next.run(request).await
    }

    fn route(&self) -> &str {
        self.matched.as_ref().map_or("unmatched", MatchedPath::as_str)
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.layer.in_flight.fetch_sub(1, Ordering::Relaxed);
        let seconds = self.scope.elapsed().as_secs_f64();
        let ids = telemetry::span_ids(&self.span);
        metrics::http_request(self.method, self.route(), self.status, seconds, ids.as_ref());
        self.span.in_scope(|| {
            tracing::info!(
                method = self.method,
                route = self.route(),
                status_code = i64::from(self.status),
                duration_seconds = seconds,
                request_id = %self.scope.request_id(),
                "Request completed"
            );
        });
    }
}

fn overloaded() -> Problem {
    Problem::overloaded("the service works on as many requests as it can; try again later")
        .retry_after(1)
}
