//! Holds a tree against a contract's rows.

use super::{
    placement::{Belongs, Placement},
    problem::{Extra, Missing, Problem},
    tree::{Link, Tree},
};
use crate::verify::{
    contract::{Contract, Rule, Situation},
    expectation::{Expectation, Kind},
    span::Span,
};

/// What is wrong with a trace by one variant of a contract; none where it is whole.
pub(super) fn problems<'a>(
    contract: &'a Contract,
    situation: Situation,
    expectation: &'a Expectation,
    tree: &'a Tree<'a>,
) -> Vec<Problem<'a>> {
    let placement = &Placement::new(contract, expectation, tree);
    let mut check =
        Check { contract, situation, expectation, tree, placement, problems: Vec::new() };
    check.below(None, false);
    let mut stray = Vec::new();
    for index in 0..tree.len() {
        match placement.rows[index] {
            Some(row) if placement.is_proper(tree, index, row) => {}
            row => {
                stray.push((index, row));
                if row.is_some() {
                    check.below(Some(index), tree.span(index).error);
                }
            }
        }
    }
    check.reconcile(&stray);
    check.problems
}

pub(super) struct Check<'a, 'p> {
    pub(super) contract: &'a Contract,
    situation: Situation,
    expectation: &'a Expectation,
    pub(super) tree: &'a Tree<'a>,
    pub(super) placement: &'p Placement,
    pub(super) problems: Vec<Problem<'a>>,
}

impl<'a> Check<'a, '_> {
    /// Checks all rows whose spans hang below `parent`, or are the root. `lax`: nothing is required, since what is above has failed or is a repeat.
    fn below(&mut self, parent: Option<usize>, lax: bool) {
        let above = match parent.map(|parent| self.placement.rows[parent]) {
            None => Belongs::AtRoot,
            Some(Some(row)) => Belongs::Below(row),
            Some(None) => return,
        };
        for row in 0..self.contract.rows.len() {
            if self.placement.belongs[row] == above {
                self.row(row, parent, lax);
            }
        }
    }

    fn row(&mut self, row: usize, parent: Option<usize>, lax: bool) {
        let rule = self.contract.rows[row].rule(self.situation);
        let (mut fit, failed) = self.members(row, parent, rule);
        if !lax {
            self.count(row, parent, rule, &fit, &failed);
            self.attributes(rule, &fit);
        }
        if fit.len() > rule.max {
            self.surplus(row, rule, &fit);
            fit.sort_by_cached_key(|member| self.cost(*member));
        }
        for (place, member) in fit.iter().enumerate() {
            self.below(Some(*member), lax || place >= rule.max || self.tree.span(*member).error);
        }
        for member in failed {
            self.below(Some(member), true);
        }
    }

    /// The row's spans here: those whose status is right, and the others.
    fn members(&self, row: usize, parent: Option<usize>, rule: &Rule) -> (Vec<usize>, Vec<usize>) {
        let here = match parent {
            Some(parent) => self.tree.children(parent),
            None => self.placement.root.as_slice(),
        };
        let of_row = here.iter().copied().filter(|index| self.placement.rows[*index] == Some(row));
        of_row.partition(|index| rule.status.fits(self.tree.span(*index).error))
    }

    fn count(
        &mut self,
        row: usize,
        parent: Option<usize>,
        rule: &Rule,
        fit: &[usize],
        failed: &[usize],
    ) {
        if fit.len() < rule.min {
            let missing = self.missing(row, parent, rule, fit.len(), failed);
            self.problems.push(missing);
            return;
        }
        let mut admitted = 0;
        for member in failed {
            if self.is_admitted(row, *member, admitted + 1) {
                admitted += 1;
            } else {
                let (span, below) = (self.tree.span(*member), self.above(*member));
                self.problems.push(Problem::Extra { span, below, why: Extra::Failed });
            }
        }
    }

    fn missing(
        &self,
        row: usize,
        parent: Option<usize>,
        rule: &Rule,
        there: usize,
        failed: &[usize],
    ) -> Problem<'a> {
        let table = &self.contract.rows[row];
        // A chain tells of every service that took part in the answer, and none of what was done later.
        let vouched = self.expectation.has_chain
            && !(table.deferred && self.expectation.answer == Kind::Pending);
        Problem::Missing(Missing {
            index: row,
            row: table,
            below: parent.map(|parent| self.tree.span(parent)),
            there,
            wanted: rule.min,
            failed: failed.last().map(|member| self.tree.span(*member)),
            is_cut: !vouched && failed.is_empty() && !self.placement.has_any_of(self.contract, row),
            is_silent: self.is_silent(row),
            orphans: 0,
        })
    }

    /// Whether none of the service's rows has a span.
    fn is_silent(&self, row: usize) -> bool {
        let service = &self.contract.rows[row].service;
        let mut rows = self.contract.rows.iter().zip(&self.placement.counts);
        rows.all(|(row, count)| *count == 0 || row.service != *service)
    }

    fn attributes(&mut self, rule: &'a Rule, fit: &[usize]) {
        for span in fit.iter().map(|member| self.tree.span(*member)).filter(|span| !span.error) {
            let wrong =
                rule.attributes.iter().find(|(key, wanted)| !wanted.fits(span.attribute(key)));
            if let Some((key, wanted)) = wrong {
                self.problems.push(Problem::Attribute { span, key, wanted });
            }
        }
    }

    /// More than the row has: those beyond must be what faults add.
    fn surplus(&mut self, row: usize, rule: &Rule, fit: &[usize]) {
        let (mut admitted, mut plain) = (0, Vec::new());
        for member in fit {
            if self.is_admitted(row, *member, admitted + 1) {
                admitted += 1;
            } else {
                plain.push(*member);
            }
        }
        if fit.len() - rule.max > admitted
            && let Some(last) = plain.last()
        {
            let (span, below) = (self.tree.span(*last), self.above(*last));
            self.problems.push(Problem::Extra { span, below, why: Extra::TooMany(rule.max) });
        }
    }

    fn is_admitted(&self, row: usize, member: usize, number: usize) -> bool {
        let leaf = self.tree.children(member).is_empty();
        self.contract.admits(row, self.tree.span(member), leaf, number)
    }

    /// How much is wrong below a span: of several that are alike the best are those that count.
    fn cost(&self, member: usize) -> usize {
        let mut trial = Check { problems: Vec::new(), ..*self };
        trial.below(Some(member), trial.tree.span(member).error);
        trial.problems.len()
    }

    /// What a span hangs below.
    pub(super) fn above(&self, index: usize) -> Option<&'a Span> {
        match self.tree.link(index) {
            Link::Below(parent) => Some(self.tree.span(parent)),
            Link::Root | Link::Dangling => None,
        }
    }
}
