//! What can be wrong with a trace, and how it is told: verdict, hop, one sentence.

use opentelemetry::trace::{SpanId, SpanKind};

use super::{
    free,
    tree::{Link, Tree},
};
use crate::verify::{
    contract::{Row, Wanted},
    span::Span,
    verdict::{Hop, Judgement, Verdict},
};

/// One thing that is wrong. Their order is that in which they explain each other: the first is told.
#[derive(Debug)]
pub(super) enum Problem<'a> {
    /// A span with the id of a different one.
    Twin { span: &'a Span },
    /// A span hangs below another than its row's, or below none.
    Misplaced { span: &'a Span, below: Option<&'a Span>, expected: Option<&'a Row> },
    /// A span leads back to itself.
    Cycle { span: &'a Span },
    /// A span that the contract does not have.
    Extra { span: &'a Span, below: Option<&'a Span>, why: Extra },
    /// A span's parent is not there.
    Orphan { span: &'a Span, expected: Option<&'a Row> },
    /// Our own span is not there.
    RootMissing { id: SpanId },
    /// Spans of a row are not there.
    Missing(Missing<'a>),
    /// The service that the answer names has not been reached.
    Unreached { service: &'a str, last: Option<Hop> },
    /// There was an answer, and only our own span is there.
    Alone { hop: Option<Hop> },
    /// A span is not what its row says.
    Attribute { span: &'a Span, key: &'a str, wanted: &'a Wanted },
}

/// Why a span is extra.
#[derive(Debug)]
pub(super) enum Extra {
    /// No row has it.
    Unknown,
    /// The row has at most so many.
    TooMany(usize),
    /// It failed, and the contract does not admit that.
    Failed,
    /// There is a root already.
    SecondRoot,
}

/// Spans of a row that are not there.
#[derive(Debug)]
pub(super) struct Missing<'a> {
    /// The row's index.
    pub(super) index: usize,
    pub(super) row: &'a Row,
    /// What it should hang below; `None`: it is the root.
    pub(super) below: Option<&'a Span>,
    pub(super) there: usize,
    pub(super) wanted: usize,
    /// One that is there, and has failed.
    pub(super) failed: Option<&'a Span>,
    /// Nothing of it or below it is there, and nobody says that its service was in this trace.
    pub(super) is_cut: bool,
    /// Its service has no span at all.
    pub(super) is_silent: bool,
    /// Spans that are there without a parent, since this one is not.
    pub(super) orphans: usize,
}

/// The judgement that `problems` make.
pub(super) fn judgement(problems: &[Problem<'_>], tree: &Tree<'_>, killed: &[String]) -> Judgement {
    let Some(first) = problems.iter().min_by_key(|problem| problem.rank()) else {
        let detail = format!("{} spans, each where it belongs", tree.len());
        return Judgement { verdict: Verdict::Whole, hop: None, detail, open: false };
    };
    let excused = problems.iter().all(|problem| problem.is_excused(killed));
    Judgement {
        verdict: if excused { Verdict::Killed } else { first.verdict() },
        hop: first.hop(tree),
        detail: first.detail(),
        open: problems.iter().all(Problem::is_open),
    }
}

impl Problem<'_> {
    /// Whether spans that come later can mend it.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Orphan { .. }
            | Self::RootMissing { .. }
            | Self::Missing(_)
            | Self::Unreached { .. }
            | Self::Alone { .. } => true,
            Self::Misplaced { .. }
            | Self::Cycle { .. }
            | Self::Extra { .. }
            | Self::Twin { .. }
            | Self::Attribute { .. } => false,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Twin { .. } => 0,
            Self::Misplaced { .. } => 1,
            Self::Cycle { .. } => 2,
            Self::Extra { .. } => 3,
            Self::Orphan { .. } => 4,
            Self::RootMissing { .. } => 5,
            Self::Missing(_) => 6,
            Self::Unreached { .. } => 7,
            Self::Alone { .. } => 8,
            Self::Attribute { .. } => 9,
        }
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self::Misplaced { .. } | Self::Cycle { .. } => Verdict::WrongParent,
            Self::Extra { .. } | Self::Twin { .. } => Verdict::Extra,
            Self::Orphan { .. } => Verdict::Orphaned,
            Self::Missing(missing) if missing.is_broken() => Verdict::Broken,
            Self::Unreached { last: Some(_), .. } => Verdict::Broken,
            Self::RootMissing { .. }
            | Self::Missing(_)
            | Self::Unreached { .. }
            | Self::Alone { .. }
            | Self::Attribute { .. } => Verdict::Incomplete,
        }
    }

    fn hop(&self, tree: &Tree<'_>) -> Option<Hop> {
        match self {
            Self::Missing(missing) => missing.hop(),
            Self::Unreached { last, .. } => last.clone(),
            Self::Alone { hop } => hop.clone(),
            Self::Misplaced { span, expected, .. } | Self::Orphan { span, expected } => {
                // Whoever calls is not told by the contract but by the root.
                let from = match (*expected)?.service.text() {
                    "*" => root_service(tree)?,
                    service => service,
                };
                let crosses = takes_calls(&span.kind) && from != span.service;
                crosses.then(|| Hop { from: from.to_owned(), to: span.service.clone() })
            }
            _ => None,
        }
    }

    fn is_excused(&self, killed: &[String]) -> bool {
        let is_killed = |service: &str| killed.iter().any(|killed| killed == service);
        match self {
            // Also a call of it that has failed, and was not repeated with success since.
            Self::Missing(missing) => {
                is_killed(missing.row.service.text())
                    || missing.hop().is_some_and(|hop| is_killed(&hop.to))
            }
            Self::Orphan { expected: Some(row), .. } => is_killed(row.service.text()),
            // Who the parent was of is not known; what serves a call hangs below another service's span, all else below its own.
            Self::Orphan { span, expected: None } => {
                is_killed(&span.service) || (takes_calls(&span.kind) && !killed.is_empty())
            }
            Self::Unreached { service, last } => {
                is_killed(service) || last.as_ref().is_some_and(|hop| is_killed(&hop.to))
            }
            Self::Alone { hop } => hop.as_ref().is_some_and(|hop| is_killed(&hop.to)),
            _ => false,
        }
    }
}

impl Missing<'_> {
    pub(super) fn is_broken(&self) -> bool {
        self.is_cut && self.hop().is_some()
    }

    /// Where a call has left one service and not arrived at the next, or has failed.
    fn hop(&self) -> Option<Hop> {
        if let Some(hop) = self.failed.and_then(free::call) {
            return Some(hop);
        }
        let below = self.below?;
        let crosses = takes_calls(&self.row.kind) && !self.row.service.fits(&below.service);
        let to =
            if self.row.service.is_exact() { self.row.service.text() } else { free::peer(below)? };
        crosses.then(|| Hop { from: below.service.clone(), to: to.to_owned() })
    }
}

fn root_service<'a>(tree: &Tree<'a>) -> Option<&'a str> {
    let root = tree.tops().iter().find(|index| tree.link(**index) == Link::Root)?;
    Some(&tree.span(*root).service)
}

/// Whether spans of this kind are the other end of another service's span.
fn takes_calls(kind: &SpanKind) -> bool {
    matches!(kind, SpanKind::Server | SpanKind::Consumer)
}
