//! A trace's spans as a tree, or what they are instead of one.

use std::collections::HashMap;

use opentelemetry::trace::SpanId;

use crate::verify::span::Span;

/// Spans in the order of their start, with who hangs below whom.
pub(in crate::verify) struct Tree<'a> {
    spans: Vec<&'a Span>,
    links: Vec<Link>,
    children: Vec<Vec<usize>>,
    tops: Vec<usize>,
    twins: Vec<&'a Span>,
    in_cycles: Vec<usize>,
}

/// Where a span hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It has no parent.
    Root,
    /// Below this one.
    Below(usize),
    /// Below one that is not there.
    Dangling,
}

impl<'a> Tree<'a> {
    pub(in crate::verify) fn new(all: &'a [Span]) -> Self {
        let mut sorted: Vec<&Span> = all.iter().collect();
        sorted.sort_by(|one, other| key(one).cmp(&key(other)));
        let mut places = HashMap::<SpanId, usize>::with_capacity(sorted.len());
        let (mut spans, mut twins) = (Vec::<&Span>::with_capacity(sorted.len()), Vec::new());
        for span in sorted {
            match places.get(&span.id).map(|place| spans[*place]) {
                None => {
                    places.insert(span.id, spans.len());
                    spans.push(span);
                }
                // Sent twice, since the exporter did not hear of the first time.
                Some(first) if key(first) == key(span) => {}
                Some(_) => twins.push(span),
            }
        }
        let mut tree = Self {
            links: spans.iter().map(|span| link(span, &places)).collect(),
            children: vec![Vec::new(); spans.len()],
            spans,
            tops: Vec::new(),
            twins,
            in_cycles: Vec::new(),
        };
        tree.connect();
        tree
    }

    fn connect(&mut self) {
        for (index, link) in self.links.iter().enumerate() {
            match link {
                Link::Below(parent) => self.children[*parent].push(index),
                Link::Root | Link::Dangling => self.tops.push(index),
            }
        }
        let mut reached = vec![false; self.spans.len()];
        self.downwards().for_each(|index| reached[index] = true);
        self.in_cycles = (0..reached.len()).filter(|index| !reached[*index]).collect();
    }

    pub(in crate::verify) fn span(&self, index: usize) -> &'a Span {
        self.spans[index]
    }

    pub(in crate::verify) fn children(&self, index: usize) -> &[usize] {
        &self.children[index]
    }

    /// Spans whose parent is not there, or that have none.
    pub(in crate::verify) fn tops(&self) -> &[usize] {
        &self.tops
    }

    /// Spans with an id that a different span has, too.
    pub(in crate::verify) fn twins(&self) -> &[&'a Span] {
        &self.twins
    }

    /// Spans that are not below any top: each leads back to itself, or hangs below one that does.
    pub(in crate::verify) fn in_cycles(&self) -> &[usize] {
        &self.in_cycles
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn link(&self, index: usize) -> Link {
        self.links[index]
    }

    pub(super) fn find(&self, id: SpanId) -> Option<usize> {
        self.spans.iter().position(|span| span.id == id)
    }

    /// All spans below the tops, parents before children.
    pub(super) fn downwards(&self) -> impl Iterator<Item = usize> + '_ {
        let mut due: Vec<usize> = self.tops.iter().rev().copied().collect();
        std::iter::from_fn(move || {
            let next = due.pop()?;
            due.extend(self.children[next].iter().rev());
            Some(next)
        })
    }
}

fn link(span: &Span, places: &HashMap<SpanId, usize>) -> Link {
    match span.parent {
        None => Link::Root,
        Some(parent) => places.get(&parent).map_or(Link::Dangling, |place| Link::Below(*place)),
    }
}

/// What makes two spans with one id the same, in the order in which spans are told.
fn key(span: &Span) -> impl Ord + '_ {
    let parent = span.parent.map(SpanId::to_bytes);
    (span.start, span.id.to_bytes(), span.end, &span.service, &span.name, parent)
}
