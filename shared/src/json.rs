//! Request bodies: JSON that is checked before a handler sees it.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use garde::Validate;
use http::{HeaderMap, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::{
    problem::{FieldError, Problem},
    scope::{Scope, UNLAYERED},
};

mod members;
#[cfg(test)]
mod properties;

pub use members::Members;

/// Bytes that a caller's request body may have, at the edge.
pub const BODY_LIMIT: usize = 64 * 1024;
/// Bytes that the hops behind the edge leave for what each of them adds.
pub const HOP_ROOM: usize = 16 * 1024;

/// The bytes that the server takes, among the extensions of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// A JSON body that parsed and passed its [`Validate`] rules, and the bytes it came as.
///
/// Rejections: 415 when it is not `application/json` (or `+json`), 413 above the server's limit, 408 when it does not arrive before
/// the request's deadline, 400 when it is not JSON, 422 with a JSON pointer per field when a value is not accepted.
#[derive(Debug)]
pub struct Json<T> {
    /// What the body says.
    pub value: T,
    /// The body as it came.
    pub bytes: Bytes,
}

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        expect_json(request.headers())?;
        expect_plain(request.headers())?;
        let scope = request.extensions().get::<Scope>().cloned();
        let limit = request.extensions().get().map_or(BODY_LIMIT, |BodyLimit(limit)| *limit);
        let read = Bytes::from_request(request, state);
        let patience = scope.as_ref().map_or(UNLAYERED, Scope::remaining);
        let bytes = tokio::time::timeout(patience, read)
            .await
            .map_err(|_| Problem::request_timeout("send the whole body at once"))?
            .map_err(|rejection| body_problem(rejection.status(), limit))?;
        let value = parse(&bytes).inspect_err(|_| identify(scope.as_ref(), &bytes))?;
        Ok(Self { value, bytes })
    }
}

/// A request that is refused before a handler sees it is still the one that its body says.
fn identify(scope: Option<&Scope>, bytes: &[u8]) {
    #[derive(serde::Deserialize)]
    struct Identified {
        request_id: uuid::Uuid,
    }
    let body = serde_json::from_slice::<Identified>(bytes);
    if let (Some(scope), Ok(body)) = (scope, body) {
        scope.identify(body.request_id);
    }
}

impl<T> Json<T> {
    /// All members of the body, those that `T` does not know too, to be passed on as they are spelled.
    ///
    /// # Errors
    /// 422 when a member that `T` does not know is more than each reader can hold: half a surrogate pair, too many arrays in
    /// each other, a number beyond a double's range.
    pub fn members(&self) -> Result<Members, Problem> {
        let refused = |error: serde_json::Error| Problem::invalid_field("", error.to_string());
        serde_json::from_slice::<Value>(&self.bytes).map_err(refused)?;
        Members::parse(&self.bytes).map_err(refused)
    }
}

/// Parses and validates a JSON document.
///
/// # Errors
/// 400 when it is not JSON; 422 with a pointer per field that is not accepted.
pub fn parse<T: DeserializeOwned + Validate<Context = ()>>(bytes: &[u8]) -> Result<T, Problem> {
    // serde_json looks at the encoding of those texts only that it keeps.
    let text = str::from_utf8(bytes).map_err(|error| malformed(&error))?;
    // serde takes an array for a struct, too: its entries in the order of the fields.
    let is_object = text.trim_start().starts_with('{');
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) if is_object => shape_problem(&error),
            Ok(_) => not_an_object(),
            Err(error) => malformed(&error),
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    if !is_object {
        return Err(not_an_object());
    }
    value.validate().map_err(|report| rule_problem(&report))?;
    Ok(value)
}

fn not_an_object() -> Problem {
    Problem::invalid_field("", "accepted: an object")
}

fn malformed(error: &dyn std::error::Error) -> Problem {
    Problem::malformed_json(format!("{error}; send one JSON object"))
}

/// A value of the wrong type or a missing field; serde_json stops at the first.
fn shape_problem(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let text = error.inner().to_string();
    let detail = text.rsplit_once(" at line ").map_or(text.as_str(), |(detail, _)| detail);
    let mut pointer = pointer(&error.path().to_string());
    if let Some(field) =
        detail.strip_prefix("missing field `").and_then(|rest| rest.split('`').next())
    {
        pointer = format!("{pointer}/{field}");
    }
    Problem::invalid_field(pointer, without_value(detail))
}

/// serde repeats the value that it could not take (``invalid type: string "...", expected i64``). It may be personal, and answers are
/// kept in logs of others; what was wrong with it can be told by its kind.
fn without_value(detail: &str) -> String {
    let is_told = ["invalid type: ", "invalid value: ", "unknown variant "]
        .iter()
        .any(|beginning| detail.starts_with(beginning));
    match detail.rsplit_once(", expected ") {
        Some((found, expected)) if is_told => {
            let kind = found.split(['"', '`']).next().unwrap_or_default().trim_end();
            format!("{kind}, expected {expected}")
        }
        _ => detail.to_owned(),
    }
}

fn rule_problem(report: &garde::Report) -> Problem {
    let field_error = |(path, error): &(garde::Path, garde::Error)| FieldError {
        pointer: pointer(&path.to_string()),
        detail: error.to_string(),
    };
    Problem::invalid_fields(report.iter().map(field_error).collect())
}

/// `items[0].quantity` as the JSON pointer `/items/0/quantity`; the root is the empty pointer.
fn pointer(path: &str) -> String {
    let parts = path.split(['.', '[', ']']).filter(|part| !part.is_empty());
    parts.fold(String::new(), |pointer, part| {
        pointer + "/" + &part.replace('~', "~0").replace('/', "~1")
    })
}

fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    if essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
    {
        return Ok(());
    }
    Err(Problem::unsupported_media_type(
        "send the body as JSON with `Content-Type: application/json`",
    ))
}

fn expect_plain(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(header::CONTENT_ENCODING) {
        Some(coding) if !coding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            Err(Problem::unsupported_media_type(
                "a body is taken as it is; send it without `Content-Encoding`",
            ))
        }
        _ => Ok(()),
    }
}

fn body_problem(status: StatusCode, limit: usize) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::body_too_large(format!("a body may have {limit} bytes; send less"));
    }
    Problem::bad_request("the body ended before it was whole; send it again")
}

#[cfg(test)]
mod tests;
