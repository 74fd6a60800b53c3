//! Problems as sentences.

use opentelemetry::trace::SpanKind;

use super::problem::{Extra, Missing, Problem};
use crate::verify::{
    contract::{Row, Wanted},
    span::{Span, Value},
};

impl Problem<'_> {
    /// One sentence: which span, where.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::Misplaced { span, below: Some(below), expected } => {
                format!("{} hangs below {}; {}", shown(span), shown(below), belongs(*expected))
            }
            Self::Misplaced { span, below: None, expected } => {
                format!("{} is a root; {}", shown(span), belongs(*expected))
            }
            Self::Cycle { span } => {
                format!("{} is its own ancestor, or hangs below one that is", shown(span))
            }
            Self::Extra { span, below, why } => extra(span, *below, why),
            Self::Twin { span } => {
                format!("{} has the id {} of a different span", shown(span), span.id)
            }
            Self::Orphan { span, expected } => {
                let parent = span.parent.map_or_else(String::new, |parent| format!(" {parent}"));
                let belongs =
                    expected.map_or_else(String::new, |row| format!("; {}", belongs(Some(row))));
                format!("{} hangs below the span{parent}, which is not there{belongs}", shown(span))
            }
            Self::RootMissing { id } => format!("the root is missing, our own CLIENT span {id}"),
            Self::Missing(missing) => missing.detail(),
            Self::Unreached { service, last: None } => {
                format!("no span shows that {service} was reached, which the answer names")
            }
            Self::Unreached { service, last: Some(hop) } => format!(
                "nothing is there below {}'s call of {}, and {service} was reached, as the answer says",
                hop.from, hop.to
            ),
            Self::Alone { .. } => "only loadgen's own span is there: nothing behind it sends spans, or passes the context on".to_owned(),
            Self::Attribute { span, key, wanted } => attribute(span, key, wanted),
        }
    }
}

impl Missing<'_> {
    fn detail(&self) -> String {
        let row = of_row(self.row);
        let below = self.below.map_or_else(String::new, |below| format!(" below {}", shown(below)));
        let mut text = match self.failed {
            _ if self.is_broken() => {
                format!("nothing is there of {row}{below}, nor of what follows it")
            }
            Some(failed) => {
                format!("{}{below} has failed, and none that has not is there", shown(failed))
            }
            None if self.wanted > 1 => {
                format!("{} of {} {row} are there{below}", self.there, self.wanted)
            }
            None if self.below.is_none() => format!("{row}, the root, is missing"),
            None => format!("{row} is missing{below}"),
        };
        if self.is_silent && !self.is_broken() && self.row.service.is_exact() {
            text += &format!("; {} has no span at all", self.row.service.text());
        }
        match self.orphans {
            0 => text,
            1 => text + "; 1 span is an orphan by that",
            several => text + &format!("; {several} spans are orphans by that"),
        }
    }
}

fn extra(span: &Span, below: Option<&Span>, why: &Extra) -> String {
    let place =
        below.map_or_else(|| ", a root".to_owned(), |below| format!(" below {}", shown(below)));
    let span = shown(span);
    match why {
        Extra::Unknown => format!("{span}{place} is not in the contract"),
        Extra::TooMany(0) => {
            format!("{span}{place} is not in the contract after such a request and answer")
        }
        Extra::TooMany(max) => format!("{span}{place} is one too many: at most {max}"),
        Extra::Failed => format!("{span}{place} has failed, which the contract does not admit"),
        Extra::SecondRoot => format!("{span} is a second root"),
    }
}

fn attribute(span: &Span, key: &str, wanted: &Wanted) -> String {
    let wanted = match wanted {
        Wanted::Present => String::new(),
        Wanted::Equal(value) => format!(" = {}", value_shown(value)),
    };
    let has = span
        .attribute(key)
        .map_or_else(String::new, |value| format!(", but {}", value_shown(value)));
    format!("{} has no attribute {key}{wanted}{has}", shown(span))
}

fn value_shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("'{text}'"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Bool(truth) => truth.to_string(),
    }
}

fn belongs(expected: Option<&Row>) -> String {
    match expected {
        Some(row) => format!("it belongs below {}", of_row(row)),
        None => "it is a root by the contract".to_owned(),
    }
}

fn shown(span: &Span) -> String {
    format!("{} {} {}", span.service, kind(&span.kind), span.name)
}

fn of_row(row: &Row) -> String {
    let service = if row.service.text() == "*" { "the caller's" } else { row.service.text() };
    let names: Vec<_> = row.names.iter().map(|name| name.text()).collect();
    format!("{service} {} {}", kind(&row.kind), names.join(" or "))
}

fn kind(kind: &SpanKind) -> &'static str {
    match kind {
        SpanKind::Client => "CLIENT",
        SpanKind::Server => "SERVER",
        SpanKind::Internal => "INTERNAL",
        SpanKind::Producer => "PRODUCER",
        SpanKind::Consumer => "CONSUMER",
    }
}
