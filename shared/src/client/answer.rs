//! What the next service said, and what becomes of it when it is not what was hoped for.

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use crate::{
    problem::{Failure, Problem},
    token,
};

/// What came back, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    pub(super) peer: &'static str,
}

impl Answer {
    /// The JSON object of an answer whose status is one of `accepted`.
    ///
    /// # Errors
    /// A problem of 4xx, 502, 503 or 504 is passed up as it came; anything else is 502 naming the service.
    pub fn object(self, accepted: &[StatusCode]) -> Result<Map<String, Value>, Failure> {
        if !accepted.contains(&self.status) {
            return Err(self.pass_up());
        }
        serde_json::from_slice(&self.body)
            .map_err(|_| bad_gateway(self.peer, "its answer is not a JSON object").into())
    }

    /// The answer as this service's own error. Where this service has a token of its own, a 401 is no word to the caller, whose token was
    /// good enough here: 502.
    #[must_use]
    pub fn pass_up(self) -> Failure {
        if self.status == StatusCode::UNAUTHORIZED && token::own().is_some() {
            let what = "it refused this service's token; give both the same API_TOKEN";
            return bad_gateway(self.peer, what).into();
        }
        let passes = self.status.is_client_error() || matches!(self.status.as_u16(), 502..=504);
        if !passes || !self.is_problem() {
            let what = format!("it answered {}", self.status);
            return bad_gateway(self.peer, &what).into();
        }
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        for name in [header::CONTENT_TYPE, header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
            if let Some(value) = self.headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        Failure::passed_up(response)
    }

    fn is_problem(&self) -> bool {
        let media_type = self.headers.get(header::CONTENT_TYPE).map(http::HeaderValue::as_bytes);
        media_type.is_some_and(|text| text.starts_with(b"application/problem+json"))
            && serde_json::from_slice::<Map<String, Value>>(&self.body).is_ok()
    }
}

/// 502 that names the service and says what was wrong with it.
pub(super) fn bad_gateway(peer: &str, what: &str) -> Problem {
    Problem::bad_gateway(format!("{peer}: {what}")).of_service(peer).because(what)
}
