//! `API_TOKEN`: the one secret that lets a caller in, and that this process shows to the next service.
//!
//! Bearer tokens as RFC 6750 has them, in the `Authorization` header only: a token in a query would stand in logs and spans.
//!
//! Invariants: the token is compared by its SHA-256 digest in constant time, so neither its length nor a common beginning can be
//! measured; it is never printed, by `Debug` or otherwise, and its header is marked sensitive, so that HTTP libraries do not log it.

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, OnceLock},
};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::problem::Problem;

/// More than any generator of tokens makes, and far below what a head may have.
const MAX_LENGTH: usize = 4096;
const REALM: &str = "Bearer realm=\"tracechain\"";
const REFUSED: &str = "Bearer realm=\"tracechain\", error=\"invalid_token\", error_description=\"the token is not the one of this service\"";

static OWN: OnceLock<ApiToken> = OnceLock::new();

/// The token of a process. Clones share it.
#[derive(Clone)]
pub struct ApiToken(Arc<Secret>);

struct Secret {
    digest: [u8; 32],
    bearer: HeaderValue,
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(not shown)")
    }
}

/// What RFC 6750, section 2.1 lets a token be: anything else could not be sent.
impl FromStr for ApiToken {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let body = text.trim_end_matches('=');
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let bearer = HeaderValue::try_from(format!("Bearer {text}"));
        match bearer {
            Ok(mut bearer)
                if !body.is_empty() && text.len() <= MAX_LENGTH && body.bytes().all(known) =>
            {
                bearer.set_sensitive(true);
                Ok(Self(Arc::new(Secret { digest: digest(text.as_bytes()), bearer })))
            }
            _ => Err(format!(
                "accepted: 1 to {MAX_LENGTH} characters of A-Z a-z 0-9 - . _ ~ + / and = at the end (RFC 6750)"
            )),
        }
    }
}

/// What a request's `Authorization` was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Right,
    Wrong,
    Nothing,
}

impl ApiToken {
    /// `routes` behind this token: without it they answer 401 `unauthorized`. Methods that a route does not have stay 405, so that a
    /// preflight, which never has a token, is answered by CORS.
    pub fn guard(&self, routes: Router) -> Router {
        routes.route_layer(middleware::from_fn_with_state(self.clone(), admit))
    }

    /// The same for pages that people open in a browser, which asks for a name and a password by itself: any name, and the token as
    /// the password (RFC 7617). The answer is without a body.
    pub fn guard_pages(&self, routes: Router) -> Router {
        routes.route_layer(middleware::from_fn_with_state(self.clone(), admit_browser))
    }

    /// The value of `Authorization` that shows this token.
    #[must_use]
    pub fn bearer(&self) -> HeaderValue {
        self.0.bearer.clone()
    }

    /// Whether the one `Authorization` header has the scheme `Bearer`, in any case, and this token (RFC 9110, section 11.4).
    fn shown_in(&self, headers: &HeaderMap) -> Shown {
        if headers.contains_key(header::AUTHORIZATION) {
            self.compare(credentials(headers, "bearer"))
        } else {
            Shown::Nothing
        }
    }

    fn shown_as_password(&self, headers: &HeaderMap) -> bool {
        let decoded =
            credentials(headers, "basic").and_then(|text| BASE64_STANDARD.decode(text).ok());
        let password = decoded.as_deref().and_then(|pair| {
            pair.iter().position(|byte| *byte == b':').map(|colon| &pair[colon + 1..])
        });
        self.compare(password) == Shown::Right
    }

    fn compare(&self, given: Option<&[u8]>) -> Shown {
        let same = given.is_some_and(|given| digest(given).ct_eq(&self.0.digest).into());
        if same { Shown::Right } else { Shown::Wrong }
    }
}

/// Makes `token` the one of this process: what its calls show. The first one stays.
pub(crate) fn install(token: Option<&ApiToken>) {
    if let Some(token) = token {
        OWN.get_or_init(|| token.clone());
    }
}

/// The `Authorization` with which this process calls the next one.
pub(crate) fn own() -> Option<HeaderValue> {
    OWN.get().map(ApiToken::bearer)
}

async fn admit(State(token): State<ApiToken>, request: Request, next: Next) -> Response {
    match token.shown_in(request.headers()) {
        Shown::Right => next.run(request).await,
        Shown::Nothing => {
            refusal(REALM, "this needs a token: send Authorization: Bearer and API_TOKEN's value")
        }
        Shown::Wrong => refusal(
            REFUSED,
            "the token is not the one of this service: send Authorization: Bearer and API_TOKEN's value, once",
        ),
    }
}

async fn admit_browser(State(token): State<ApiToken>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if token.shown_in(headers) == Shown::Right || token.shown_as_password(headers) {
        return next.run(request).await;
    }
    let challenges = [
        (
            header::WWW_AUTHENTICATE,
            "Basic realm=\"tracechain: any name, API_TOKEN as password\", charset=\"UTF-8\"",
        ),
        (header::WWW_AUTHENTICATE, REALM),
    ];
    let mut response = http::StatusCode::UNAUTHORIZED.into_response();
    for (name, value) in challenges {
        response.headers_mut().append(name, HeaderValue::from_static(value));
    }
    response
}

/// 401 with the challenge that RFC 9110, section 15.5.2 wants.
fn refusal(challenge: &'static str, detail: &'static str) -> Response {
    ([(header::WWW_AUTHENTICATE, challenge)], Problem::unauthorized(detail)).into_response()
}

/// What follows the scheme and its spaces in the one `Authorization` header. Of several, which one counts would be a guess: none does.
fn credentials<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h [u8]> {
    let mut headers = headers.get_all(header::AUTHORIZATION).iter();
    let only = headers.next().filter(|_| headers.next().is_none())?;
    let (given, rest) = only.as_bytes().split_at_checked(scheme.len())?;
    let rest = given.eq_ignore_ascii_case(scheme.as_bytes()).then_some(rest)?;
    rest.starts_with(b" ").then(|| rest.trim_ascii())
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests;
