//! The rules for answers of another kind, of which no table can tell where they end: one tree under one root that reaches the service that the
//! answer names. Whoever answers has been reached, so that our own span alone is no whole trace.

use opentelemetry::trace::SpanKind;

use super::{
    problem::{Extra, Problem},
    tree::{Link, Tree},
};
use crate::verify::{
    expectation::{Expectation, Kind},
    span::{Span, Value},
    verdict::Hop,
};

/// What is wrong with such a trace; none where it is whole.
pub(super) fn problems<'a>(expectation: &'a Expectation, tree: &'a Tree<'a>) -> Vec<Problem<'a>> {
    let root = root(expectation, tree);
    let mut problems: Vec<_> = tree.twins().iter().map(|span| Problem::Twin { span }).collect();
    let in_cycles = tree.in_cycles().iter().map(|index| tree.span(*index));
    problems.extend(in_cycles.map(|span| Problem::Cycle { span }));
    if let (Some(own), None) = (expectation.root, root) {
        problems.push(Problem::RootMissing { id: own.span_id });
    }
    for index in tree.tops().iter().filter(|index| Some(**index) != root) {
        let span = tree.span(*index);
        let of_root = expectation.root.is_some_and(|own| span.parent == Some(own.span_id));
        match tree.link(*index) {
            Link::Dangling if of_root && root.is_none() => {}
            Link::Dangling => problems.push(Problem::Orphan { span, expected: None }),
            _ => problems.push(Problem::Extra { span, below: None, why: Extra::SecondRoot }),
        }
    }
    if let Kind::Problem { reaches: Some(service) } = &expectation.answer
        && !reaches(expectation, tree, service)
    {
        problems.push(Problem::Unreached { service, last: last_hop(tree) });
    }
    if expectation.answer != Kind::Unanswered && expectation.root.is_some() && tree.len() == 1 {
        problems.extend(root.map(|root| Problem::Alone { hop: call(tree.span(root)) }));
    }
    problems
}

/// Our own span where we have one, else the only one without a parent that is there.
fn root(expectation: &Expectation, tree: &Tree<'_>) -> Option<usize> {
    if let Some(own) = expectation.root {
        return tree.find(own.span_id).filter(|index| tree.link(*index) == Link::Root);
    }
    let is_root = |index: &&usize| tree.link(**index) == Link::Root;
    tree.tops().iter().find(is_root).or(tree.tops().first()).copied()
}

/// Whether the service has a span of its own, or another one has called it. Our own call proves nothing: the answer says that it was in a trace.
fn reaches(expectation: &Expectation, tree: &Tree<'_>, service: &str) -> bool {
    let own = expectation.root.map(|root| root.span_id);
    (0..tree.len()).map(|index| tree.span(index)).filter(|span| Some(span.id) != own).any(|span| {
        let is_own = span.service == service;
        let is_call = span.kind == SpanKind::Client && peer(span) == Some(service);
        (is_own && span.kind == SpanKind::Server) || is_call || (is_own && span.parent == own)
    })
}

/// The hop whose callee left nothing: the last call that was answered, with nothing below it.
pub(super) fn last_hop(tree: &Tree<'_>) -> Option<Hop> {
    let is_open = |index: &usize| is_call(tree.span(*index)) && tree.children(*index).is_empty();
    let last = (0..tree.len()).filter(is_open).max_by_key(|index| {
        let span = tree.span(*index);
        (span.start, span.id.to_bytes())
    })?;
    call(tree.span(last))
}

/// The hop that a span is a call over.
pub(super) fn call(span: &Span) -> Option<Hop> {
    let to = peer(span).filter(|_| is_call(span))?;
    Some(Hop { from: span.service.clone(), to: to.to_owned() })
}

/// Whether it calls a service: a database leaves no spans.
fn is_call(span: &Span) -> bool {
    span.kind == SpanKind::Client && span.attribute("db.system.name").is_none()
}

pub(super) fn peer(span: &Span) -> Option<&str> {
    match span.attribute("peer.service").or_else(|| span.attribute("service.peer.name"))? {
        Value::Text(peer) => Some(peer),
        _ => None,
    }
}
