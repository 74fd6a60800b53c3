//! Metrics: one registry per process, the metrics that every process has, and `/metrics`.
//!
//! The `prometheus` crate records; `OTEL_METRICS_EXPORTER` says who reads. Invariants: a metric name has one source, ever;
//! labels stand in alphabetical order, as gathering sorts them and exemplars are found by them.

use std::{sync::LazyLock, time::SystemTime};

use prometheus::{Histogram, HistogramVec, IntCounterVec, Registry, core::Collector};

use crate::{names::metric as name, telemetry::SpanIds};

mod bridge;
mod endpoint;
mod exemplars;
mod export;
mod openmetrics;
mod pool;
mod push;
mod spans;
mod unit;

pub use endpoint::routes;
pub(crate) use export::Export;
pub use pool::{PoolState, db_pool};

use exemplars::EXEMPLARS;

/// Bounds of HTTP durations in seconds; 0.3 is a bound of older dashboards.
const HTTP_SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Bounds of database durations in seconds; from 0.002 on those of older dashboards.
const DB_SECONDS: [f64; 12] =
    [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.0];

/// When counting began: the start time of cumulative OTLP points.
static START: LazyLock<SystemTime> = LazyLock::new(SystemTime::now);

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    LazyLock::force(&START);
    let registry = Registry::new();
    #[cfg(target_os = "linux")]
    register(&registry, prometheus::process_collector::ProcessCollector::for_self());
    registry
});

static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(Instruments::new);

/// The registry of this process. Services register their own counters here, once, under names that are theirs.
#[must_use]
pub fn registry() -> &'static Registry {
    &REGISTRY
}

/// Counts a request that was answered: `endpoint` is the matched route or `unmatched`, `status` 499 when the client went away,
/// `span` the SERVER span, whose ids become the exemplar when it is sampled.
pub fn http_request(
    method: &str,
    endpoint: &str,
    status: u16,
    seconds: f64,
    span: Option<&SpanIds>,
) {
    let mut digits = [0; 5];
    let labels = [endpoint, method, decimal(status, &mut digits)];
    INSTRUMENTS.http_requests.with_label_values(&labels).inc();
    INSTRUMENTS.http_duration.with_label_values(&labels).observe(seconds);
    if status >= 400 {
        INSTRUMENTS.http_errors.with_label_values(&labels).inc();
    }
    EXEMPLARS.note(name::HTTP_REQUEST_DURATION, &HTTP_SECONDS, &labels, seconds, span);
}

/// Observes a request to another process: `endpoint` is the route's template there, `status_or_error` the status code or the
/// kind of error, `span` the CLIENT span.
pub fn http_client_request(
    method: &str,
    endpoint: &str,
    status_or_error: &str,
    peer_service: &str,
    seconds: f64,
    span: Option<&SpanIds>,
) {
    let labels = [endpoint, method, peer_service, status_or_error];
    INSTRUMENTS.client_duration.with_label_values(&labels).observe(seconds);
    EXEMPLARS.note(name::HTTP_CLIENT_REQUEST_DURATION, &HTTP_SECONDS, &labels, seconds, span);
}

/// Observes a database statement: `operation` and `collection` as on its span, `collection` empty for `COMMIT`.
pub fn db_query(operation: &str, collection: &str, seconds: f64, span: Option<&SpanIds>) {
    let labels = [collection, operation];
    INSTRUMENTS.db_duration.with_label_values(&labels).observe(seconds);
    EXEMPLARS.note(name::DB_QUERY_DURATION, &DB_SECONDS, &labels, seconds, span);
}

/// Observes how long a caller waited for a connection of the pool.
pub fn db_connection_wait(seconds: f64) {
    INSTRUMENTS.db_wait.observe(seconds);
}

/// Counts what a fault has struck: a request, a call, a statement or a span.
pub(crate) fn fault_injected(fault: &str) {
    INSTRUMENTS.faults.with_label_values(&[fault]).inc();
}

struct Instruments {
    http_requests: IntCounterVec,
    http_errors: IntCounterVec,
    http_duration: HistogramVec,
    client_duration: HistogramVec,
    db_duration: HistogramVec,
    db_wait: Histogram,
    faults: IntCounterVec,
}

impl Instruments {
    fn new() -> Self {
        let http = ["endpoint", "method", "status_code"];
        let client = ["endpoint", "method", "peer_service", "status_code"];
        Self {
            http_requests: counter(name::HTTP_REQUESTS, "Requests answered.", &http),
            http_errors: counter(
                name::HTTP_ERRORS,
                "Requests answered with status 400 or above.",
                &http,
            ),
            http_duration: histogram(
                name::HTTP_REQUEST_DURATION,
                "Time to answer a request.",
                &http,
                &HTTP_SECONDS,
            ),
            client_duration: histogram(
                name::HTTP_CLIENT_REQUEST_DURATION,
                "Time until another process answered.",
                &client,
                &HTTP_SECONDS,
            ),
            db_duration: histogram(
                name::DB_QUERY_DURATION,
                "Time of a database statement.",
                &["collection", "operation"],
                &DB_SECONDS,
            ),
            db_wait: wait_histogram(),
            faults: counter(
                name::FAULTS_INJECTED,
                "Requests, calls, statements and spans that a fault has struck.",
                &["fault"],
            ),
        }
    }
}

const CONSTANT: &str =
    "names, labels and bounds are constants of this module, and each is registered once";

#[expect(clippy::expect_used, reason = "see `CONSTANT`")]
fn register(registry: &Registry, collector: impl Collector + 'static) {
    registry.register(Box::new(collector)).expect(CONSTANT);
}

#[expect(clippy::expect_used, reason = "see `CONSTANT`")]
fn counter(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    let counter = IntCounterVec::new(prometheus::Opts::new(name, help), labels).expect(CONSTANT);
    register(registry(), counter.clone());
    counter
}

#[expect(clippy::expect_used, reason = "see `CONSTANT`")]
fn histogram(name: &str, help: &str, labels: &[&str], bounds: &[f64]) -> HistogramVec {
    let options = prometheus::HistogramOpts::new(name, help).buckets(bounds.to_vec());
    let histogram = HistogramVec::new(options, labels).expect(CONSTANT);
    register(registry(), histogram.clone());
    histogram
}

#[expect(clippy::expect_used, reason = "see `CONSTANT`")]
fn wait_histogram() -> Histogram {
    let help = "Time a caller waited for a database connection.";
    let options =
        prometheus::HistogramOpts::new(name::DB_CONNECTION_WAIT, help).buckets(DB_SECONDS.to_vec());
    let histogram = Histogram::with_opts(options).expect(CONSTANT);
    register(registry(), histogram.clone());
    histogram
}

/// `number` in decimal, without an allocation: it is done for every request.
fn decimal(number: u16, digits: &mut [u8; 5]) -> &str {
    let mut rest = number;
    let mut at = digits.len();
    loop {
        at -= 1;
        // A remainder of ten is one digit.
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return std::str::from_utf8(&digits[at..]).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests;
