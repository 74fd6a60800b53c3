//! What a trace turned out to be.

use std::fmt;

/// The verdict on one trace.
#[derive(
    Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every span is there, where it belongs, and nothing else.
    Whole,
    /// Lacks only spans of a service that was killed on purpose (`--killed`).
    Killed,
    /// The backend has no span of it.
    Missing,
    /// Spans are missing.
    Incomplete,
    /// A hop began a new trace.
    Broken,
    /// A span's parent is not there.
    Orphaned,
    /// A span hangs below another than the contract says.
    WrongParent,
    /// A span that the contract does not have.
    Extra,
    /// The backend had it and had to let it go before it could be judged.
    Evicted,
    /// The backend could not be asked: down, too slow, or its answer was no trace.
    Unverified,
}

impl Verdict {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 10] = [
        Self::Whole,
        Self::Killed,
        Self::Missing,
        Self::Incomplete,
        Self::Broken,
        Self::Orphaned,
        Self::WrongParent,
        Self::Extra,
        Self::Evicted,
        Self::Unverified,
    ];

    /// Its name in reports and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Killed => "killed",
            Self::Missing => "missing",
            Self::Incomplete => "incomplete",
            Self::Broken => "broken",
            Self::Orphaned => "orphaned",
            Self::WrongParent => "wrong_parent",
            Self::Extra => "extra",
            Self::Evicted => "evicted",
            Self::Unverified => "unverified",
        }
    }

    /// Whether the trace is as it should be: whole, or killed on purpose.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Whole | Self::Killed)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name().replace('_', " "))
    }
}

/// The way from one service to the next.
#[derive(
    Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, schemars::JsonSchema,
)]
pub struct Hop {
    /// `service.name` of the caller.
    pub from: String,
    /// `service.name` of the callee.
    pub to: String,
}

impl fmt::Display for Hop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} → {}", self.from, self.to)
    }
}

/// A verdict with its reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The hop to look at, where one is to blame.
    pub hop: Option<Hop>,
    /// One sentence: which span, where.
    pub detail: String,
    /// Whether spans that come later could still make it whole; where not, no further look-up is needed.
    pub open: bool,
}
