//! What strangers send, as functions of bytes alone: without a port and a protocol around it, a fuzzer tries a few thousand
//! inputs a second more. Everything behind a route comes through the same code.

use crate::{
    Store,
    ingest::{self, Signal},
    otlp_json,
    traceql::{Field, Query, Subject},
};

#[cfg(test)]
mod tests;

const SIGNALS: [Signal; 3] = [Signal::Traces, Signal::Logs, Signal::Metrics];

/// Takes a body in as an export of traces, of logs and of metrics, in protobuf.
pub fn export_protobuf(store: &Store, body: &[u8]) {
    for signal in SIGNALS {
        // What is refused is no matter here: that it is refused, and not panicked over, is.
        let _ = ingest::export(store, signal, body);
    }
}

/// The same, in JSON.
///
/// # Panics
/// When what was read from JSON is refused as protobuf: the one is made of the other.
pub fn export_json(store: &Store, body: &[u8]) {
    for signal in SIGNALS {
        let Ok(encoded) = otlp_json::to_protobuf(signal, body) else { continue };
        if let Err(error) = ingest::export(store, signal, &encoded) {
            panic!("{signal:?} was JSON and is no protobuf: {error}");
        }
    }
}

/// Reads a text as a query, as the tags of the older search, and as the name of a tag; those that are queries are asked of
/// what the store has.
pub fn query(store: &Store, text: &str) {
    let _ = Field::parse_tag(text);
    let unfinished = Ok(Query::parse_unfinished(text));
    for query in [Query::parse(text), Query::parse_tags(text), unfinished].into_iter().flatten() {
        for trace in store.newest(2).into_iter().filter_map(|id| store.trace(id)) {
            for seen in trace.spans() {
                let resource = &seen.span.attributes;
                let _ = query.matches(Subject { span: &seen.span, resource, whole: None });
            }
        }
    }
}

/// Decodes the newest traces, as every reader of the store does.
pub fn read_back(store: &Store) {
    for id in store.newest(2) {
        let _ = store.trace(id).map(|trace| (trace.spans(), trace.resource_spans()));
        let _ = store.log_records(Some(id));
    }
}
