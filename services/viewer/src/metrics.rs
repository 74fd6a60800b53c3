//! `GET /api/metrics?step=15&seconds=1800`: what the services' own metrics say, as columns over time.
//!
//! `step` (1 to 600, 15 by default) is how many seconds a value is over, `seconds` (1 to 86,400, 1800 by default) how far back. All columns
//! have one value for each member of `at`, the ends of the steps in milliseconds since the epoch; `null` is "not known", never zero:
//! the target was down, nothing was observed, or it has no such metric. Rates are what was counted over the seconds in which it
//! was, also across restarts; quantiles are interpolated within a bucket as Prometheus does, and told as the highest bound beyond it.

mod columns;
mod quantile;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use serde::{Deserialize, Serialize};
use tower_http::cors::CorsLayer;

use crate::scrape::{
    CAPACITY, MAX_BODY, MAX_BOUNDS, MAX_SERIES, MAX_TARGETS, Outcome, Scrapes, TIMEOUT, Watched,
};
use columns::Columns;

const STEPS: std::ops::RangeInclusive<u64> = 1..=600;
const LONGEST: std::ops::RangeInclusive<u64> = 1..=86_400;

#[derive(Debug, Deserialize)]
struct Window {
    #[serde(default = "default_step")]
    step: u64,
    #[serde(default = "default_seconds")]
    seconds: u64,
}

fn default_step() -> u64 {
    15
}

fn default_seconds() -> u64 {
    1800
}

/// The answer.
#[derive(Debug, Serialize)]
struct Metrics {
    step_seconds: u64,
    /// Between two reads of a target.
    interval_seconds: f64,
    limits: Limits,
    /// What all points take now.
    bytes: usize,
    /// Ends of the steps, ascending.
    at: Vec<u64>,
    /// In the order of `SCRAPE_TARGETS`.
    targets: Vec<TargetMetrics>,
}

/// What bounds it. A target beyond one of them is `unreadable`, and its `reason` names the limit.
#[derive(Debug, Serialize)]
struct Limits {
    targets: usize,
    /// Of one target; older ones go.
    points: usize,
    series: usize,
    bounds: usize,
    body_bytes: usize,
    timeout_seconds: u64,
}

#[derive(Debug, Serialize)]
struct TargetMetrics {
    /// The `service.name` of its traces, or the address.
    service: String,
    url: String,
    /// `up`, `down`, `not_served`, `unreadable`; `null` until the first read has ended.
    state: Option<Outcome>,
    /// Since when, in milliseconds since the epoch.
    since: Option<u64>,
    /// Why it is not up, and what to do.
    reason: Option<String>,
    /// The account of its spans since its process began, as it was last read.
    spans: Option<SpanAccount>,
    #[serde(flatten)]
    columns: Columns,
}

/// ended = exported + failed + dropped + queued.
#[derive(Debug, Serialize)]
struct SpanAccount {
    ended: f64,
    exported: f64,
    failed: f64,
    dropped: f64,
    queued: f64,
}

pub(crate) fn router(scrapes: Arc<Scrapes>, cors: CorsLayer) -> Router {
    Router::new().route("/api/metrics", get(metrics)).layer(cors).with_state(scrapes)
}

async fn metrics(
    State(scrapes): State<Arc<Scrapes>>,
    Query(window): Query<Window>,
) -> Result<Json<Metrics>, (StatusCode, String)> {
    for (name, value, range) in [("step", window.step, STEPS), ("seconds", window.seconds, LONGEST)]
    {
        if !range.contains(&value) {
            let (least, most) = (range.start(), range.end());
            let told = format!(
                "{name} is {value}: write a whole number of seconds from {least} to {most}\n"
            );
            return Err((StatusCode::BAD_REQUEST, told));
        }
    }
    Ok(Json(Metrics::of(&scrapes, &window)))
}

impl Metrics {
    fn of(scrapes: &Scrapes, window: &Window) -> Self {
        let at = ends(scrapes, window);
        let targets = scrapes.targets();
        Self {
            step_seconds: window.step,
            interval_seconds: scrapes.interval.as_secs_f64(),
            limits: Limits {
                targets: MAX_TARGETS,
                points: CAPACITY,
                series: MAX_SERIES,
                bounds: MAX_BOUNDS,
                body_bytes: MAX_BODY,
                timeout_seconds: TIMEOUT.as_secs(),
            },
            bytes: targets.iter().map(|target| target.look(|history| history.bytes())).sum(),
            targets: targets
                .iter()
                .map(|target| TargetMetrics::of(target, &at, window.step))
                .collect(),
            at,
        }
    }
}

/// From the oldest point within the window to the newest, whole steps of the clock.
fn ends(scrapes: &Scrapes, window: &Window) -> Vec<u64> {
    let step = window.step * 1000;
    let of_all = |pick: fn(&crate::scrape::History) -> Option<u64>| {
        scrapes.targets().iter().filter_map(move |target| target.look(pick))
    };
    let newest = of_all(|history| history.points().back().map(|point| point.at)).max();
    let oldest = of_all(|history| history.points().front().map(|point| point.at)).min();
    let Some((oldest, newest)) = oldest.zip(newest) else { return Vec::new() };
    let oldest = oldest.max(newest.saturating_sub(window.seconds * 1000));
    (oldest.div_ceil(step)..=newest.div_ceil(step)).map(|place| place * step).collect()
}

impl TargetMetrics {
    fn of(watched: &Watched, at: &[u64], step: u64) -> Self {
        watched.look(|history| {
            let state = history.state();
            let gauges = history.points().back().map(|point| point.gauges);
            let account = gauges.and_then(|gauges| Some((gauges.spans?, gauges.spans_queued?)));
            Self {
                service: watched.target.service.clone(),
                url: watched.target.url.to_string(),
                state: state.map(|(outcome, ..)| outcome),
                since: state.map(|(_, since, _)| since),
                reason: state.and_then(|(.., reason)| reason.map(str::to_owned)),
                spans: account.map(|([ended, exported, failed, dropped], queued)| SpanAccount {
                    ended,
                    exported,
                    failed,
                    dropped,
                    queued,
                }),
                columns: Columns::of(history.points(), at, step * 1000),
            }
        })
    }
}
