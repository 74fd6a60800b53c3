//! `POST /process`: the user is there afterwards, and the request goes on to order-service.

use axum::{
    Json as JsonAnswer,
    extract::State,
    response::{IntoResponse, Response},
};
use garde::Validate;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use shared::{
    chain::{self, ChainEntry},
    client::{Answer, Call},
    json::{Json, Members},
    names,
    problem::{Failure, Problem},
    scope::Scope,
    telemetry,
    timestamp::now_micros,
};
use uuid::Uuid;

use crate::{
    idempotency::{self, Asked},
    routes::{self, App, MAX_ID, UserBody},
    store::{NewUser, User},
};

/// The caller's body as far as this service reads it; other members are passed on.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct ProcessRequest {
    #[garde(range(min = 1, max = MAX_ID))]
    user_id: i64,
    #[garde(inner(length(chars, min = 1, max = 200), custom(routes::storable)))]
    user_name: Option<String>,
    #[garde(inner(custom(routes::email_address)))]
    user_email: Option<String>,
    #[garde(skip)]
    request_id: Option<Uuid>,
}

/// Creates or completes the user, then runs the rest of the chain.
pub(crate) async fn process(
    State(app): State<App>,
    scope: Scope,
    headers: HeaderMap,
    body: Json<ProcessRequest>,
) -> Result<Response, Failure> {
    let members = body.members()?;
    let request = body.value;
    request.request_id.inspect(|id| scope.identify(*id));
    telemetry::set_attribute(&tracing::Span::current(), names::attribute::USER_ID, request.user_id);
    let asked = Asked { route: "", body: &members };
    idempotency::claim(&app, &scope, &headers, asked).await?;
    let user = upsert_user(&app, &scope, request).await?;
    let answer = call_order(&app, &scope, members, &user).await?;
    answer_with_user(answer, &user, &scope)
}

async fn upsert_user(app: &App, scope: &Scope, request: ProcessRequest) -> Result<User, Problem> {
    let trace_id = chain::trace_id();
    let new = NewUser {
        id: request.user_id,
        name: request.user_name.as_deref(),
        email: request.user_email.as_deref(),
        created_at: now_micros(),
        request_id: scope.request_id(),
        trace_id: &trace_id,
    };
    let upsert = app.store.upsert_user(new, scope.deadline());
    Ok(scope.within(names::database::USERS, upsert).await??)
}

/// Sends the caller's `members` on with what this service knows.
pub(crate) async fn call_order(
    app: &App,
    scope: &Scope,
    mut members: Members,
    user: &User,
) -> Result<Answer, Problem> {
    members.set("request_id", &json!(scope.request_id()));
    members.set("user_id", &json!(user.id));
    members.set("user", &json!({"id": user.id}));
    let body = members.to_string();
    // The edge knows no id yet when a user registers, so a `user.id` that the caller made up would go on from here.
    let baggage = vec![(names::attribute::USER_ID, user.id.to_string())];
    app.next.call(Call { baggage, ..Call::post("/process", body) }, scope).await
}

/// Order-service's answer with the user and this service's chain entry, under the same status.
fn answer_with_user(answer: Answer, user: &User, scope: &Scope) -> Result<Response, Failure> {
    let (status, replayed) = (answer.status, replay_header(&answer));
    let mut object = answer.object(&[StatusCode::OK, StatusCode::ACCEPTED])?;
    object.insert("user".to_owned(), json!(UserBody::from(user)));
    ChainEntry::current(scope).prepend_to(&mut object);
    Ok((status, replayed, JsonAnswer(object)).into_response())
}

/// The header that tells of a replay, to be passed up.
pub(crate) fn replay_header(answer: &Answer) -> HeaderMap {
    let name = names::header::IDEMPOTENCY_REPLAYED;
    let value = answer.headers.get(&name).cloned();
    value.into_iter().map(|value| (name.clone(), value)).collect()
}
