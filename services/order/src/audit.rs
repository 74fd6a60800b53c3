//! The call to audit-service, made by the request itself and, later, by the relay.

use std::time::Duration;

use axum::body::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use shared::{
    client::{Answer, Call, Client},
    names,
    scope::Scope,
    timestamp,
};
use uuid::Uuid;

/// The most of a request's time that audit gets: a slow audit makes a 202, not a slow chain.
const LONGEST: Duration = Duration::from_secs(1);

/// What became of a delivery.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// Audit has the record: its id, when it was made, in microseconds, and all members of its answer.
    Recorded { audit_id: Uuid, recorded_at: i64, answer: Map<String, Value> },
    /// Audit will never take it: no later try can help.
    Refused(StatusCode),
    /// Audit has a record of the request that tells of another order: one that it placed before and that is lost here.
    Spent,
    /// Audit is down, slow, or answered what this service does not understand.
    Failed,
}

#[derive(Deserialize)]
struct Audit {
    id: Uuid,
    recorded_at: String,
}

/// Sends `body` to audit-service.
pub(crate) async fn deliver(client: &Client, body: Bytes, scope: &Scope) -> Delivery {
    let timeout = Some(LONGEST.min(scope.remaining() / 2));
    let answer = match client.call(Call { timeout, ..Call::post("/process", body) }, scope).await {
        Ok(answer) => answer,
        Err(problem) => {
            tracing::warn!(error = problem.cause(), "The audit record is kept for later delivery");
            return Delivery::Failed;
        }
    };
    let status = answer.status;
    match status.as_u16() {
        409 if is_of_another_order(&answer) => Delivery::Spent,
        400 | 409 | 413 | 415 | 422 => Delivery::Refused(status),
        200 => recorded(&answer.body),
        _ => {
            let status_code = i64::from(status.as_u16());
            tracing::warn!(status_code, "The audit record is kept for later delivery");
            Delivery::Failed
        }
    }
}

/// Audit-service's own word and no other hop's: what follows is that the order is taken back.
fn is_of_another_order(answer: &Answer) -> bool {
    let problem = serde_json::from_slice::<Map<String, Value>>(&answer.body).unwrap_or_default();
    let says = |member: &str, word: &str| problem.get(member).is_some_and(|value| value == word);
    says("code", "conflict") && says("service", names::service::AUDIT)
}

fn recorded(body: &[u8]) -> Delivery {
    let parsed = serde_json::from_slice::<Map<String, Value>>(body).ok().and_then(|answer| {
        let audit = Audit::deserialize(answer.get("audit")?).ok()?;
        let recorded_at = timestamp::parse_rfc3339(&audit.recorded_at)?;
        Some(Delivery::Recorded { audit_id: audit.id, recorded_at, answer })
    });
    parsed.unwrap_or_else(|| {
        tracing::warn!("The answer of audit-service is not understood; delivery is tried again");
        Delivery::Failed
    })
}
