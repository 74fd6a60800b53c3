//! Reading audit records, straight from audit-service.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::Deserialize;
use shared::{
    client::Call,
    page::{PageQuery, Query},
    problem::{Failure, Problem},
    scope::Scope,
};
use utoipa::IntoParams;
use uuid::Uuid;

use super::chain::pass;
use crate::{
    App,
    openapi::{AuditPage, ReadErrors},
    params::PathAndQuery,
};

const AUDIT: &str = "/audit";

/// A page of the audit records, and which.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// Entries on the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Only the record of this request.
    request_id: Option<Uuid>,
    /// Only the records of this trace.
    #[param(pattern = "^[0-9a-fA-F]{32}$", example = "0af7651916cd43dd8448eb211c80319c")]
    trace_id: Option<String>,
}

/// Lists audit records, newest first
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "data",
    params(AuditQuery),
    responses((status = 200, description = "A page of audit records", body = AuditPage), ReadErrors)
)]
pub(super) async fn list_audit(
    State(app): State<Arc<App>>,
    scope: Scope,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Failure> {
    let page = PageQuery { limit: query.limit, after: query.after };
    page.cursor::<Uuid>()?;
    let path = PathAndQuery::new(AUDIT)
        .and("limit", Some(page.limit()?))
        .and("after", page.after)
        .and("request_id", query.request_id)
        .and("trace_id", trace_id(query.trace_id)?);
    pass(&app.audit, Call::get(AUDIT, path), &scope).await
}

fn trace_id(given: Option<String>) -> Result<Option<String>, Problem> {
    let is_id = |id: &String| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    match given {
        Some(id) if !is_id(&id) => {
            Err(Problem::bad_request("trace_id is not accepted; accepted: 32 hex digits"))
        }
        given => Ok(given),
    }
}
