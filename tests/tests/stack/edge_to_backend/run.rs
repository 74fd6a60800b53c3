//! One run of the real `loadgen`, and what it has said.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::Value;
use testbed::{Program, loadgen};

use super::edge::Edge;

pub(crate) const REQUESTS: u32 = 2000;
/// A closed loop: as fast as this machine carries, so that a slow one sheds nothing and a quick one does not wait.
const CONNECTIONS: &str = "4";
/// A loaded machine included.
const DEADLINE: Duration = Duration::from_secs(300);

/// A run that has ended.
pub(crate) struct Run {
    code: Option<i32>,
    output: String,
    report: Value,
}

impl Run {
    /// Sends [`REQUESTS`] through nginx, looks every trace up in a backend and compares every answer with its rows.
    pub(crate) async fn of(edge: &Edge, backend: &str, traces: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (target, requests) = (edge.nginx.url(""), REQUESTS.to_string());
        let load = ["--closed", "--connections", CONNECTIONS, "--requests", &requests];
        let system = ["--target", &target, "--peer", "nginx"];
        let checks = ["--verify", "--backend", backend, "--traces", traces, "--reconcile"];
        // A trace may take as long as a batch on a loaded machine.
        let patience = ["--verify-timeout", "60s", "--report", "report.json"];
        let arguments = [&load[..], &system, &checks, &patience].concat();
        let program = Program::new(loadgen()).in_folder(folder.path());
        let program = program.env("OTEL_EXPORTER_OTLP_ENDPOINT", edge.collector.endpoint());
        let mut process = arguments.iter().fold(program, Program::arg).start();
        let status = process.wait_exit(DEADLINE).await;
        let report = fs::read(folder.path().join("report.json")).unwrap_or_default();
        Self {
            code: status.code(),
            output: process.lines().into_iter().map(|line| line.text + "\n").collect(),
            report: serde_json::from_slice(&report).unwrap_or_default(),
        }
    }

    /// Every request was answered well, every trace is whole, every answer has its rows.
    pub(crate) fn assert_whole(&self) {
        let Self { code, output, report } = self;
        assert_eq!(*code, Some(0), "{output}");
        assert_eq!(report["total"]["requests"], REQUESTS, "{output}");
        assert_eq!(report["total"]["errors"], 0, "{output}");
        assert_eq!(report["verification"]["verdicts"]["whole"], REQUESTS, "{output}");
        let told = format!("\n{REQUESTS} of {REQUESTS} traces whole");
        assert!(output.contains(&told), "{output}");
        let rows = &report["reconciliation"];
        for made in ["requests", "orders", "audit_records"] {
            assert_eq!(rows["done"][made], REQUESTS, "{made}: {output}");
        }
        assert_eq!(rows["mismatches"], serde_json::json!([]), "{output}");
    }

    /// What became of its own spans, without what is zero.
    pub(crate) fn spans(&self) -> BTreeMap<&str, u32> {
        let counts = self.report["spans"].as_object().into_iter().flatten();
        let counts = counts.map(|(name, count)| (name.as_str(), count.as_u64().unwrap()));
        let there = counts.filter(|(_, count)| *count > 0);
        there.map(|(name, count)| (name, u32::try_from(count).unwrap())).collect()
    }
}
