//! `POST /process`: records what was done, once per request id.

use axum::{
    Json as JsonAnswer,
    extract::State,
    response::{IntoResponse, Response},
};
use garde::Validate;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{
    chain::{self, ChainEntry},
    json::Json,
    names,
    problem::Problem,
    scope::Scope,
    timestamp::{now_micros, rfc3339},
};
use uuid::Uuid;

use crate::store::{AuditLog, Recorded, Store};

const MAX_ID: i64 = (1 << 53) - 1;

/// The body as far as this service reads it.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct ProcessRequest {
    #[garde(range(min = 1, max = MAX_ID))]
    user_id: i64,
    #[garde(length(chars, min = 1, max = 64))]
    action: String,
    #[garde(skip)]
    request_id: Option<Uuid>,
    #[garde(dive)]
    order: OrderOfRequest,
}

/// The order that the request placed.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct OrderOfRequest {
    #[garde(skip)]
    id: Uuid,
    #[garde(range(min = 0))]
    total_cents: i64,
    #[garde(custom(currency_code))]
    currency: String,
    /// The trace that placed the order, where the caller tells it; a repeated request comes in another.
    #[garde(inner(custom(hex_trace_id)))]
    trace_id: Option<String>,
}

/// A garde rule: a trace id as W3C Trace Context writes it.
fn hex_trace_id(text: &str, _: &()) -> garde::Result {
    let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if text.len() == 32 && is_hex && text.bytes().any(|byte| byte != b'0') {
        return Ok(());
    }
    Err(garde::Error::new("accepted: a trace id, 32 digits of lower case hex, not all zero"))
}

/// A garde rule: three capital letters, as in ISO 4217.
fn currency_code(text: &str, _: &()) -> garde::Result {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(garde::Error::new("accepted: a currency as three capital letters, such as EUR"))
}

/// Records the request.
pub(crate) async fn process(
    State(store): State<Store>,
    scope: Scope,
    body: Json<ProcessRequest>,
) -> Result<Response, Problem> {
    let request = body.value;
    request.request_id.inspect(|id| scope.identify(*id));
    let record = AuditLog {
        id: Uuid::now_v7(),
        request_id: scope.request_id(),
        order_id: request.order.id,
        user_id: request.user_id,
        action: request.action,
        total_cents: request.order.total_cents,
        currency: request.order.currency,
        recorded_at: now_micros(),
        trace_id: request.order.trace_id.unwrap_or_else(chain::trace_id),
    };
    let insert = store.insert_audit(&record, scope.deadline());
    let Recorded { log, replayed } = scope.within(names::database::AUDIT, insert).await??;
    expect_same(&log, &record)?;
    let mut answer = Map::new();
    answer.insert("status".to_owned(), json!("completed"));
    answer.insert("request_id".to_owned(), json!(scope.request_id()));
    let audit = json!({"id": log.id, "recorded_at": rfc3339(log.recorded_at)});
    answer.insert("audit".to_owned(), audit);
    ChainEntry::current(&scope).prepend_to(&mut answer);
    Ok((replay_header(replayed), JsonAnswer(Value::Object(answer))).into_response())
}

/// A record is about one order of one user: another's is not recorded by it, so it must not get its answer.
fn expect_same(recorded: &AuditLog, asked: &AuditLog) -> Result<(), Problem> {
    if (recorded.order_id, recorded.user_id) == (asked.order_id, asked.user_id) {
        return Ok(());
    }
    Err(Problem::conflict(
        "the request id has a record of another order or user; send the same again or a new request id",
    ))
}

fn replay_header(replayed: bool) -> HeaderMap {
    let header = (names::header::IDEMPOTENCY_REPLAYED, http::HeaderValue::from_static("true"));
    replayed.then_some(header).into_iter().collect()
}
