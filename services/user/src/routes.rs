//! The routes of the user service and what their handlers share.

use axum::{
    Router,
    routing::{get, post},
};
use serde::Serialize;
use shared::{client::Client, problem::Problem, timestamp};
use uuid::Uuid;

use crate::{
    process, reads, register,
    store::{Store, User, WriteError},
};

/// The largest id that JSON numbers carry exactly, 2^53 - 1.
pub(crate) const MAX_ID: i64 = (1 << 53) - 1;

/// What every handler works with.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) next: Client,
}

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/process", post(process::process))
        .route("/register", post(register::register))
        .route("/users", get(reads::list_users))
        .route("/users/{id}", get(reads::get_user))
        .with_state(app)
}

/// A user in answers.
#[derive(Debug, Serialize)]
pub(crate) struct UserBody {
    pub(crate) id: i64,
    name: Option<String>,
    email: Option<String>,
    #[serde(serialize_with = "timestamp::serialize")]
    pub(crate) created_at: i64,
    request_id: Uuid,
    trace_id: String,
}

impl From<&User> for UserBody {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            name: user.name.clone(),
            email: user.email.clone(),
            created_at: user.created_at,
            request_id: user.request_id,
            trace_id: user.trace_id.clone(),
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::EmailTaken => {
                Self::email_taken("the e-mail address belongs to another user; use another address")
            }
            WriteError::RequestReused => Self::conflict(
                "the request id has already created another user; send a new idempotency key",
            ),
            WriteError::Database(error) => error.into(),
        }
    }
}

/// A garde rule: no U+0000, which the texts of Postgres cannot hold.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that garde calls")]
pub(crate) fn storable(value: &str, _: &()) -> garde::Result {
    if value.contains('\0') {
        return Err(garde::Error::new("holds U+0000; accepted: every other character"));
    }
    Ok(())
}

/// A garde rule: one `@` with something on both sides, a dot in the domain, no spaces, at most 254 characters (RFC 5321).
///
/// Whether the address exists only a message to it can tell, so nothing finer is checked.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that garde calls")]
pub(crate) fn email_address(value: &str, _: &()) -> garde::Result {
    let accepted = match value.split_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && domain.split('.').count() > 1
                && domain.split('.').all(|label| !label.is_empty())
                && !domain.contains('@')
        }
        None => false,
    };
    let plain = !value.chars().any(|c| c.is_whitespace() || c.is_control());
    if accepted && plain && value.chars().count() <= 254 {
        return Ok(());
    }
    Err(garde::Error::new(
        "accepted: an e-mail address such as name@example.com, at most 254 characters",
    ))
}
