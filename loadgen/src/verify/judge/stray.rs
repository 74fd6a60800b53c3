//! Spans that hang where no row has them, and which problem explains which.
//!
//! Invariant: a problem is only left out where another one that stays is its cause.

use super::{
    problem::{Extra, Problem},
    table::Check,
    tree::Link,
};
use crate::verify::contract::Row;

impl<'a> Check<'a, '_> {
    /// Adds what hangs elsewhere (each span with its row), and leaves out what follows from something else.
    pub(super) fn reconcile(&mut self, stray: &[(usize, Option<usize>)]) {
        let mut found: Vec<_> =
            self.tree.twins().iter().map(|span| Problem::Twin { span }).collect();
        let (mut lost, mut orphans) = (self.missing_rows(), 0);
        let mut elsewhere = vec![false; self.contract.rows.len()];
        for (index, row) in stray {
            row.inspect(|row| elsewhere[*row] = true);
            match self.stray(*index, *row) {
                Some(Problem::Orphan { .. })
                    if row.is_some_and(|row| self.lost_parent(row, &mut lost)) =>
                {
                    orphans += 1;
                }
                problem => found.extend(problem),
            }
        }
        self.problems.retain_mut(|problem| match problem {
            Problem::Missing(missing) => {
                missing.orphans = orphans;
                !elsewhere[missing.index]
            }
            _ => true,
        });
        self.problems.extend(found);
    }

    /// What is wrong with a span that hangs where no row has it; `None` where that follows from the span above it.
    fn stray(&self, index: usize, row: Option<usize>) -> Option<Problem<'a>> {
        let (span, expected) = (self.tree.span(index), row.and_then(|row| self.expected(row)));
        // In the order of their places.
        if self.tree.in_cycles().binary_search(&index).is_ok() {
            return Some(Problem::Cycle { span });
        }
        match (self.tree.link(index), row) {
            (Link::Dangling, _) if self.placement.root != Some(index) => {
                Some(Problem::Orphan { span, expected })
            }
            (Link::Below(above), _) if self.placement.rows[above].is_none() => None,
            (_, Some(_)) => Some(Problem::Misplaced { span, below: self.above(index), expected }),
            (_, None) => {
                Some(Problem::Extra { span, below: self.above(index), why: Extra::Unknown })
            }
        }
    }

    /// The row whose spans a row's should hang below.
    fn expected(&self, row: usize) -> Option<&'a Row> {
        let row = &self.contract.rows[row];
        let there = row.parents.iter().find(|parent| self.placement.counts[**parent] > 0);
        there.or(row.parents.last()).map(|parent| &self.contract.rows[*parent])
    }

    /// Rows that lack spans are lost; of those that have none it is not known yet.
    fn missing_rows(&self) -> Vec<Option<bool>> {
        let known = |count: &usize| (*count > 0).then_some(false);
        let mut lost: Vec<_> = self.placement.counts.iter().map(known).collect();
        for problem in &self.problems {
            if let Problem::Missing(missing) = problem {
                lost[missing.index] = Some(true);
            }
        }
        lost
    }

    /// Whether the parent of a row's spans is missing, or has no span itself since its own is missing.
    fn lost_parent(&self, row: usize, lost: &mut [Option<bool>]) -> bool {
        self.contract.rows[row].parents.iter().any(|parent| match lost[*parent] {
            Some(known) => known,
            None => {
                let found = self.lost_parent(*parent, lost);
                lost[*parent] = Some(found);
                found
            }
        })
    }
}
