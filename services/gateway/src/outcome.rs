//! The gateway's own metrics: what became of the requests that it was given to process and to register.
//!
//! Every POST that reached its route counts once, whether it was refused at the edge or went through the chain; what the
//! service shed does not.

use std::sync::LazyLock;

use axum::{extract::Request, middleware::Next, response::Response};
use http::{Method, StatusCode};
use prometheus::{IntCounterVec, Opts};
use shared::{metrics, names::metric};

const OUTCOMES: [&str; 4] = ["completed", "accepted", "rejected", "failed"];

static PROCESSED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(metric::REQUESTS_PROCESSED, "Requests to process, by what became of them")
});
static REGISTRATIONS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counter(metric::REGISTRATIONS, "Requests to register, by what became of them")
});

/// Adds the metrics to the registry with a zero for each outcome, so that their first increase is seen.
pub(crate) fn register() -> prometheus::Result<()> {
    for counter in [&PROCESSED, &REGISTRATIONS] {
        for outcome in OUTCOMES {
            counter.with_label_values(&[outcome]);
        }
        metrics::registry().register(Box::new(IntCounterVec::clone(counter)))?;
    }
    Ok(())
}

/// Counts the answers of the `process` route.
pub(crate) async fn count_processed(request: Request, next: Next) -> Response {
    count(&PROCESSED, request, next).await
}

/// Counts the answers of the `register` routes.
pub(crate) async fn count_registrations(request: Request, next: Next) -> Response {
    count(&REGISTRATIONS, request, next).await
}

async fn count(counter: &IntCounterVec, request: Request, next: Next) -> Response {
    let is_post = request.method() == Method::POST;
    let response = next.run(request).await;
    if is_post {
        counter.with_label_values(&[outcome(response.status())]).inc();
    }
    response
}

fn outcome(status: StatusCode) -> &'static str {
    match status {
        StatusCode::ACCEPTED => "accepted",
        status if status.is_success() => "completed",
        status if status.is_client_error() => "rejected",
        _ => "failed",
    }
}

#[expect(
    clippy::expect_used,
    reason = "names and labels are constants that the tests have seen accepted"
)]
fn counter(name: &str, help: &str) -> IntCounterVec {
    IntCounterVec::new(Opts::new(name, help), &["outcome"]).expect("a valid name")
}
