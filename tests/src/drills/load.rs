//! loadgen as a process: the load and the judge of a drill.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::ends::Ends;
use super::report::Report;
use crate::program::{Process, Program, loadgen};
use crate::scratch;

/// Over the time that traces get: reading rows takes a minute at most, and a busy machine is slow.
const END_DEADLINE: Duration = Duration::from_secs(240);

/// A load under way.
#[derive(Debug)]
pub(crate) struct Load {
    process: Process,
    folder: TempDir,
}

impl Load {
    /// Starts loadgen against a system.
    pub(crate) fn start(ends: &Ends, args: &[String]) -> Result<Self> {
        let folder = scratch::folder("load").context("no folder for loadgen's report")?;
        let mut program = Program::new(loadgen())
            .in_folder(folder.path())
            .env("LOADGEN_TARGET", &ends.edge)
            .env("LOADGEN_TRACES", &ends.traces)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &ends.otlp)
            // What is measured is what the services' queues lose; the judge's own must not overflow at any rate.
            .env("OTEL_BSP_MAX_QUEUE_SIZE", "65536")
            .arg("--report")
            .arg("report.json");
        for arg in args {
            program = program.arg(arg);
        }
        Ok(Self { process: program.start(), folder })
    }

    /// Ends the sending; the verification goes on.
    pub(crate) fn interrupt(&self) {
        self.process.interrupt();
    }

    /// What it has said at its end, if it has ended: before it was told to, that is never good.
    pub(crate) fn last_words(&mut self) -> Option<String> {
        self.process.exit_status().map(|_| self.process.last_output())
    }

    /// Waits until all is found out.
    pub(crate) async fn end(mut self, patience: Duration) -> Result<Report> {
        let status = self.process.wait_exit(patience + END_DEADLINE).await;
        // 0: all well. 1: hardly anything was answered. 3: something is not whole; the report says what, and the drill whether it may.
        if !matches!(status.code(), Some(0 | 1 | 3)) {
            bail!("loadgen ended with {status}:\n{}", self.process.last_output());
        }
        let report = std::fs::read(self.folder.path().join("report.json"));
        let report = report.context("loadgen has written no report")?;
        serde_json::from_slice(&report).context("loadgen's report is not what it should be")
    }
}
