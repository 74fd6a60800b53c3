//! Handing a request to the chain, and a read to the service that owns the data.

use std::sync::Arc;

use axum::{
    Json as JsonAnswer,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use opentelemetry::baggage::BaggageExt;
use serde_json::json;
use shared::{
    chain::ChainEntry,
    client::{Call, Client},
    names::{self, attribute},
    problem::Failure,
    scope::Scope,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::members;
use crate::{App, idempotency::Identity};

/// A request on its way into the chain.
pub(super) struct Forward<'r> {
    pub(super) path: &'static str,
    pub(super) body: &'r [u8],
    pub(super) baggage: Vec<(&'static str, String)>,
    pub(super) accepted: &'static [StatusCode],
}

/// What the handlers of the chain need beside the body.
pub(super) type Context = (State<Arc<App>>, Scope, Identity);

/// Sends the caller's members on and passes the answer up with this service's chain entry in front.
pub(super) async fn forward(
    (State(app), scope, identity): Context,
    request: Forward<'_>,
) -> Result<Response, Failure> {
    let body = members::with_request_id(request.body, scope.request_id())?;
    let (headers, baggage) = (identity.headers(), request.baggage);
    let call = Call { headers, baggage, ..Call::post(request.path, body) };
    let answer = app.chain.call(call, &scope).await?;
    let (status, replayed) = (answer.status, replayed(&answer.headers));
    let mut object = answer.object(request.accepted)?;
    object.entry("request_id").or_insert_with(|| json!(scope.request_id()));
    ChainEntry::current(&scope).prepend_to(&mut object);
    Ok((status, replayed, JsonAnswer(object)).into_response())
}

/// Makes `call`, which is about no user in particular, and passes the JSON object of its answer up as it came.
pub(super) async fn pass(client: &Client, call: Call, scope: &Scope) -> Result<Response, Failure> {
    let answer = client.call(Call { baggage: no_user(), ..call }, scope).await?;
    let body = answer.body.clone();
    answer.object(&[StatusCode::OK])?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// `user.id` in the baggage is this system's word. Where the gateway does not know it, a caller's is emptied: members can be
/// overwritten, not taken away.
pub(super) fn no_user() -> Vec<(&'static str, String)> {
    let context = Span::current().context();
    let is_claimed = context.baggage().get(attribute::USER_ID).is_some();
    is_claimed.then(|| (attribute::USER_ID, String::new())).into_iter().collect()
}

fn replayed(headers: &HeaderMap) -> HeaderMap {
    let name = names::header::IDEMPOTENCY_REPLAYED;
    let value = headers.get(&name).cloned();
    value.into_iter().map(|value| (name.clone(), value)).collect()
}
