//! What a test asserts of an answer.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::service::Answer;

/// The title of every kind of problem.
const TITLES: [(&str, &str); 18] = [
    ("malformed_json", "The body is not JSON"),
    ("bad_request", "The request is not accepted"),
    ("not_found", "Not found"),
    ("method_not_allowed", "Method not allowed"),
    ("request_timeout", "The request did not arrive in time"),
    ("conflict", "Conflict"),
    ("email_taken", "The e-mail address is taken"),
    ("body_too_large", "The body is too large"),
    ("unsupported_media_type", "Unsupported media type"),
    ("misdirected", "The request is for another host"),
    ("invalid", "The request is not valid"),
    ("idempotency_key_reused", "The idempotency key belongs to another request"),
    ("internal_error", "Internal error"),
    ("bad_gateway", "The next service failed"),
    ("overloaded", "Too many requests at once"),
    ("unavailable", "Not available"),
    ("timeout", "Too late"),
    ("dependency_unavailable", "A dependency is not available"),
];

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body of an answer that must have this status and belong to the trace that was sent.
    ///
    /// # Panics
    /// When it is another.
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.span_id();
        self.json()
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The span that `traceresponse` and `Server-Timing` name, in the trace that was sent.
    ///
    /// # Panics
    /// When one is missing or of another trace.
    pub fn span_id(&self) -> String {
        let value = self.header("traceresponse").unwrap_or_else(|| panic!("{self:?}"));
        let parts: Vec<_> = value.split('-').collect();
        assert_eq!((parts.len(), parts[0], parts[1]), (4, "00", self.trace_id.as_str()), "{value}");
        let timing = format!("traceparent;desc=\"{value}\"");
        assert_eq!(self.header("server-timing"), Some(timing.as_str()));
        parts[2].to_owned()
    }

    /// The problem (RFC 9457) of this status and code that `service` is said to have had, all members checked.
    ///
    /// # Panics
    /// When it is anything else.
    pub fn problem(&self, status: u16, code: &str, service: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        self.span_id();
        let problem = self.json();
        let title = TITLES.iter().find(|(known, _)| *known == code).map(|(_, title)| title);
        let expected = json!({
            "status": status,
            "code": code,
            "title": title,
            "type": format!("urn:tracechain:problem:{code}"),
            "service": service,
            "trace_id": self.trace_id,
        });
        for (member, value) in expected.as_object().into_iter().flatten() {
            assert_eq!(&problem[member], value, "{member}: {problem}");
        }
        assert!(problem["detail"].as_str().is_some_and(|text| text.len() > 8), "{problem}");
        let _ = request_id(&problem);
        problem
    }

    /// The problem 422 `invalid` of `service` with exactly these JSON pointers, in any order.
    ///
    /// # Panics
    /// When it is anything else.
    pub fn refuses(&self, service: &str, pointers: &[&str]) {
        let problem = self.problem(422, "invalid", service);
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        assert!(errors.iter().all(|error| error["detail"].is_string()), "{problem}");
        let mut found: Vec<_> =
            errors.iter().filter_map(|error| error["pointer"].as_str()).collect();
        found.sort_unstable();
        let mut expected = pointers.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{problem}");
    }
}

/// The `request_id` of an answer's body.
///
/// # Panics
/// When it is not a UUID.
#[must_use]
pub fn request_id(body: &Value) -> Uuid {
    let id = body["request_id"].as_str().and_then(|id| Uuid::try_parse(id).ok());
    id.unwrap_or_else(|| panic!("no request id: {body}"))
}
