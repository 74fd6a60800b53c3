//! The subset of TraceQL that the viewer answers: `{ }` with fields compared with values, joined by `&&`, `||` and parentheses.
//! It has all that Grafana's query builder makes of the tags that the viewer names.
//!
//! Fields: `name`, `kind`, `status`, `statusMessage`, `duration`, `span:id`, `span:parentID`, `span.x`, `resource.x` and `.x`
//! (the span's, else the resource's); of the whole trace `traceDuration`, `rootName`, `rootServiceName` and `trace:id`. What
//! Tempo also writes with a scope (`span:duration`, `trace:rootName`) is known so too.
//! Operators: `= != > < >= <= =~ !~`. As in Tempo a regular expression matches the whole value, values of another type
//! do not match, and an absent attribute matches nothing, not even `!=`; whether it is there is asked by `= nil` and `!= nil`.

mod field;
mod lexer;
mod matching;
mod parser;
mod values;

use opentelemetry_proto::tonic::trace::v1::{span::SpanKind, status::StatusCode};
use regex::Regex;

pub(crate) use field::Field;
pub(crate) use matching::{Subject, Whole, duration, find};
pub(crate) use values::nanoseconds;

/// Which spans are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    root: Term,
}

#[derive(Clone, Debug)]
pub(crate) enum Term {
    /// Of none at all it is true: `{ }`.
    All(Vec<Term>),
    Any(Vec<Term>),
    Condition(Condition),
}

#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) field: Field,
    pub(crate) test: Test,
}

#[derive(Clone, Debug)]
pub(crate) enum Test {
    Compare(Comparison, Operand),
    Matches(Regex),
    MatchesNot(Regex),
    /// Whether the span has anything there.
    Present(bool),
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

    /// What can be understood of a query that is still being written; as Tempo has it, the rest restricts nothing.
    pub(crate) fn parse_unfinished(text: &str) -> Self {
        parser::parse_unfinished(text).unwrap_or_default()
    }

    /// `{ .a = "b" }` for each of the `tags` of Tempo's older search, written `a=b c="d e"`.
    pub(crate) fn parse_tags(text: &str) -> Result<Self, ParseError> {
        parser::parse_tags(text)
    }

    /// The spans that meet both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { root: Term::All(vec![self.root, other.root]) }
    }

    /// All conditions, in the order in which they were written.
    pub(crate) fn conditions(&self) -> Vec<&Condition> {
        self.root.conditions()
    }

    /// Whether a span alone does not decide it.
    pub(crate) fn asks_about_traces(&self) -> bool {
        self.conditions().iter().any(|condition| condition.field.is_of_trace())
    }
}

impl Default for Term {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl Term {
    fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::All(terms) | Self::Any(terms) => {
                terms.iter().flat_map(Self::conditions).collect()
            }
            Self::Condition(condition) => vec![condition],
        }
    }
}
