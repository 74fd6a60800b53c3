//! What became of the spans of processes, as their last log lines say it.

use std::ops::AddAssign;

use serde::Deserialize;

use crate::program::Process;

/// Where spans have gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// Ended.
    pub ended: u64,
    /// Taken by the endpoint.
    pub exported: u64,
    /// Sent without a success heard of; some may have arrived.
    pub failed: u64,
    /// Never sent.
    pub dropped: u64,
    /// Still waiting.
    pub queued: u64,
}

impl Account {
    /// The sum over all that have ended in order among those that wrote to this output. A killed one writes none.
    pub(super) fn of(process: &Process) -> Self {
        let lines = process.lines();
        let told = lines.iter().filter(|line| line.text.contains("\"Spans accounted for"));
        let mut sum = Self::default();
        for account in told.filter_map(|line| serde_json::from_str::<Self>(&line.text).ok()) {
            sum += account;
        }
        sum
    }

    /// Whether every span that ended has gone somewhere.
    #[must_use]
    pub fn closes(&self) -> bool {
        self.queued == 0 && self.ended == self.exported + self.failed + self.dropped
    }

    /// Spans that may be missing where traces are kept.
    #[must_use]
    pub fn astray(&self) -> u64 {
        self.failed + self.dropped
    }
}

impl AddAssign for Account {
    fn add_assign(&mut self, other: Self) {
        self.ended += other.ended;
        self.exported += other.exported;
        self.failed += other.failed;
        self.dropped += other.dropped;
        self.queued += other.queued;
    }
}

#[cfg(test)]
mod tests {
    use super::Account;

    #[test]
    fn an_account_closes_only_when_every_span_has_gone_somewhere() {
        let good = Account { ended: 10, exported: 7, failed: 2, dropped: 1, queued: 0 };
        assert!(good.closes() && good.astray() == 3);
        assert!(!Account { exported: 6, ..good }.closes());
        assert!(!Account { exported: 6, queued: 1, ..good }.closes());
    }
}
