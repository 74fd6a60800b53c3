//! One side of a call: what a graph needs of a span.

use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};

use crate::{
    SpanId,
    traceql::{duration, find},
};

/// Any of these on a CLIENT span means that it calls a database; the last two are their older names.
const DATABASE_ATTRIBUTES: [&str; 4] = ["db.namespace", "db.system.name", "db.name", "db.system"];
/// Where a CLIENT span names whom it calls.
const PEER_ATTRIBUTES: [&str; 2] = ["peer.service", "service.peer.name"];

#[derive(Debug)]
pub(super) struct Half {
    pub(super) parent: Option<SpanId>,
    pub(super) kind: SpanKind,
    pub(super) service: String,
    /// Of a CLIENT span that says whom it calls.
    pub(super) callee: Option<Callee>,
    pub(super) start: u64,
    pub(super) duration: u64,
    pub(super) failed: bool,
}

/// Whom a CLIENT span calls, and the attribute that says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::query) struct Callee {
    pub(in crate::query) attribute: &'static str,
    pub(in crate::query) name: String,
    pub(in crate::query) is_database: bool,
}

impl Half {
    pub(super) fn of(span: &Span, service: String) -> Self {
        let kind = SpanKind::try_from(span.kind).unwrap_or_default();
        Self {
            parent: SpanId::from_bytes(&span.parent_span_id),
            kind,
            service,
            callee: if kind == SpanKind::Client { callee(&span.attributes) } else { None },
            start: span.start_time_unix_nano,
            duration: duration(span),
            failed: span
                .status
                .as_ref()
                .is_some_and(|status| status.code == StatusCode::Error as i32),
        }
    }
}

fn callee(attributes: &[KeyValue]) -> Option<Callee> {
    let named =
        |keys: &[&'static str]| keys.iter().find_map(|key| Some((*key, text(attributes, key)?)));
    let system = named(&DATABASE_ATTRIBUTES);
    let is_database = system.is_some();
    // What calls a database without naming it names at least its address or its kind.
    let (attribute, name) = named(&PEER_ATTRIBUTES)
        .or_else(|| named(&["server.address"]).filter(|_| is_database))
        .or(system)?;
    Some(Callee { attribute, name, is_database })
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    match find(attributes, name)? {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}
