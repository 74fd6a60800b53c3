//! What the hops of a chain tell each other beside the caller's own members: the entry that each service puts in front of
//! `chain`.

use serde::Serialize;
use serde_json::{Map, Value, json};
use tracing::Span;

use crate::{scope::Scope, telemetry};

/// One service's entry in the `chain` of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct ChainEntry {
    /// `service.name`.
    pub service: String,
    /// The trace that the service's own SERVER span belongs to.
    pub trace_id: String,
    /// That span.
    pub span_id: String,
    /// Milliseconds that the service took, its own calls included.
    pub duration_ms: f64,
}

impl ChainEntry {
    /// The entry of the service that works on `scope`, whose SERVER span is the current one.
    #[must_use]
    pub fn current(scope: &Scope) -> Self {
        let ids = telemetry::span_ids(&Span::current());
        Self {
            service: scope.service().to_owned(),
            trace_id: ids.as_ref().map(|ids| ids.trace_id.to_string()).unwrap_or_default(),
            span_id: ids.as_ref().map(|ids| ids.span_id.to_string()).unwrap_or_default(),
            duration_ms: (scope.elapsed().as_secs_f64() * 1e6).round() / 1e3,
        }
    }

    /// Puts this entry in front of `answer`'s chain, and makes the answer's `trace_id` this service's where it has none.
    pub fn prepend_to(self, answer: &mut Map<String, Value>) {
        answer.entry("trace_id").or_insert_with(|| json!(self.trace_id));
        let entry = json!(self);
        match answer.get_mut("chain").and_then(Value::as_array_mut) {
            Some(chain) => chain.insert(0, entry),
            None => drop(answer.insert("chain".to_owned(), json!([entry]))),
        }
    }
}

/// The current trace's id in hex, as rows and answers hold it.
#[must_use]
pub fn trace_id() -> String {
    telemetry::span_ids(&Span::current()).map(|ids| ids.trace_id.to_string()).unwrap_or_default()
}
