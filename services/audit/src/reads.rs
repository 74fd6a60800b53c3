//! `GET /audit`.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use shared::{
    names,
    page::{Cursor, Page, PageQuery, Query},
    problem::Problem,
    scope::Scope,
    timestamp,
};
use uuid::Uuid;

use crate::store::{AuditLog, Filter, Store};

/// A page of the records, and which.
#[derive(Debug, Deserialize)]
pub(crate) struct AuditQuery {
    limit: Option<u32>,
    after: Option<String>,
    request_id: Option<Uuid>,
    trace_id: Option<String>,
}

/// A record in answers.
#[derive(Debug, Serialize)]
pub(crate) struct RecordBody {
    id: Uuid,
    request_id: Uuid,
    order_id: Uuid,
    user_id: i64,
    action: String,
    total_cents: i64,
    currency: String,
    #[serde(serialize_with = "timestamp::serialize")]
    recorded_at: i64,
    trace_id: String,
}

impl From<AuditLog> for RecordBody {
    fn from(log: AuditLog) -> Self {
        Self {
            id: log.id,
            request_id: log.request_id,
            order_id: log.order_id,
            user_id: log.user_id,
            action: log.action,
            total_cents: log.total_cents,
            currency: log.currency,
            recorded_at: log.recorded_at,
            trace_id: log.trace_id,
        }
    }
}

/// A page of audit records, newest first.
pub(crate) async fn list_audit(
    State(store): State<Store>,
    scope: Scope,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<RecordBody>>, Problem> {
    let page = PageQuery { limit: query.limit, after: query.after };
    let after: Option<Cursor<Uuid>> = page.cursor()?;
    let trace_id = trace_id(query.trace_id)?;
    let filter = Filter {
        after: after.map(|cursor| (cursor.created_at, cursor.id)),
        request_id: query.request_id,
        trace_id: trace_id.as_deref(),
    };
    let limit = page.limit()?;
    let logs = store.list_audit(limit + 1, filter);
    let logs = scope.within(names::database::AUDIT, logs).await??;
    let items = logs.into_iter().map(RecordBody::from).collect();
    Ok(Json(Page::new(items, limit, |record: &RecordBody| Cursor {
        created_at: record.recorded_at,
        id: record.id,
    })))
}

fn trace_id(given: Option<String>) -> Result<Option<String>, Problem> {
    let accepted = |id: &String| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    match given {
        Some(id) if !accepted(&id) => {
            Err(Problem::bad_request("trace_id is not accepted; accepted: 32 hex digits"))
        }
        given => Ok(given.map(|id| id.to_ascii_lowercase())),
    }
}
