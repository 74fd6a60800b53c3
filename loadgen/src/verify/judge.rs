//! Judges a trace: a contract, what is known of the request, and the spans that are there, in; a judgement out. Pure.
//!
//! Spans are laid out as a tree (`tree`), each is given its row (`placement`), every row's counts are checked (`table`), what hangs
//! elsewhere is weighed against what is missing (`stray`), and the problem that comes first is told (`problem`, `words`). Answers of another kind have rules of their own (`free`).
//!
//! Invariants: the order of the spans changes nothing; a trace is whole exactly when there is no problem at all.

use super::{
    contract::{Answer, Contract, Contracts, Situation},
    expectation::{Expectation, Kind},
    span::Span,
    verdict::{Judgement, Verdict},
};
use problem::Problem;

mod free;
mod placement;
mod problem;
mod stray;
mod table;
mod tree;
mod words;

pub(super) use tree::Tree;

/// What a trace is, by what was expected of it and by the spans that are there. `killed` are services that were killed on purpose.
#[must_use]
pub fn judge(
    contracts: &Contracts,
    expectation: &Expectation,
    spans: &[Span],
    killed: &[String],
) -> Judgement {
    let tree = Tree::new(spans);
    if let Some(judgement) = elsewhere(expectation, &tree) {
        return judgement;
    }
    if spans.is_empty() {
        let detail = "the backend has no span of it".to_owned();
        return Judgement { verdict: Verdict::Missing, hop: None, detail, open: true };
    }
    let known = expectation.contract.as_ref().map(|name| (name, contracts.get(name)));
    match (known, &expectation.answer) {
        (Some((name, None)), _) => {
            let detail = format!("there is no contract '{name}'");
            Judgement { verdict: Verdict::Unverified, hop: None, detail, open: false }
        }
        (None, _) | (_, Kind::Problem { .. } | Kind::Unanswered) => {
            problem::judgement(&free::problems(expectation, &tree), &tree, killed)
        }
        (Some((_, Some(contract))), _) => {
            problem::judgement(&best(contract, expectation, &tree), &tree, killed)
        }
    }
}

/// A service says that it was in another trace: nothing that comes later mends that.
fn elsewhere(expectation: &Expectation, tree: &Tree<'_>) -> Option<Judgement> {
    let said = expectation.broken.as_deref()?;
    // Without a chain it is not said which service began the other trace: the spans know better.
    let last = if expectation.has_chain { None } else { free::last_hop(tree) };
    let hop = last.unwrap_or_else(|| said.clone());
    let detail = format!("{} was in another trace, as the answer says", hop.to);
    Some(Judgement { verdict: Verdict::Broken, hop: Some(hop), detail, open: false })
}

/// The problems by the variant that fits best.
fn best<'a>(
    contract: &'a Contract,
    expectation: &'a Expectation,
    tree: &'a Tree<'a>,
) -> Vec<Problem<'a>> {
    let answers: &[Answer] = match expectation.answer {
        Kind::Pending => &[Answer::Pending],
        Kind::Replayed => &[Answer::Replayed],
        Kind::Unknown => &Answer::ALL,
        Kind::Completed | Kind::Problem { .. } | Kind::Unanswered => {
            &[Answer::Completed, Answer::Resumed]
        }
    };
    let resumable = expectation.keyed != Some(false) && contract.has(Answer::Resumed);
    let mut best: Option<Vec<Problem<'a>>> = None;
    for answer in answers.iter().filter(|answer| resumable || **answer != Answer::Resumed) {
        let situation = Situation {
            answer: *answer,
            keyed: expectation.keyed,
            root: expectation.root.is_some(),
        };
        let problems = table::problems(contract, situation, expectation, tree);
        if problems.is_empty() {
            return problems;
        }
        // A variant that later spans can still complete is not given up for one that has less to complain about.
        let rank = |problems: &[Problem<'a>]| {
            (problems.iter().any(|problem| !problem.is_open()), problems.len())
        };
        if best.as_ref().is_none_or(|best| rank(&problems) < rank(best)) {
            best = Some(problems);
        }
    }
    best.unwrap_or_default()
}
