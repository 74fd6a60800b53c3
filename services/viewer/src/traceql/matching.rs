//! Whether a span meets a query.

use std::cmp::Ordering;

use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};

use super::{Comparison, Condition, Field, Operand, Query, Term, Test};

/// A span and its resource's attributes.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) span: &'a Span,
    pub(crate) resource: &'a [KeyValue],
    /// Its trace; without it, nothing matches that asks about traces.
    pub(crate) whole: Option<&'a Whole>,
}

/// What is known of a trace as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    /// Nanoseconds.
    pub(crate) duration: u64,
    /// Service and name of the root, once it has come.
    pub(crate) root: Option<(String, String)>,
}

impl Query {
    pub(crate) fn matches(&self, subject: Subject<'_>) -> bool {
        self.root.matches(subject)
    }
}

impl Term {
    fn matches(&self, subject: Subject<'_>) -> bool {
        match self {
            Self::All(terms) => terms.iter().all(|term| term.matches(subject)),
            Self::Any(terms) => terms.iter().any(|term| term.matches(subject)),
            Self::Condition(condition) => condition.matches(subject),
        }
    }
}

impl Condition {
    fn matches(&self, subject: Subject<'_>) -> bool {
        let value = self.field.value(subject);
        match self.test {
            Test::Present(expected) => value.is_some() == expected,
            _ => value.is_some_and(|value| self.test.holds_for(&value)),
        }
    }
}

impl Field {
    /// What the span has there.
    pub(crate) fn value(&self, subject: Subject<'_>) -> Option<Operand> {
        let span = subject.span;
        match self {
            Self::Name => Some(Operand::Text(span.name.clone())),
            Self::Kind => SpanKind::try_from(span.kind).ok().map(Operand::Kind),
            Self::Status => {
                StatusCode::try_from(span.status.as_ref().map_or(0, |status| status.code))
                    .ok()
                    .map(Operand::Status)
            }
            Self::StatusMessage => text(span.status.as_ref().map_or("", |status| &status.message)),
            Self::Duration => Some(Operand::Duration(duration(span))),
            Self::SpanId => text(&hex::encode(&span.span_id)),
            Self::ParentId => text(&hex::encode(&span.parent_span_id)),
            Self::TraceId => text(&hex::encode(&span.trace_id)),
            Self::TraceDuration => subject.whole.map(|whole| Operand::Duration(whole.duration)),
            Self::RootName => text(&subject.whole?.root.as_ref()?.1),
            Self::RootService => text(&subject.whole?.root.as_ref()?.0),
            Self::Span(name) => find(&span.attributes, name).map(operand),
            Self::Resource(name) => find(subject.resource, name).map(operand),
            Self::Either(name) => {
                find(&span.attributes, name).or_else(|| find(subject.resource, name)).map(operand)
            }
        }
    }
}

/// An empty text is none.
fn text(text: &str) -> Option<Operand> {
    Some(Operand::Text(text.to_owned())).filter(|_| !text.is_empty())
}

/// Nanoseconds; 0 for a span whose clock went backwards.
pub(crate) fn duration(span: &Span) -> u64 {
    span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano)
}

pub(crate) fn find<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key == name)?.value.as_ref()?.value.as_ref()
}

/// Lists and maps compare as nothing does.
fn operand(value: &Value) -> Operand {
    match value {
        Value::StringValue(text) => Operand::Text(text.clone()),
        Value::IntValue(number) => Operand::Integer(*number),
        Value::DoubleValue(number) => Operand::Float(*number),
        Value::BoolValue(flag) => Operand::Boolean(*flag),
        _ => Operand::Float(f64::NAN),
    }
}

impl Test {
    fn holds_for(&self, value: &Operand) -> bool {
        match (self, value) {
            (Self::Compare(comparison, expected), _) => comparison.holds_for(value, expected),
            (Self::Matches(pattern), Operand::Text(text)) => pattern.is_match(text),
            (Self::MatchesNot(pattern), Operand::Text(text)) => !pattern.is_match(text),
            _ => false,
        }
    }
}

impl Comparison {
    fn holds_for(self, value: &Operand, expected: &Operand) -> bool {
        let Some(ordering) = compare(value, expected) else { return false };
        match self {
            Self::Equal => ordering == Ordering::Equal,
            Self::NotEqual => ordering != Ordering::Equal,
            Self::Greater => ordering == Ordering::Greater,
            Self::GreaterOrEqual => ordering != Ordering::Less,
            Self::Less => ordering == Ordering::Less,
            Self::LessOrEqual => ordering != Ordering::Greater,
        }
    }
}

