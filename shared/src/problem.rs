//! Errors as a client sees them: RFC 9457 `application/problem+json` with a stable `code`.
//!
//! A handler answers with a [`Problem`]; the server layer knows the trace and the request and writes the body. For a 5xx the
//! text is general: the cause is logged once and set on the span, never sent.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::db::DbError;

mod failure;

pub use failure::Failure;

/// `type` of every problem, with the code as its fragment.
const TYPE_PREFIX: &str = "urn:tracechain:problem:";

/// One field of the request body that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field.
    pub pointer: String,
    /// What was wrong and what is accepted.
    pub detail: String,
}

/// An error answer.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    // Boxed texts: every fallible function of the handlers returns this by value.
    detail: Box<str>,
    errors: Vec<FieldError>,
    service: Option<Box<str>>,
    retry_after: Option<u32>,
    cause: Option<Box<str>>,
}

/// The members of a problem document (RFC 9457 section 3.1, and ours).
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// A URI of the kind of problem.
    pub r#type: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong this time, what is accepted, and what to do.
    pub detail: String,
    /// Stable name of the kind of problem.
    pub code: String,
    /// The service or database that failed.
    pub service: String,
    /// The trace that shows it.
    pub trace_id: String,
    /// The request's id.
    pub request_id: uuid::Uuid,
    /// The fields that were not accepted, with a JSON pointer each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $title:literal;)*) => {
        impl Problem {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(detail: impl Into<String>) -> Self {
                Self::new(StatusCode::$status, stringify!($name), $title, detail.into())
            })*
        }
    };
}

problems! {
    /// 400: the body is not JSON.
    malformed_json = BAD_REQUEST, "The body is not JSON";
    /// 400: something in the path, the query or a header is not accepted.
    bad_request = BAD_REQUEST, "The request is not accepted";
    /// 401: no token, or not the right one.
    unauthorized = UNAUTHORIZED, "A token is needed";
    /// 404: no such route.
    not_found = NOT_FOUND, "Not found";
    /// 405: the route has no such method.
    method_not_allowed = METHOD_NOT_ALLOWED, "Method not allowed";
    /// 408: the body did not arrive in time.
    request_timeout = REQUEST_TIMEOUT, "The request did not arrive in time";
    /// 409: the state of the resource forbids it.
    conflict = CONFLICT, "Conflict";
    /// 409: another user has the e-mail address.
    email_taken = CONFLICT, "The e-mail address is taken";
    /// 413: the body is too large.
    body_too_large = PAYLOAD_TOO_LARGE, "The body is too large";
    /// 414: the request line is too long.
    uri_too_long = URI_TOO_LONG, "The URI is too long";
    /// 415: the body is of another media type.
    unsupported_media_type = UNSUPPORTED_MEDIA_TYPE, "Unsupported media type";
    /// 421: the request names another host, as a page does whose own name was pointed here.
    misdirected = MISDIRECTED_REQUEST, "The request is for another host";
    /// 422: a field is missing or out of range.
    invalid = UNPROCESSABLE_ENTITY, "The request is not valid";
    /// 422: the idempotency key came with another body before.
    idempotency_key_reused = UNPROCESSABLE_ENTITY, "The idempotency key belongs to another request";
    /// 431: the head is too large or has too many headers.
    head_too_large = REQUEST_HEADER_FIELDS_TOO_LARGE, "The head is too large";
    /// 500: this service failed.
    internal_error = INTERNAL_SERVER_ERROR, "Internal error";
    /// 502: the next service could not be reached or its answer not understood.
    bad_gateway = BAD_GATEWAY, "The next service failed";
    /// 503: more requests than are worked on at once.
    overloaded = SERVICE_UNAVAILABLE, "Too many requests at once";
    /// 503: the service starts or stops.
    unavailable = SERVICE_UNAVAILABLE, "Not available";
    /// 504: the next service, or this one, did not answer in time.
    timeout = GATEWAY_TIMEOUT, "Too late";
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: String) -> Self {
        Self {
            status,
            code,
            title,
            detail: detail.into(),
            errors: Vec::new(),
            service: None,
            retry_after: None,
            cause: None,
        }
    }

    /// 503: this service's own database does not work at the moment.
    #[must_use]
    pub fn dependency_unavailable(dependency: &str) -> Self {
        let detail = format!("{dependency} is not available at the moment; try again later");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "dependency_unavailable",
            "A dependency is not available",
            detail,
        )
        .of_service(dependency)
        .retry_after(1)
    }

    /// 422 with the fields that were not accepted.
    #[must_use]
    pub fn invalid_fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] if only.pointer.is_empty() => format!("the body: {}", only.detail),
            [only] => format!("{}: {}", only.pointer, only.detail),
            many => format!("{} fields are not accepted; see `errors`", many.len()),
        };
        Self { errors, ..Self::invalid(detail) }
    }

    /// 422 for one field.
    #[must_use]
    pub fn invalid_field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldError { pointer: pointer.into(), detail: detail.into() }])
    }

    /// Names the service that failed; without it, it is the one that answers.
    #[must_use]
    pub fn of_service(self, service: &str) -> Self {
        Self { service: Some(service.into()), ..self }
    }

    /// Sends `Retry-After` with this many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// Keeps the cause for the log and the span. It never reaches the client and must hold no personal data.
    #[must_use]
    pub fn because(self, cause: impl ToString) -> Self {
        Self { cause: Some(cause.to_string().into()), ..self }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code, also `error.type` on the span.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The cause, else the title.
    #[must_use]
    pub fn cause(&self) -> &str {
        self.cause.as_deref().unwrap_or(self.title)
    }

    /// The document as `service` sends it.
    #[must_use]
    pub fn body(&self, service: &str, trace_id: String, request_id: uuid::Uuid) -> ProblemBody {
        ProblemBody {
            r#type: format!("{TYPE_PREFIX}{}", self.code),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.to_string(),
            code: self.code.to_owned(),
            service: self.service.as_deref().unwrap_or(service).to_owned(),
            trace_id,
            request_id,
            errors: self.errors.clone(),
        }
    }
}

/// 503 for a database that does not work at the moment, 500 for a mistake of this service.
impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        if error.is_unavailable() {
            return Self::dependency_unavailable(error.database()).because(described(&error));
        }
        Self::internal_error("the service failed; the trace shows where").because(described(&error))
    }
}

fn described(error: &DbError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// The answer without its body, which the server layer writes.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
