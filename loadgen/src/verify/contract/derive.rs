//! A contract from a good trace: every span a row, spans that are alike one row with a range of counts.
//!
//! Invariant: the trace that it was made from is whole by it, called by a caller that exports its span or not.

use std::collections::{BTreeMap, HashSet};

use anyhow::Context as _;
use opentelemetry::trace::SpanKind;
use shared::config::Invalid;

use super::{
    Contract, Span, Value, Wanted, compile,
    form::{Kind, Names, Override, SpanTable, Status, Variant},
};
use crate::verify::judge::Tree;

/// Attributes that say what a span is, and are the same in the next trace.
const TELLING: [&str; 12] = [
    "db.collection.name",
    "db.operation.name",
    "http.request.method",
    "http.route",
    "messaging.destination.template",
    "messaging.operation.name",
    "messaging.system",
    "peer.service",
    "rpc.method",
    "rpc.service",
    "rpc.system",
    "url.template",
];
const CALLER: &str = "caller";

/// The contract that `spans`, one good trace, fulfil.
///
/// The caller's CLIENT span at the root becomes a row of any service, which must be there when loadgen is the caller: so a trace that curl made
/// serves as well as one of loadgen.
///
/// # Errors
/// A [`shared::config::Invalid`] when the spans are no one tree.
pub fn from_trace(name: &str, spans: &[Span]) -> anyhow::Result<Contract> {
    let tree = Tree::new(spans);
    let [root] = tree.tops() else {
        let text = format!(
            "the trace has {} spans without a parent that is there; accepted: a good trace, which has one",
            tree.tops().len()
        );
        return Err(Invalid(text).into());
    };
    if !tree.twins().is_empty() || !tree.in_cycles().is_empty() {
        let text = "two spans of the trace have one id, or a span is its own ancestor; accepted: a good trace";
        return Err(Invalid(text.to_owned()).into());
    }
    let mut ids = HashSet::from([CALLER.to_owned()]);
    let (mut rows, mut due) = (Vec::new(), Vec::new());
    if tree.span(*root).kind == SpanKind::Client {
        due.push((caller(), vec![*root]));
    } else {
        rows.push(caller());
        let row = row(&tree, &[1], &[*root], CALLER, &mut ids);
        due.push((SpanTable { root: Some(true), ..row }, vec![*root]));
    }
    // What a caller calls is the root of a trace whose caller exports nothing.
    let calls_one = tree.children(*root).len() == 1;
    while let Some((row, instances)) = due.pop() {
        let below = children(&tree, &instances, &row.id, &mut ids);
        let rootable = (row.id == CALLER && calls_one).then_some(true);
        let below =
            below.into_iter().map(|(row, alike)| (SpanTable { root: rootable, ..row }, alike));
        due.extend(below.rev());
        rows.push(row);
    }
    let contract = compile::contract(name.to_owned(), rows, Vec::new());
    contract.map_err(|wrong| Invalid(wrong.text)).context("no contract can be made of the trace")
}

/// Whoever calls: loadgen, whose span is there, or something that may export none.
fn caller() -> SpanTable {
    let exported = Override { min: Some(1), ..Override::default() };
    SpanTable {
        id: CALLER.to_owned(),
        service: "*".to_owned(),
        kind: Kind::Client,
        name: Names(vec!["*".to_owned()]),
        parents: Vec::new(),
        root: None,
        min: Some(0),
        max: None,
        status: None,
        deferred: false,
        attributes: BTreeMap::new(),
        when: BTreeMap::from([(Variant::Root, exported)]),
    }
}

/// The rows of the children of all `parents`, in the order of their start, each with its spans.
fn children(
    tree: &Tree<'_>,
    parents: &[usize],
    id: &str,
    ids: &mut HashSet<String>,
) -> Vec<(SpanTable, Vec<usize>)> {
    let mut groups: Vec<(Vec<u32>, Vec<usize>)> = Vec::new();
    for (place, parent) in parents.iter().enumerate() {
        for child in tree.children(*parent) {
            let alike = |(_, members): &&mut (Vec<u32>, Vec<usize>)| {
                members.first().is_some_and(|first| is_alike(tree.span(*first), tree.span(*child)))
            };
            if let Some((counts, members)) = groups.iter_mut().find(alike) {
                counts[place] += 1;
                members.push(*child);
            } else {
                let mut counts = vec![0; parents.len()];
                counts[place] = 1;
                groups.push((counts, vec![*child]));
            }
        }
    }
    groups.into_iter().map(|(counts, alike)| (row(tree, &counts, &alike, id, ids), alike)).collect()
}

fn is_alike(one: &Span, other: &Span) -> bool {
    (&one.service, &one.kind, &one.name) == (&other.service, &other.kind, &other.name)
}

/// The row of spans that are alike; `counts` are how many each parent has.
fn row(
    tree: &Tree<'_>,
    counts: &[u32],
    alike: &[usize],
    parent: &str,
    ids: &mut HashSet<String>,
) -> SpanTable {
    let first = tree.span(alike[0]);
    let failed = alike.iter().filter(|index| tree.span(**index).error).count();
    let (min, max) = (counts.iter().min().copied(), counts.iter().max().copied());
    SpanTable {
        id: id(first, ids),
        service: first.service.clone(),
        kind: (&first.kind).into(),
        name: Names(vec![first.name.clone()]),
        parents: vec![parent.to_owned()],
        root: None,
        min: min.filter(|min| *min != 1),
        max: max.filter(|max| *max != 1),
        status: match failed {
            0 => None,
            all if all == alike.len() => Some(Status::Error),
            _ => Some(Status::Any),
        },
        deferred: false,
        attributes: telling(tree, alike),
        when: BTreeMap::new(),
    }
}

/// `user-service.insert-users`, `user-service.call-order-service`; numbered where another row has it.
fn id(span: &Span, ids: &mut HashSet<String>) -> String {
    let words = span.name.split(|character: char| !character.is_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let plain = match span.attribute("peer.service") {
        Some(Value::Text(peer)) if span.attribute("db.operation.name").is_none() => {
            format!("{}.call-{peer}", span.service)
        }
        _ => format!("{}.{}", span.service, words.join("-")),
    };
    let numbered = (2..).map(|number| format!("{plain}-{number}"));
    let free = std::iter::once(plain.clone()).chain(numbered).find(|id| !ids.contains(id));
    let id = free.unwrap_or(plain);
    ids.insert(id.clone());
    id
}

/// What all of them say in the same way.
fn telling(tree: &Tree<'_>, alike: &[usize]) -> BTreeMap<String, Wanted> {
    let same = |key: &&str| {
        let value = tree.span(alike[0]).attribute(key)?;
        let all = alike.iter().all(|index| tree.span(*index).attribute(key) == Some(value));
        all.then(|| (String::from(*key), Wanted::Equal(value.clone())))
    };
    TELLING.iter().filter_map(same).collect()
}
