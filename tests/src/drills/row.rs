//! What came of one drill, and whether it is good.

use std::time::Duration;

use super::account::Account;
use super::report::Report;
use super::run::Ran;

/// What became of spans.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    /// Of all processes that ended in order, loadgen's too.
    pub(crate) account: Account,
    /// What the viewer has taken in; `None` where somebody was killed, whose part nobody has counted.
    pub(crate) stored: Option<u64>,
}

/// Why traces may be other than whole, beside `--killed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Admitted {
    /// Spans that the account says did not arrive: at most one such trace for each.
    Astray,
    /// The viewer was killed, and what it had in memory with it.
    ViewerKilled,
    /// The context was dropped so often, on the way from one service to the next.
    ContextDropped { from: &'static str, to: &'static str, count: u64 },
}

/// What came of one drill.
#[derive(Clone, Debug)]
pub struct Row {
    /// loadgen's report.
    pub report: Report,
    /// All spans but those of whoever was killed.
    pub account: Account,
    /// Spans that the viewer has taken in; `None` where somebody was killed.
    pub stored: Option<u64>,
    /// The longest time until a purchase was completed again; `None` where nothing was to recover.
    pub recovery: Option<Duration>,
    admitted: Admitted,
}

/// Verdicts that lost spans can explain.
const FOR_LACK_OF_SPANS: [&str; 4] = ["missing", "incomplete", "orphaned", "broken"];

impl Row {
    pub(crate) fn new(ran: Ran, kept: Kept, admitted: Admitted) -> Self {
        let Ran { report, recovery } = ran;
        let Kept { account, stored } = kept;
        Self { report, account, stored, recovery, admitted }
    }

    /// Answered 200, 201 or 202 and not in the databases in the end.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.report.lost()
    }

    /// Traces that are not whole for a reason that was counted.
    #[must_use]
    pub fn explained(&self) -> u64 {
        if self.unexplained() == 0 { self.report.not_whole() } else { 0 }
    }

    /// All that is wrong; nothing of a good row.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints: Vec<_> = [self.on_answers(), self.on_account(), self.on_traces()]
            .into_iter()
            .flatten()
            .collect();
        complaints.extend(self.on_rows());
        complaints
    }

    fn on_answers(&self) -> Option<String> {
        (self.report.answers('2') == 0)
            .then(|| "not one request was answered with a 2xx".to_owned())
    }

    fn on_account(&self) -> Option<String> {
        let account = self.account;
        if !account.closes() {
            return Some(format!("the account of the spans does not close: {account:?}"));
        }
        let stored = self.stored?;
        let bounds = account.exported..=account.exported + account.failed;
        (!bounds.contains(&stored)).then(|| {
            format!("the viewer has {stored} spans, and the account allows {bounds:?}: {account:?}")
        })
    }

    fn on_traces(&self) -> Option<String> {
        let unexplained = self.unexplained();
        let examples = self.report.verification.failures.iter().take(5);
        let examples =
            examples.map(|one| format!("\n    {}: {} ({})", one.trace_id, one.verdict, one.detail));
        (unexplained > 0).then(|| {
            format!(
                "{unexplained} traces are not whole without a reason ({:?} admitted): {:?}{}",
                self.admitted,
                self.report.verification.verdicts,
                examples.collect::<String>()
            )
        })
    }

    fn on_rows(&self) -> Vec<String> {
        let rows = &self.report.reconciliation;
        let mut complaints: Vec<_> =
            rows.error.iter().map(|error| format!("the rows could not be read: {error}")).collect();
        let told = |kind: &str| {
            let found = rows.mismatches.iter().find(|mismatch| mismatch.kind == kind);
            found.map(|found| found.request_ids.join(", ")).unwrap_or_default()
        };
        for mismatch in &rows.mismatches {
            if !self.admits(&mismatch.kind, mismatch.count) {
                let ids: String = told(&mismatch.kind).chars().take(200).collect();
                complaints.push(format!("{} {}: {ids}", mismatch.count, mismatch.kind));
            }
        }
        complaints
    }

    /// Whether rows in another trace are those of contexts that were dropped, in their number.
    fn admits(&self, kind: &str, rows: u64) -> bool {
        match &self.admitted {
            Admitted::ContextDropped { from, count, .. } => {
                let kinds: &[&str] = if *from == "order-service" {
                    &["audit_in_another_trace"]
                } else {
                    &["order_in_another_trace", "audit_in_another_trace"]
                };
                kinds.contains(&kind) && rows == *count
            }
            Admitted::Astray | Admitted::ViewerKilled => false,
        }
    }

    /// Traces that are not whole and that nothing explains.
    fn unexplained(&self) -> u64 {
        let all = self.report.not_whole();
        let lacking: u64 = FOR_LACK_OF_SPANS.iter().map(|name| self.report.verdict(name)).sum();
        match &self.admitted {
            Admitted::Astray => all - lacking.min(self.account.astray()),
            Admitted::ViewerKilled => all - lacking,
            Admitted::ContextDropped { from, to, count } => {
                let hops = &self.report.verification.hops;
                let at_hop = hops
                    .iter()
                    .find(|hop| hop.from == *from && hop.to == *to && hop.verdict == "broken");
                let found = at_hop.map_or(0, |hop| hop.count);
                // Each of them has to be found, too.
                (all - found.min(all)) + found.abs_diff(*count)
            }
        }
    }
}
