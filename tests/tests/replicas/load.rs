//! loadgen as a process: it verifies every trace and holds every answer against the rows.

use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use testbed::{Process, Program, loadgen};

use crate::system::System;

const REQUESTS: u64 = 500;
const CONNECTIONS: u64 = 4;
/// Of those that are killed, two break what they were asked; a broken call of audit is a 202, and delivered later.
const BREAKING_KILLS: u64 = 2;
const DEADLINE: Duration = Duration::from_secs(300);

/// The load under way.
pub(crate) struct Load {
    process: Process,
    folder: TempDir,
}

/// What it has found.
pub(crate) struct Ended {
    code: Option<i32>,
    output: String,
    report: Value,
}

impl Load {
    pub(crate) fn start(system: &System) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (requests, connections) = (REQUESTS.to_string(), CONNECTIONS.to_string());
        let (target, traces) = (system.edge(), system.sink.query_url());
        let load = ["--closed", "--connections", &connections, "--requests", &requests];
        let killed =
            ["--killed", "user-service", "--killed", "order-service", "--killed", "audit-service"];
        let checks =
            ["--verify", "--reconcile", "--verify-timeout", "60s", "--report", "report.json"];
        let ends = ["--target", &target, "--traces", &traces];
        let program = Program::new(loadgen())
            .in_folder(folder.path())
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", system.sink.endpoint());
        let arguments = [&load[..], &killed, &checks, &ends].concat();
        Self { process: arguments.iter().fold(program, Program::arg).start(), folder }
    }

    pub(crate) async fn end(mut self) -> Ended {
        let status = self.process.wait_exit(DEADLINE).await;
        let report = std::fs::read(self.folder.path().join("report.json")).unwrap_or_default();
        Ended {
            code: status.code(),
            output: self.process.last_output(),
            report: serde_json::from_slice(&report).unwrap_or_default(),
        }
    }
}

impl Ended {
    /// Every request that was answered well has its rows, no other has any that it should not have, and no trace is broken.
    pub(crate) fn assert_nothing_lost(&self) {
        let Self { code, output, report } = self;
        assert_eq!(*code, Some(0), "{output}");
        let rows = &report["reconciliation"];
        assert_eq!(rows["mismatches"], serde_json::json!([]), "{output}");
        assert!(rows["error"].is_null(), "{output}");
        let done = |made: &str| rows["done"][made].as_u64().unwrap();
        let requests = done("requests");
        assert_eq!((done("orders"), done("audit_records")), (requests, requests), "{output}");
        let broken = report["total"]["errors"].as_u64().unwrap();
        assert_eq!(requests + broken, REQUESTS, "{output}");
        assert!(broken <= BREAKING_KILLS * CONNECTIONS, "only what was under way: {output}");
    }
}
