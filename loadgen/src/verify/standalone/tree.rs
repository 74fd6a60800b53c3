//! Whether a trace is one connected tree, which a contract can be written from.

use std::collections::{HashMap, HashSet};

use opentelemetry::trace::SpanId;

use crate::{output::printable, verify::span::Span};

/// The root of the one tree that the spans are; else why they are not.
pub(super) fn root(spans: &[Span]) -> Result<&Span, String> {
    if spans.is_empty() {
        return Err("it is not there: the backend has no span of it".to_owned());
    }
    let mut ids = HashSet::with_capacity(spans.len());
    if let Some(twice) = spans.iter().find(|span| !ids.insert(span.id)) {
        return Err(format!("two different spans have the id {}", twice.id));
    }
    let is_top = |span: &&Span| span.parent.is_none_or(|parent| !ids.contains(&parent));
    let tops: Vec<&Span> = spans.iter().filter(is_top).collect();
    let root = match tops[..] {
        [root] => root,
        [] => return Err("no span of it is a root: their parents go round in a circle".to_owned()),
        _ => return Err(several(&tops)),
    };
    if let Some(parent) = root.parent {
        let what = "which is not there: its caller's span was not exported";
        return Err(format!("the parent of {} is {parent}, {what}", shown(root)));
    }
    match spans.len() - reached(root, spans) {
        0 => Ok(root),
        lost => Err(format!("{lost} of its spans cannot be reached from the root {}", shown(root))),
    }
}

fn several(tops: &[&Span]) -> String {
    let named: Vec<_> = tops.iter().take(3).map(|span| shown(span)).collect();
    let more = if tops.len() > named.len() { ", ..." } else { "" };
    let count = tops.len();
    format!(
        "{count} of its spans have no parent in it, where one has to: {}{more}",
        named.join(", ")
    )
}

fn shown(span: &Span) -> String {
    format!("'{}' of {}", printable(&span.name), printable(&span.service))
}

fn reached(root: &Span, spans: &[Span]) -> usize {
    let mut children = HashMap::<SpanId, Vec<&Span>>::new();
    for span in spans {
        if let Some(parent) = span.parent {
            children.entry(parent).or_default().push(span);
        }
    }
    let (mut reached, mut next) = (0, vec![root]);
    while let Some(span) = next.pop() {
        reached += 1;
        next.extend(children.get(&span.id).into_iter().flatten());
    }
    reached
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::SpanKind;

    use super::*;

    fn span(id: u64, parent: u64) -> Span {
        Span {
            id: SpanId::from(id),
            parent: (parent != 0).then(|| SpanId::from(parent)),
            service: "gateway".to_owned(),
            kind: SpanKind::Server,
            name: format!("span {id}"),
            error: false,
            start: 0,
            end: 0,
            attributes: Vec::new(),
        }
    }

    fn refusal(spans: &[Span]) -> String {
        root(spans).unwrap_err()
    }

    #[test]
    fn a_tree_has_one_root_that_all_hang_below() {
        let spans = [span(2, 1), span(1, 0), span(3, 2)];
        assert_eq!(root(&spans).unwrap().id, SpanId::from(1));
    }

    #[test]
    fn what_is_no_tree_is_told_why() {
        assert!(refusal(&[]).contains("not there"));
        let two = refusal(&[span(1, 0), span(2, 9)]);
        assert!(two.contains("2 of its spans") && two.contains("'span 2' of gateway"), "{two}");
        let foreign = refusal(&[span(2, 1), span(3, 2)]);
        assert!(foreign.contains("is 0000000000000001, which is not there"), "{foreign}");
        assert!(refusal(&[span(1, 2), span(2, 1)]).contains("circle"));
        let beside = refusal(&[span(1, 0), span(2, 3), span(3, 2)]);
        assert!(beside.contains("2 of its spans cannot be reached"), "{beside}");
        assert!(refusal(&[span(1, 0), span(1, 2)]).contains("two different spans"));
    }
}
