//! Which row each span is of, and which span a row's must hang below in this trace.

use super::tree::{Link, Tree};
use crate::verify::{contract::Contract, expectation::Expectation, span::Span};

/// Where the contract has the spans of a trace.
pub(super) struct Placement {
    /// Each span's row; `None` for one that the contract does not have.
    pub(super) rows: Vec<Option<usize>>,
    /// How many spans each row has, wherever they hang.
    pub(super) counts: Vec<usize>,
    /// What each row's spans must hang below.
    pub(super) belongs: Vec<Belongs>,
    /// The span that is the root.
    pub(super) root: Option<usize>,
}

/// What a row's spans must hang below in this trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    /// Nothing: it is the root.
    AtRoot,
    /// Spans of this row, the first of its parents that the trace has.
    Below(usize),
    /// What is not there.
    Nowhere,
}

impl Placement {
    pub(super) fn new(contract: &Contract, expectation: &Expectation, tree: &Tree<'_>) -> Self {
        let root = root(contract, expectation, tree);
        let mut rows = vec![None; tree.len()];
        for index in tree.downwards().chain(tree.in_cycles().iter().copied()) {
            rows[index] = row(contract, tree, index, &rows, root);
        }
        let mut counts = vec![0; contract.rows.len()];
        rows.iter().flatten().for_each(|row| counts[*row] += 1);
        let belongs = contract.rows.iter().map(|row| {
            match row.parents.iter().find(|parent| counts[**parent] > 0) {
                Some(parent) => Belongs::Below(*parent),
                None if row.root => Belongs::AtRoot,
                None => Belongs::Nowhere,
            }
        });
        let belongs = belongs.collect();
        Self { rows, counts, belongs, root }
    }

    /// Whether a span hangs where its row must.
    pub(super) fn is_proper(&self, tree: &Tree<'_>, index: usize, row: usize) -> bool {
        match self.belongs[row] {
            Belongs::AtRoot => self.root == Some(index),
            Belongs::Below(parent) => match tree.link(index) {
                Link::Below(above) => self.rows[above] == Some(parent),
                Link::Root | Link::Dangling => false,
            },
            Belongs::Nowhere => false,
        }
    }

    /// Whether some span of the trace, wherever it hangs, is of `row` or of a row below it.
    pub(super) fn has_any_of(&self, contract: &Contract, row: usize) -> bool {
        let mut below = vec![None; contract.rows.len()];
        below[row] = Some(true);
        (0..contract.rows.len())
            .any(|other| self.counts[other] > 0 && leads_to(contract, other, &mut below))
    }
}

/// Whether a row is below one that is known to be.
fn leads_to(contract: &Contract, row: usize, below: &mut [Option<bool>]) -> bool {
    if let Some(known) = below[row] {
        return known;
    }
    let found = contract.rows[row].parents.iter().any(|parent| leads_to(contract, *parent, below));
    below[row] = Some(found);
    found
}

/// Our own span where we have one; else the top that the contract has as a root. A caller that exports nothing leaves its callee dangling.
fn root(contract: &Contract, expectation: &Expectation, tree: &Tree<'_>) -> Option<usize> {
    if let Some(own) = expectation.root {
        return tree.find(own.span_id).filter(|index| tree.link(*index) == Link::Root);
    }
    let first = |index: usize| contract.candidates(tree.span(index)).next();
    let rootable = |index: &usize| first(*index).is_some_and(|row| contract.rows[row].root);
    let of =
        |link: Link| tree.tops().iter().copied().filter(move |index| tree.link(*index) == link);
    of(Link::Root)
        .filter(rootable)
        .min_by_key(|index| first(*index))
        .or_else(|| of(Link::Root).next())
        .or_else(|| of(Link::Dangling).filter(rootable).min_by_key(|index| first(*index)))
}

/// The candidate that hangs where it must, else one that names the span's service: a row for any service is only told by its place.
fn row(
    contract: &Contract,
    tree: &Tree<'_>,
    index: usize,
    rows: &[Option<usize>],
    root: Option<usize>,
) -> Option<usize> {
    let span: &Span = tree.span(index);
    let above = match tree.link(index) {
        Link::Below(parent) => rows[parent],
        Link::Root | Link::Dangling => None,
    };
    let fits = |row: &usize| {
        let row = &contract.rows[*row];
        if root == Some(index) {
            row.root
        } else {
            above.is_some_and(|it| row.parents.contains(&it))
        }
    };
    contract
        .candidates(span)
        .find(fits)
        .or_else(|| contract.candidates(span).find(|row| contract.rows[*row].service.is_exact()))
}
