//! Lists, a page at a time: newest first, `limit` and an opaque cursor `after`.

use std::{fmt::Display, str::FromStr};

use axum::extract::{FromRequestParts, Query as AxumQuery};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::request::Parts;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::problem::Problem;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// A query string; what it does not accept is a 400 that names the parameter.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        AxumQuery::try_from_uri(&parts.uri)
            .map(|AxumQuery(value)| Self(value))
            .map_err(|error| Problem::bad_request(error.body_text()))
    }
}

/// The parameters that every list has.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Entries on the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A place in a list ordered by time and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor<I> {
    /// When the last entry before it was made, in microseconds since the Unix epoch.
    pub created_at: i64,
    /// That entry's id.
    pub id: I,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The entries, newest first.
    pub items: Vec<T>,
    /// What to send as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl PageQuery {
    /// The number of entries asked for.
    ///
    /// # Errors
    /// 400 when it is not within 1..=200.
    pub fn limit(&self) -> Result<u32, Problem> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(limit),
            other => {
                Err(Problem::bad_request(format!("limit is {other}; accepted: 1 to {MAX_LIMIT}")))
            }
        }
    }

    /// The place to go on from.
    ///
    /// # Errors
    /// 400 when `after` is not the `next` of a page.
    pub fn cursor<I: FromStr>(&self) -> Result<Option<Cursor<I>>, Problem> {
        let refused = || {
            Problem::bad_request("after is not a cursor; accepted: the `next` of an earlier page")
        };
        self.after.as_deref().map(|text| Cursor::decode(text).ok_or_else(refused)).transpose()
    }
}

impl<I: Display + FromStr> Cursor<I> {
    /// The opaque form.
    #[must_use]
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{}", self.created_at, self.id))
    }
}

impl<I: FromStr> Cursor<I> {
    /// The place that `text` stands for.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (created_at, id) = std::str::from_utf8(&bytes).ok()?.split_once('.')?;
        Some(Self { created_at: created_at.parse().ok()?, id: id.parse().ok()? })
    }
}

impl<T> Page<T> {
    /// A page of the first `limit` of `items`; `place` is where an entry stands. The store is to be asked for one entry more
    /// than the limit: only that one tells whether there is a next page.
    pub fn new<I: Display + FromStr>(
        mut items: Vec<T>,
        limit: u32,
        place: impl Fn(&T) -> Cursor<I>,
    ) -> Self {
        let has_more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| has_more).map(|last| place(last).encode());
        Self { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_opaque_form() {
        let cursor = Cursor { created_at: -5, id: 7_i64 };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
    }

    #[test]
    fn what_is_not_a_cursor_is_refused() {
        for text in ["", "!", "AAAA", "MS4", "LjE"] {
            let query = PageQuery { limit: None, after: Some(text.to_owned()) };
            assert_eq!(query.cursor::<i64>().unwrap_err().code(), "bad_request", "{text}");
        }
    }

    #[test]
    fn only_an_entry_beyond_the_limit_makes_a_next_page() {
        let page = |entries: i64| {
            let page =
                Page::new((1..=entries).collect(), 2, |id| Cursor { created_at: 0, id: *id });
            (page.items, page.next)
        };
        let second = Cursor { created_at: 0, id: 2_i64 }.encode();
        assert_eq!(page(0), (vec![], None));
        assert_eq!(page(2), (vec![1, 2], None));
        assert_eq!(page(3), (vec![1, 2], Some(second)));
    }

    #[test]
    fn limits_outside_their_range_are_refused() {
        let limit = |limit| PageQuery { limit: Some(limit), after: None }.limit().map_err(|_| ());
        assert_eq!(
            [limit(0), limit(1), limit(200), limit(201)],
            [Err(()), Ok(1), Ok(200), Err(())]
        );
    }
}
