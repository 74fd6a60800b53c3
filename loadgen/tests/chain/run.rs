//! One run of the program, and what it has said.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::Value;
use tempfile::TempDir;
use testbed::{Process, Program};

/// Longer than any run here: the longest waits a minute for rows.
const DEADLINE: Duration = Duration::from_secs(150);

/// A run under way.
pub(crate) struct Run {
    pub(crate) process: Process,
    folder: TempDir,
}

/// A run that has ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The JSON; null where none was written.
    pub(crate) report: Value,
}

impl Run {
    /// Starts the program with `args`; with `reported` its report is written, too.
    pub(crate) fn start(args: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::new(env!("CARGO_BIN_EXE_loadgen")).in_folder(folder.path());
        for (name, value) in variables {
            program = program.env(name, value);
        }
        for arg in args {
            program = program.arg(arg);
        }
        if !args.contains(&"contract") {
            program = program.arg("--report").arg("report.json");
        }
        Self { process: program.start(), folder }
    }

    /// Where it runs.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn end(mut self) -> Ended {
        let status = self.process.wait_exit(DEADLINE).await;
        let said = |stderr| {
            let lines = self.process.lines().into_iter();
            let lines = lines.filter(|line| line.is_stderr == stderr).map(|line| line.text);
            lines.collect::<Vec<_>>().join("\n")
        };
        let report = fs::read(self.path("report.json")).unwrap_or_default();
        Ended {
            code: status.code().unwrap_or(-1),
            stdout: said(false),
            stderr: said(true),
            report: serde_json::from_slice(&report).unwrap_or_default(),
        }
    }
}

/// What a run says of some traces: all of it, so that a failed comparison shows everything.
#[derive(Debug, PartialEq)]
pub(crate) struct Verdicts {
    /// How many of each.
    pub(crate) counts: Vec<(String, u64)>,
    /// `from → to: verdict` and how many.
    pub(crate) hops: Vec<(String, u64)>,
}

impl Verdicts {
    pub(crate) fn of<const C: usize, const H: usize>(
        counts: [(&str, u64); C],
        hops: [(&str, u64); H],
    ) -> Self {
        let owned = |(name, count): (&str, u64)| (name.to_owned(), count);
        let there = |(_, count): &(&str, u64)| *count > 0;
        let mut counts: Vec<_> = counts.into_iter().filter(there).map(owned).collect();
        counts.sort();
        Self { counts, hops: hops.into_iter().filter(there).map(owned).collect() }
    }

    pub(crate) fn whole(count: u64) -> Self {
        Self::of([("whole", count)], [])
    }
}

impl Ended {
    /// A number of the report, by its JSON pointer.
    pub(crate) fn number(&self, pointer: &str) -> u64 {
        let value = self.report.pointer(pointer).and_then(Value::as_u64);
        value.unwrap_or_else(|| panic!("no {pointer} in {:#}", self.report))
    }

    /// The part of the report on traces; of `loadgen verify` the whole.
    fn verification(&self) -> &Value {
        self.report.get("verification").unwrap_or(&self.report)
    }

    pub(crate) fn verdicts(&self) -> Verdicts {
        let verification = self.verification();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let counts = verification["verdicts"].as_object().unwrap().iter();
        let mut counts: Vec<_> =
            counts.map(|(name, count)| (name.clone(), count.as_u64().unwrap())).collect();
        counts.sort();
        let hops = verification["hops"].as_array().unwrap().iter().map(|hop| {
            let (from, to) = (text(&hop["from"]), text(&hop["to"]));
            (format!("{from} → {to}: {}", text(&hop["verdict"])), hop["count"].as_u64().unwrap())
        });
        Verdicts { counts, hops: hops.collect() }
    }

    /// Trace ids of those that are not as they should be, and the sentence on each.
    pub(crate) fn failures(&self) -> Vec<(String, String)> {
        let failures = self.verification()["failures"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        failures.map(|failure| (text(&failure["trace_id"]), text(&failure["detail"]))).collect()
    }

    /// Kinds of the rows that do not agree, and how many of each.
    pub(crate) fn mismatches(&self) -> Vec<(String, u64)> {
        let rows = &self.report["reconciliation"];
        assert!(rows["error"].is_null(), "{rows:#}");
        let kind = |one: &Value| {
            (one["kind"].as_str().unwrap().to_owned(), one["count"].as_u64().unwrap())
        };
        rows["mismatches"].as_array().unwrap().iter().map(kind).collect()
    }

    /// Requests, orders and audit records of what was done.
    pub(crate) fn rows(&self) -> [u64; 3] {
        ["requests", "orders", "audit_records"]
            .map(|name| self.number(&format!("/reconciliation/done/{name}")))
    }

    pub(crate) fn assert_ended(&self, code: i32, verdicts: &Verdicts) {
        let Self { stdout, stderr, .. } = self;
        assert_eq!(self.verdicts(), *verdicts, "{stdout}\n{stderr}");
        assert_eq!(self.code, code, "{stdout}\n{stderr}");
    }
}
