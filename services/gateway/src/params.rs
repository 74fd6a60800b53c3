//! What comes in the path and the query, checked: 400 with what is accepted for anything else.

use std::fmt::{Display, Write};

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use shared::problem::Problem;
use uuid::Uuid;

use crate::limits::MAX_USER_ID;

/// A user's id from the path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserId(pub(crate) i64);

/// An order's id from the path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrderId(pub(crate) Uuid);

impl<S: Send + Sync> FromRequestParts<S> for UserId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = id(parts, state).await;
        let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let id = digits.and_then(|digits| digits.parse().ok());
        let id = id.filter(|id| (1..=MAX_USER_ID).contains(id));
        let refused =
            || format!("the user id in the path is not accepted; accepted: 1 to {MAX_USER_ID}");
        id.map(Self).ok_or_else(|| Problem::bad_request(refused()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OrderId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = id(parts, state).await;
        let id = text.and_then(|text| Uuid::try_parse(&text).ok());
        let refused = "the order id in the path is not accepted; accepted: a UUID";
        id.map(Self).ok_or_else(|| Problem::bad_request(refused))
    }
}

/// The path's only parameter; `None` when it is not UTF-8.
async fn id<S: Send + Sync>(parts: &mut Parts, state: &S) -> Option<String> {
    Path::<String>::from_request_parts(parts, state).await.ok().map(|Path(text)| text)
}

/// A path with a query, of values that were checked and need no escape.
#[derive(Debug)]
pub(crate) struct PathAndQuery(String);

impl PathAndQuery {
    /// `path` without a query.
    pub(crate) fn new(path: &str) -> Self {
        Self(path.to_owned())
    }

    /// Adds a parameter where there is a value.
    pub(crate) fn and(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            let separator = if self.0.contains('?') { '&' } else { '?' };
            // Writing to a `String` does not fail.
            let _ = write!(self.0, "{separator}{name}={value}");
        }
        self
    }
}

impl From<PathAndQuery> for String {
    fn from(path: PathAndQuery) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::PathAndQuery;

    #[test]
    fn only_parameters_with_a_value_are_sent_on() {
        let path = PathAndQuery::new("/audit").and("limit", Some(5)).and("after", None::<&str>);
        assert_eq!(String::from(path.and("trace_id", Some("ab"))), "/audit?limit=5&trace_id=ab");
    }
}
