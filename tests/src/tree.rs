//! A trace as text, one line a span: what whole traces are compared by, so that a failed comparison shows all of it.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::sink::SeenSpan;

/// The spans, each indented below its parent, siblings in the order of their start: `<service> <KIND> <name>`.
///
/// What is not as in a whole trace stands in brackets behind the line: a status other than unset, and a parent that is not here.
#[must_use]
pub fn tree(spans: &[SeenSpan]) -> String {
    let ids: HashSet<&str> = spans.iter().map(|seen| seen.id.as_str()).collect();
    let mut text = String::new();
    for root in spans.iter().filter(|seen| !ids.contains(seen.parent.as_str())) {
        write_below(&mut text, spans, root, 0);
    }
    text
}

fn write_below(text: &mut String, spans: &[SeenSpan], seen: &SeenSpan, depth: usize) {
    // A circle of parents would never end; no trace of ours is that deep.
    assert!(depth < 100, "parents go in a circle: {seen:?}");
    let kind = seen.kind.as_str_name().trim_start_matches("SPAN_KIND_");
    let _ = write!(text, "{:depth$}{} {kind} {}", "", seen.service, seen.name, depth = 2 * depth);
    let status = seen.span.status.as_ref().map_or(0, |status| status.code);
    if status != 0 {
        let _ = write!(text, " [status {}]", if status == 2 { "error" } else { "ok" });
    }
    if depth == 0 && !seen.parent.is_empty() {
        let _ = write!(text, " [its parent {} is not here]", seen.parent);
    }
    text.push('\n');
    for child in spans.iter().filter(|child| child.parent == seen.id) {
        write_below(text, spans, child, depth + 1);
    }
}
