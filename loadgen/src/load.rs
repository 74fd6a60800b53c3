//! The load: requests leave when the plan says so, over connections of this module's own, and every one's end is told.
//!
//! Invariants:
//! - In an open loop a request's latency counts from its scheduled start, whether a connection was free by then or not.
//! - Every request that was due is told once: answered, failed or not started. Only what a stop found waiting is not; it is counted.
//! - A request is sent a second time only when the first certainly was not taken.

mod alarm;
mod backlog;
mod closed;
mod exchange;
mod link;
mod live;
mod open;
pub mod plan;
mod said;
mod schedule;
mod target;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{outcome::Observe, span::Spans};
pub use live::{Live, Tally};
use plan::Pace;
pub use plan::Plan;
use schedule::Schedule;
pub use target::{Target, reach};

/// What is sent: makes the request of each number.
pub trait Requests: Send + Sync + 'static {
    /// The request number `n`, counted from 0 with those of the warm-up; always the same for the same number. Called from the tasks that
    /// hold the connections, so it must be quick.
    fn request(&self, n: u64) -> Prepared;
}

/// A request, ready to be sent but for its `traceparent`, `host` and `content-length`.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Index into the scenario's steps.
    pub step: usize,
    /// The method.
    pub method: Method,
    /// Path and query; a valid one, since a request that cannot be written is never started.
    pub path: String,
    /// The path without what differs from request to request, for the span's name.
    pub template: Arc<str>,
    /// All headers that the scenario and the command line give.
    pub headers: HeaderMap,
    /// The body, perhaps empty.
    pub body: Bytes,
    /// The `Idempotency-Key`, where one is among the headers.
    pub request_id: Option<Uuid>,
    /// The statuses that are expected; empty: any of 2xx.
    pub expected: Arc<[u16]>,
}

/// What a run needs beside its plan.
pub struct Load {
    target: Target,
    requests: Arc<dyn Requests>,
    observer: Arc<dyn Observe>,
    spans: Spans,
    live: Arc<Live>,
    /// The plan's.
    timeout: Duration,
}

impl Load {
    /// `live` is a new one for every run: the summary is made of it.
    #[must_use]
    pub fn new(
        target: Target,
        requests: Arc<dyn Requests>,
        observer: Arc<dyn Observe>,
        spans: Spans,
        live: Arc<Live>,
    ) -> Self {
        Self { target, requests, observer, spans, live, timeout: Duration::MAX }
    }
}

/// What was sent.
#[derive(Clone, Debug)]
pub struct LoadSummary {
    /// The requests of the figures.
    pub figures: Tally,
    /// Those before.
    pub warm_up: Tally,
    /// When the figures began.
    pub figures_from: Instant,
    /// How long the figures' requests took to be sent: at least as long as the plan says, and longer where connections were not free in time. In
    /// a closed loop until the last one ended.
    pub sending: Duration,
    /// Connections that were opened.
    pub connections: u64,
    /// The latest that the open loop released a request after its time: more than some milliseconds means that this machine was too busy.
    pub lag: Duration,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// Sends what the plan says until its end or until `stop`; what is under way then still gets its time. `seed` is that of Poisson arrivals.
pub async fn run(mut load: Load, plan: Plan, seed: u64, stop: &CancellationToken) -> LoadSummary {
    // Dropping this future stops it, too.
    let stop = stop.child_token();
    let _stop_when_dropped = stop.clone().drop_guard();
    load.timeout = plan.timeout;
    let (live, load) = (Arc::clone(&load.live), Arc::new(load));
    let (warm_up, planned) = (plan.warm_up(), plan.length());
    let called = Instant::now();
    let (lag, stopped, sending) = match plan.pace {
        Pace::Open { stages, arrivals } => {
            let schedule = Schedule::new(stages, arrivals, seed);
            let released = open::run(load, schedule, plan.connections, stop).await;
            let until = if released.stopped { None } else { planned };
            (released.lag, released.stopped, until.unwrap_or_default().max(live.last_start()))
        }
        Pace::Closed { until, .. } => {
            closed::run(load, (warm_up, until), plan.connections, stop.clone()).await;
            (Duration::ZERO, stop.is_cancelled(), live.elapsed())
        }
    };
    LoadSummary {
        figures: live.tally(false),
        warm_up: live.tally(true),
        figures_from: live.begun().unwrap_or(called) + warm_up,
        sending: sending.saturating_sub(warm_up),
        connections: live.connections(),
        lag,
        stopped,
    }
}
