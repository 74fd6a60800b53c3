//! `GET /do_task`: a request that takes as long as one likes, for looking at latency, drains and deadlines.

use std::time::Duration;

use axum::Json as JsonAnswer;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use shared::{chain, names::header, page::Query, problem::Problem, scope::Scope};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::openapi::TaskErrors;

const DEFAULT_SECONDS: f64 = 5.0;
const MAX_SECONDS: f64 = 30.0;
/// What a task has beyond its own time: `REQUEST_TIMEOUT_MS` does not hold here.
const ALLOWANCE: Duration = Duration::from_secs(5);

/// How long the task takes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TaskQuery {
    /// Seconds, an integer or a fraction.
    #[param(minimum = 0, maximum = 30, default = 5)]
    seconds: Option<f64>,
}

/// The task is done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskDone {
    /// Always `completed`.
    #[schema(example = "completed")]
    status: &'static str,
    /// The seconds that it took, as they were asked for.
    seconds: f64,
    /// The trace that shows it.
    trace_id: String,
    /// The request's id.
    request_id: Uuid,
}

/// Takes some seconds
#[utoipa::path(
    get,
    path = "/do_task",
    tag = "lab",
    params(TaskQuery),
    responses((status = 200, description = "The time is over", body = TaskDone), TaskErrors)
)]
pub(super) async fn do_task(
    scope: Scope,
    headers: HeaderMap,
    Query(query): Query<TaskQuery>,
) -> Result<JsonAnswer<TaskDone>, Problem> {
    let seconds = query.seconds.unwrap_or(DEFAULT_SECONDS);
    if !(0.0..=MAX_SECONDS).contains(&seconds) {
        let detail = format!("seconds is {seconds}; accepted: 0 to {MAX_SECONDS}");
        return Err(Problem::bad_request(detail));
    }
    let task = Duration::from_secs_f64(seconds);
    let limit = asked(&headers).map_or(task + ALLOWANCE, |asked| asked.min(task + ALLOWANCE));
    let work = tokio::time::sleep(task.saturating_sub(scope.elapsed()));
    let too_late =
        |_| Problem::timeout("the task takes longer than the deadline in x-deadline-ms allows");
    tokio::time::timeout(limit.saturating_sub(scope.elapsed()), work).await.map_err(too_late)?;
    Ok(JsonAnswer(TaskDone {
        status: "completed",
        seconds,
        trace_id: chain::trace_id(),
        request_id: scope.request_id(),
    }))
}

/// What the caller allows. The scope's deadline is of no use here: it holds the request timeout too.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::DEADLINE)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_millis)
}
