//! `POST /api/v1/register`, also `POST /register`: a new user.

use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::Deserialize;
use shared::{json::Json, problem::Failure};
use utoipa::ToSchema;

use super::chain::{self, Context, Forward, forward};
use crate::{
    limits,
    openapi::{ChainErrors, Registered},
};

/// Who registers; further members are passed on through the chain.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(
    example = json!({"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org"})
)]
pub(crate) struct RegisterRequest {
    /// First name, without U+0000.
    #[garde(custom(limits::characters::<1, 100>))]
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\u0000]*$", example = "Ada")]
    first_name: String,
    /// Last name, without U+0000.
    #[garde(custom(limits::characters::<1, 100>))]
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\u0000]*$", example = "Lovelace")]
    last_name: String,
    /// E-mail address; no two users have the same.
    #[garde(custom(limits::email))]
    #[schema(
        min_length = 3,
        max_length = 254,
        pattern = r"^[^@\s\u0000-\u001f\u007f-\u009f]+@[^@.\s\u0000-\u001f\u007f-\u009f]+(\.[^@.\s\u0000-\u001f\u007f-\u009f]+)+$",
        example = "ada@example.org"
    )]
    email: String,
}

/// Registers a user
///
/// The same idempotency key resumes where an earlier try failed.
#[utoipa::path(
    post,
    path = "/api/v1/register",
    tag = "chain",
    params(crate::openapi::IdempotencyKey),
    request_body = RegisterRequest,
    responses((status = 201, description = "The user is registered", body = Registered), ChainErrors)
)]
pub(super) async fn register(
    context: Context,
    Json { bytes, .. }: Json<RegisterRequest>,
) -> Result<Response, Failure> {
    let (accepted, baggage) = (&[StatusCode::CREATED][..], chain::no_user());
    forward(context, Forward { path: "/register", body: &bytes, baggage, accepted }).await
}

/// Registers a user, at the short path
#[utoipa::path(
    post,
    path = "/register",
    tag = "chain",
    params(crate::openapi::IdempotencyKey),
    request_body = RegisterRequest,
    responses((status = 201, description = "The user is registered", body = Registered), ChainErrors)
)]
pub(super) async fn register_short(
    context: Context,
    body: Json<RegisterRequest>,
) -> Result<Response, Failure> {
    register(context, body).await
}