/// `None` for values of different types.
fn compare(value: &Operand, expected: &Operand) -> Option<Ordering> {
    use Operand::{Boolean, Duration, Float, Integer, Kind, Status, Text};
    match (value, expected) {
        (Text(value), Text(expected)) => Some(value.cmp(expected)),
        (Integer(value), Integer(expected)) => Some(value.cmp(expected)),
        (Integer(value), Float(expected)) => (*value as f64).partial_cmp(expected),
        (Float(value), Integer(expected)) => value.partial_cmp(&(*expected as f64)),
        (Float(value), Float(expected)) => value.partial_cmp(expected),
        (Boolean(value), Boolean(expected)) => Some(value.cmp(expected)),
        (Duration(value), Duration(expected)) => Some(value.cmp(expected)),
        (Kind(value), Kind(expected)) => Some(value.cmp(expected)),
        (Status(value), Status(expected)) => Some(value.cmp(expected)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::{common::v1::AnyValue, trace::v1::Status};

    use super::*;

    fn attribute(key: &str, value: Value) -> KeyValue {
        KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
            ..KeyValue::default()
        }
    }

    fn span() -> Span {
        Span {
            name: "POST /process".to_owned(),
            kind: SpanKind::Server as i32,
            start_time_unix_nano: 1_000_000_000,
            end_time_unix_nano: 1_050_000_000,
            status: Some(Status { code: StatusCode::Error as i32, message: String::new() }),
            attributes: vec![
                attribute("http.route", Value::StringValue("/process".to_owned())),
                attribute("code", Value::IntValue(500)),
                attribute("ratio", Value::DoubleValue(0.5)),
                attribute("audit.pending", Value::BoolValue(true)),
                attribute("both", Value::StringValue("span".to_owned())),
            ],
            ..Span::default()
        }
    }

    fn decide(table: &[(&str, bool)]) {
        let resource = [
            attribute("service.name", Value::StringValue("user-service".to_owned())),
            attribute("both", Value::StringValue("resource".to_owned())),
        ];
        let span = span();
        let root = Some(("gateway".to_owned(), "GET /".to_owned()));
        let whole = Whole { duration: 2_000_000_000, root };
        for (query, expected) in table {
            let subject = Subject { span: &span, resource: &resource, whole: Some(&whole) };
            assert_eq!(Query::parse(query).unwrap().matches(subject), *expected, "{query}");
        }
    }

    #[test]
    fn each_kind_of_condition_decides_as_tempo_does() {
        decide(&[
            ("{ name = \"POST /process\" }", true),
            ("{ name != \"POST /process\" }", false),
            ("{ name =~ \"POST.*\" }", true),
            ("{ name =~ \"POST\" }", false),
            ("{ name =~ \"a|POST.*\" }", true),
            ("{ name !~ \"GET.*\" }", true),
            ("{ kind = server && status = error }", true),
            ("{ kind = server && status = ok }", false),
            ("{ kind != client }", true),
            ("{ duration > 49ms && duration <= 50ms }", true),
            ("{ duration < 50ms }", false),
            ("{ .code = 500 }", true),
            ("{ .code >= 500.0 }", true),
            ("{ .code > 500 }", false),
            ("{ .code = \"500\" }", false),
            ("{ .code != \"500\" }", false),
            ("{ .ratio < 1 }", true),
            ("{ .audit.pending = true }", true),
            ("{ .audit.pending != true }", false),
            ("{ .absent != 1 }", false),
            ("{ .absent !~ \"x\" }", false),
            ("{ resource.service.name = \"user-service\" }", true),
            ("{ .service.name = \"user-service\" }", true),
            ("{ span.service.name = \"user-service\" }", false),
            ("{ .both = \"span\" }", true),
            ("{ .both = \"resource\" }", false),
            ("{ resource.both = \"resource\" }", true),
        ]);
    }

    #[test]
    fn alternatives_whole_traces_and_presence_decide_as_tempo_does() {
        decide(&[
            ("{ (.code = 404 || .code = 500) && kind = server }", true),
            ("{ kind = client && .code = 404 || .code = 500 }", true),
            ("{ kind = client && (.code = 404 || .code = 500) }", false),
            ("{ (status=ok || status=unset) }", false),
            ("{ traceDuration > 1s && trace:duration <= 2s }", true),
            ("{ traceDuration > 2s }", false),
            ("{ rootServiceName = \"gateway\" && trace:rootName = \"GET /\" }", true),
            ("{ trace:id =~ \"0.*1\" && span:id != \"0000000000000001\" }", false),
            ("{ span:parentID = nil && statusMessage = nil }", true),
            ("{ .absent = nil && .code != nil }", true),
            ("{ .absent != nil || .code = nil }", false),
        ]);
    }
}
