//! Reading a trace: which spans, of whom, under which parent.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use testbed::{SeenSpan, Sink, until};

use crate::asking::DEADLINE;

/// The spans of one service and kind with this name, in the order of their start.
pub(crate) fn named<'a>(
    spans: &'a [SeenSpan],
    service: &str,
    kind: SpanKind,
    name: &str,
) -> Vec<&'a SeenSpan> {
    spans
        .iter()
        .filter(|seen| seen.service == service && seen.kind == kind && seen.name == name)
        .collect()
}

/// The one span of a service with this kind and name.
pub(crate) fn only<'a>(
    spans: &'a [SeenSpan],
    service: &str,
    kind: SpanKind,
    name: &str,
) -> &'a SeenSpan {
    let found = named(spans, service, kind, name);
    assert_eq!(found.len(), 1, "{kind:?} spans {name} of {service} in {}", table(spans));
    found[0]
}

/// How many exceptions were recorded on a span.
pub(crate) fn exceptions(seen: &SeenSpan) -> usize {
    seen.span.events.iter().filter(|event| event.name == "exception").count()
}

/// Waits for a trace of `count` spans, which must be one tree.
pub(crate) async fn one_tree(sink: &Sink, trace_id: &str, count: usize) -> Vec<SeenSpan> {
    let spans = sink.wait_for(trace_id, count).await;
    assert_eq!(spans.len(), count, "{}", table(&spans));
    assert!(is_one_tree(&spans), "{}", table(&spans));
    spans
}

/// Waits until a trace is one tree that has what is wanted.
pub(crate) async fn whole(
    sink: &Sink,
    trace_id: &str,
    wanted: impl Fn(&[SeenSpan]) -> bool,
) -> Vec<SeenSpan> {
    let found = until(DEADLINE, async || {
        Some(sink.spans(trace_id)).filter(|spans| is_one_tree(spans) && wanted(spans))
    });
    found
        .await
        .unwrap_or_else(|| panic!("the trace is not whole: {}", table(&sink.spans(trace_id))))
}

/// One root, and no span without its parent.
fn is_one_tree(spans: &[SeenSpan]) -> bool {
    let has_parent = |seen: &&SeenSpan| spans.iter().any(|other| other.id == seen.parent);
    spans.iter().filter(|seen| seen.parent.is_empty()).count() == 1
        && spans.iter().filter(has_parent).count() == spans.len() - 1
}

/// A trace as text, for an assertion.
pub(crate) fn table(spans: &[SeenSpan]) -> String {
    let line = |seen: &SeenSpan| {
        let error = seen.text("error.type").unwrap_or_default();
        format!(
            "\n    {} {:?} {} id={} parent={} {error}",
            seen.service, seen.kind, seen.name, seen.id, seen.parent
        )
    };
    spans.iter().map(line).collect()
}
