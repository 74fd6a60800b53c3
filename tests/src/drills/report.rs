//! loadgen's report, as far as a drill reads it (its schema: `loadgen/report.schema.json`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::account::Account;

/// What loadgen says of a run.
#[derive(Clone, Debug, Deserialize)]
pub struct Report {
    /// From the first request to the last answer.
    pub elapsed_seconds: f64,
    /// Requests per second asked for; none of a closed loop.
    pub rate_asked: Option<f64>,
    /// Answers per second.
    pub rate_reached: f64,
    /// What was answered.
    pub total: Figures,
    /// loadgen's own spans.
    #[serde(default)]
    pub spans: Account,
    /// The traces.
    #[serde(default)]
    pub verification: Verification,
    /// The rows.
    #[serde(default)]
    pub reconciliation: Reconciliation,
}

/// What came of requests.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Figures {
    /// Requests that were due.
    pub requests: u64,
    /// Those that got a whole answer.
    pub answered: u64,
    /// Answers by status.
    pub statuses: BTreeMap<String, u64>,
    /// Problems by their `code`.
    pub codes: BTreeMap<String, u64>,
}

/// What became of the traces.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Verification {
    /// Traces that were to be verified.
    pub expected: u64,
    /// How many got each verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// Verdicts that blame a hop.
    pub hops: Vec<Hop>,
    /// Those that are neither whole nor killed.
    pub failures: Vec<Failure>,
}

/// How many traces got a verdict at a hop.
#[derive(Clone, Debug, Deserialize)]
pub struct Hop {
    /// The caller.
    pub from: String,
    /// The callee.
    pub to: String,
    /// The verdict.
    pub verdict: String,
    /// How many.
    pub count: u64,
}

/// A trace that is not as it should be.
#[derive(Clone, Debug, Deserialize)]
pub struct Failure {
    /// Its id.
    pub trace_id: String,
    /// Its verdict.
    pub verdict: String,
    /// One sentence.
    pub detail: String,
}

/// What the rows say.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Reconciliation {
    /// Of requests answered with 200, 201 or 202.
    pub done: Rows,
    /// Of requests that ended otherwise, and may or may not have rows.
    pub indeterminate: Rows,
    /// Where rows and answers do not agree.
    pub mismatches: Vec<Mismatch>,
    /// Why the rows could not be read.
    pub error: Option<String>,
}

/// Requests of one kind, and their rows.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Rows {
    /// Requests.
    pub requests: u64,
    /// Their orders.
    pub orders: u64,
    /// Their audit records.
    pub audit_records: u64,
}

/// Requests whose rows do not agree with their answers.
#[derive(Clone, Debug, Deserialize)]
pub struct Mismatch {
    /// In which way.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// Which.
    pub request_ids: Vec<String>,
}

/// Ways in which something that was promised is not there.
const LOSSES: [&str; 4] = ["order_missing", "audit_missing", "audit_pending", "audit_parked"];

impl Report {
    /// Answers whose status begins with a digit.
    #[must_use]
    pub fn answers(&self, class: char) -> u64 {
        let of_class = self.total.statuses.iter().filter(|(status, _)| status.starts_with(class));
        of_class.map(|(_, count)| count).sum()
    }

    /// Answers of a status.
    #[must_use]
    pub fn status(&self, status: &str) -> u64 {
        self.total.statuses.get(status).copied().unwrap_or_default()
    }

    /// Traces of a verdict.
    #[must_use]
    pub fn verdict(&self, name: &str) -> u64 {
        self.verification.verdicts.get(name).copied().unwrap_or_default()
    }

    /// Traces that are neither whole nor killed on purpose.
    #[must_use]
    pub fn not_whole(&self) -> u64 {
        let good = self.verdict("whole") + self.verdict("killed");
        self.verification.expected.saturating_sub(good)
    }

    /// Requests that lack a row which they must have.
    #[must_use]
    pub fn lost(&self) -> u64 {
        let lacking = |mismatch: &&Mismatch| LOSSES.contains(&mismatch.kind.as_str());
        self.reconciliation.mismatches.iter().filter(lacking).map(|mismatch| mismatch.count).sum()
    }

    /// Other disagreements of rows and answers, by kind.
    #[must_use]
    pub fn disagreements(&self) -> BTreeMap<&str, u64> {
        let others = self.reconciliation.mismatches.iter();
        let others = others.filter(|mismatch| !LOSSES.contains(&mismatch.kind.as_str()));
        others.map(|mismatch| (mismatch.kind.as_str(), mismatch.count)).collect()
    }
}
