//! `POST /register`: a new user and the registration, then the chain with the zero-priced `registration` product.

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
    client::Answer,
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
    process::{call_order, replay_header},
    routes::{self, App, MAX_ID, UserBody},
    store::{NewRegistration, User},
};

/// Registered users get random ids above those that callers choose.
const FIRST_RANDOM_ID: i64 = (1 << 40) + 1;

/// The caller's body; other members are passed on.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct RegisterRequest {
    #[garde(length(chars, min = 1, max = 100), custom(routes::storable))]
    first_name: String,
    #[garde(length(chars, min = 1, max = 100), custom(routes::storable))]
    last_name: String,
    #[garde(custom(routes::email_address))]
    email: String,
    #[garde(skip)]
    request_id: Option<Uuid>,
}

/// Registers the user; the same idempotency key resumes where an earlier try failed.
pub(crate) async fn register(
    State(app): State<App>,
    scope: Scope,
    headers: HeaderMap,
    body: Json<RegisterRequest>,
) -> Result<Response, Failure> {
    let members = body.members()?;
    let request = body.value;
    request.request_id.inspect(|id| scope.identify(*id));
    let asked = Asked { route: "/register", body: &members };
    idempotency::claim(&app, &scope, &headers, asked).await?;
    let user = insert_registration(&app, &scope, &request).await?;
    telemetry::set_attribute(&tracing::Span::current(), names::attribute::USER_ID, user.id);
    let answer = call_order(&app, &scope, order_of_registration(members), &user).await?;
    answer_registered(answer, &user, &scope)
}

async fn insert_registration(
    app: &App,
    scope: &Scope,
    request: &RegisterRequest,
) -> Result<User, Problem> {
    let trace_id = chain::trace_id();
    let new = NewRegistration {
        user_id: rand::random_range(FIRST_RANDOM_ID..=MAX_ID),
        first_name: &request.first_name,
        last_name: &request.last_name,
        email: &request.email,
        created_at: now_micros(),
        request_id: scope.request_id(),
        trace_id: &trace_id,
    };
    let register = app.store.register(new, scope.deadline());
    Ok(scope.within(names::database::USERS, register).await??.user)
}

/// The caller's members without what is personal, and what order-service is to place.
fn order_of_registration(mut members: Members) -> Members {
    for personal in ["first_name", "last_name", "email"] {
        members.remove(personal);
    }
    members.set("action", &json!("register"));
    members.set("items", &json!([{"sku": "registration", "quantity": 1}]));
    members
}

fn answer_registered(answer: Answer, user: &User, scope: &Scope) -> Result<Response, Failure> {
    let replayed = replay_header(&answer);
    let mut object = answer.object(&[StatusCode::OK, StatusCode::ACCEPTED])?;
    object.insert("status".to_owned(), json!("success"));
    object.insert("message".to_owned(), json!(format!("user {} is registered", user.id)));
    object.insert("user".to_owned(), json!(UserBody::from(user)));
    ChainEntry::current(scope).prepend_to(&mut object);
    Ok((StatusCode::CREATED, replayed, JsonAnswer(object)).into_response())
}
