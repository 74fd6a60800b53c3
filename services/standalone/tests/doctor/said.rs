//! One examination and what was said.

use std::collections::BTreeMap;
use std::time::Duration;

use testbed::{Program, tracechain};

/// Every wait that a check may have, one after the other.
const DEADLINE: Duration = Duration::from_secs(600);

/// The checks, as they are printed.
pub(crate) const CHECKS: [&str; 7] = [
    "metrics, one source per name",
    "metrics, /metrics",
    "traces",
    "logs",
    "from a trace to its logs",
    "dashboards",
    "Collector",
];

/// What an examination said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    /// By check: `ok`, `WRONG` or `not here`.
    pub(crate) words: BTreeMap<String, String>,
    /// All of it.
    pub(crate) text: String,
}

/// Runs the doctor with these flags.
pub(crate) async fn examine(flags: &[(&str, &str)]) -> Said {
    let program =
        flags.iter().fold(Program::new(tracechain()).arg("doctor"), |program, (flag, value)| {
            program.arg(format!("--{flag}={value}"))
        });
    let mut process = program.start();
    let status = process.wait_exit(DEADLINE).await;
    let lines: Vec<String> = process.lines().iter().map(|line| line.text.clone()).collect();
    let words = lines.iter().filter_map(|line| word(line)).collect();
    Said { code: status.code(), words, text: lines.join("\n") }
}

impl Said {
    /// The checks that found something wrong.
    pub(crate) fn wrong(&self) -> Vec<&str> {
        self.with("WRONG")
    }

    /// The checks with this word, in the order in which they are made.
    pub(crate) fn with(&self, word: &str) -> Vec<&'static str> {
        let has = |check: &&str| self.words.get(*check).is_some_and(|said| said == word);
        CHECKS.into_iter().filter(has).collect()
    }

    /// The line of a check that is wrong, and the line below it: what to do.
    pub(crate) fn problem(&self, check: &str) -> String {
        let begin = format!("WRONG     {check}: ");
        let mut lines = self.text.lines().skip_while(|line| !line.starts_with(&begin));
        let (what, remedy) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        assert!(remedy.starts_with("          -> "), "nothing to do about {check}:\n{}", self.text);
        format!("{what}\n{remedy}")
    }
}

fn word(line: &str) -> Option<(String, String)> {
    let word = ["ok", "WRONG", "not here"].into_iter().find(|word| line.starts_with(word))?;
    let check = CHECKS.into_iter().find(|check| {
        line[word.len()..]
            .trim_start()
            .strip_prefix(check)
            .is_some_and(|rest| rest.starts_with(':'))
    })?;
    Some((check.to_owned(), word.to_owned()))
}
