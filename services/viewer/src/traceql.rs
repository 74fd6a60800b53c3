//! The subset of TraceQL that the viewer answers: `{ }` and `{ a && b }`, each a field compared with a value.
//!
//! Fields: `name`, `kind`, `status`, `duration`, `span.x`, `resource.x` and `.x` (the span's, else the resource's).
//! Operators: `= != > < >= <= =~ !~`. As in Tempo a regular expression matches the whole value, values of another type
//! do not match, and an absent attribute matches nothing, not even `!=`.

mod lexer;
mod matching;
mod parser;

use std::fmt;

use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};
use regex::Regex;

pub(crate) use matching::{Subject, duration, find};
pub(crate) use parser::nanoseconds;

/// Spans that meet all conditions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pub(crate) conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) field: Field,
    pub(crate) test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Name,
    Kind,
    Status,
    Duration,
    Span(String),
    Resource(String),
    /// The span's attribute, else the resource's.
    Either(String),
}

#[derive(Clone, Debug)]
pub(crate) enum Test {
    Compare(Comparison, Operand),
    Matches(Regex),
    MatchesNot(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// Nanoseconds.
    Duration(u64),
    Kind(SpanKind),
    Status(StatusCode),
}

/// Where a query stops being one, in characters from 1, and what could stand there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid TraceQL query: parse error at line {line}, col {column}: {message}")]
pub(crate) struct ParseError {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
}

impl Query {
    pub(crate) fn parse(text: &str) -> Result<Self, ParseError> {
        parser::parse(text)
    }

    /// `{ .a = "b" }` for each of the `tags` of Tempo's older search, written `a=b c="d e"`.
    pub(crate) fn parse_tags(text: &str) -> Result<Self, ParseError> {
        parser::parse_tags(text)
    }
}

impl Field {
    /// The field that a tag's name means: `resource.service.name`, `.http.route`, or just `http.route`.
    pub(crate) fn parse_tag(name: &str) -> Option<Self> {
        let bare = || {
            Some(Self::Either(name.to_owned()))
                .filter(|_| !name.is_empty() && !name.starts_with('.'))
        };
        parser::field(name).or_else(bare)
    }
}

impl fmt::Display for Field {
    /// The name under which a search result shows the field.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::Kind => "kind",
            Self::Status => "status",
            Self::Duration => "duration",
            Self::Span(name) | Self::Resource(name) | Self::Either(name) => name,
        })
    }
}
