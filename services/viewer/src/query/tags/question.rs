//! Of which spans the tags and values are asked, with the parameters that Tempo knows.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::traceql::{Query, Subject};

/// What one answer may name; attributes without end (ids) would otherwise be listed whole.
const MAX_VALUES: usize = 1000;
const SCOPES: &str = "span, resource, intrinsic, event, link, instrumentation or none";

#[derive(Debug, Deserialize)]
pub(crate) struct Question {
    #[serde(default)]
    scope: String,
    /// Grafana sends the filters that are already chosen, the editor also what is still being written.
    #[serde(default)]
    q: String,
    /// Seconds since the epoch.
    start: Option<u64>,
    end: Option<u64>,
    limit: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Span,
    Resource,
    Intrinsic,
    /// One that Tempo knows and of which the viewer names no tags.
    Other,
}

/// A question that has been checked.
#[derive(Debug)]
pub(super) struct Asked {
    /// None for all.
    pub(super) scope: Option<Scope>,
    pub(super) query: Query,
    pub(super) limit: usize,
    from: u64,
    to: u64,
}

impl Question {
    pub(super) fn checked(&self) -> Result<Asked, String> {
        let seconds = |seconds: u64| seconds.saturating_mul(1_000_000_000);
        Ok(Asked {
            scope: self.scope()?,
            query: Query::parse_unfinished(&self.q),
            limit: self.limit.filter(|limit| *limit > 0).unwrap_or(MAX_VALUES).min(MAX_VALUES),
            from: self.start.map_or(0, seconds),
            to: self.end.filter(|end| *end > 0).map_or(u64::MAX, seconds),
        })
    }

    fn scope(&self) -> Result<Option<Scope>, String> {
        Ok(match self.scope.as_str() {
            "" | "none" => None,
            "span" => Some(Scope::Span),
            "resource" => Some(Scope::Resource),
            "intrinsic" => Some(Scope::Intrinsic),
            "event" | "link" | "instrumentation" => Some(Scope::Other),
            other => return Err(format!("scope is {other:?}: write {SCOPES}")),
        })
    }
}

impl Asked {
    pub(super) fn covers(&self, subject: Subject<'_>) -> bool {
        let span = subject.span;
        span.start_time_unix_nano <= self.to
            && span.end_time_unix_nano >= self.from
            && self.query.matches(subject)
    }
}

/// Grafana escapes the name in the address twice, so that no proxy takes a part of it for its own, and Tempo unescapes it twice.
/// What is no escape, or none of text, stays as it is.
pub(super) fn unescaped(name: &str) -> String {
    percent_decode_str(name).decode_utf8().map_or_else(|_| name.to_owned(), Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn escapes_are_undone_and_anything_else_stays() {
        for (name, expected) in [
            ("http.route", "http.route"),
            ("span%3Aname", "span:name"),
            ("100%", "100%"),
            ("%zz%2", "%zz%2"),
            ("%ff", "%ff"),
            ("%C3%a9", "é"),
        ] {
            assert_eq!(unescaped(name), expected);
        }
    }
}
