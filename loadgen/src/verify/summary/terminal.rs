//! The summary as the terminal shows it: `6000 of 6000 traces whole`, of how many that says less, then what is not, by verdict and hop, each with its first traces.

use std::{collections::BTreeMap, fmt};

use super::{Failure, Summary};
use crate::{
    output::printable,
    verify::verdict::{Hop, Verdict},
};

/// Traces shown of each verdict and hop.
const SHOWN: usize = 5;

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.count(Verdict::Whole);
        write!(formatter, "{whole} of {} {} whole", self.expected, traces(self.expected))?;
        let killed = self.count(Verdict::Killed);
        if killed > 0 {
            write!(formatter, ", {killed} killed on purpose")?;
        }
        let judged = self.judged();
        if judged < self.expected {
            write!(formatter, ", {} not judged", self.expected - judged)?;
        }
        if self.without_contract > 0 {
            let count = self.without_contract;
            write!(formatter, "\n  {count} of them without a contract: only held to be one tree")?;
        }
        for ((verdict, hop), of_group) in &self.groups() {
            group(formatter, *verdict, hop.as_ref(), of_group)?;
        }
        if self.failures_left_out > 0 {
            write!(formatter, "\n  and {} more, not listed", self.failures_left_out)?;
        }
        Ok(())
    }
}

type Groups<'a> = BTreeMap<(Verdict, Option<Hop>), Vec<&'a Failure>>;

impl Summary {
    fn groups(&self) -> Groups<'_> {
        let mut groups = Groups::new();
        for failure in &self.failures {
            groups.entry((failure.verdict, failure.hop.clone())).or_default().push(failure);
        }
        groups
    }
}

fn group(
    formatter: &mut fmt::Formatter<'_>,
    verdict: Verdict,
    hop: Option<&Hop>,
    failures: &[&Failure],
) -> fmt::Result {
    let count = u64::try_from(failures.len()).unwrap_or(u64::MAX);
    let at = hop.map_or_else(String::new, |hop| format!(" at {}", printable(&hop.to_string())));
    write!(formatter, "\n  {count} {} {verdict}{at}", traces(count))?;
    for failure in failures.iter().take(SHOWN) {
        write!(formatter, "\n    {} {}", failure.trace_id, printable(&failure.detail))?;
    }
    match failures.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(formatter, "\n    and {more} more"),
    }
}

fn traces(count: u64) -> &'static str {
    if count == 1 { "trace" } else { "traces" }
}
