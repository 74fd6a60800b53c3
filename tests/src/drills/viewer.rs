//! The viewer as a process of its own: where a drill's traces are kept.

use std::time::Duration;

use serde::Deserialize;

use crate::http_client::http;
use crate::poll::until;
use crate::ports::Port;
use crate::program::{Process, Program, tracechain};

const READY_DEADLINE: Duration = Duration::from_secs(60);
/// What the longest drill makes, without anything making room for it.
const STORE_BYTES: &str = "1073741824";
/// Each with the variable that gives its port.
const LISTENERS: [&str; 4] =
    ["VIEWER_PORT", "VIEWER_QUERY_PORT", "VIEWER_OTLP_GRPC_PORT", "VIEWER_OTLP_HTTP_PORT"];

/// A running viewer; it ends with the value.
#[derive(Debug)]
pub(crate) struct Viewer {
    process: Process,
    ports: [Port; 4],
}

/// What it says of its store.
#[derive(Debug, Deserialize)]
struct Stats {
    spans_stored: u64,
}

impl Viewer {
    /// Starts it on free ports.
    pub(crate) async fn start() -> Self {
        let ports = LISTENERS.map(|_| Port::reserve());
        let mut program = Program::new(tracechain())
            .arg("viewer")
            .arg("--exit-on-stdin-close")
            .env("VIEWER_STORE_BYTES", STORE_BYTES);
        for (variable, port) in LISTENERS.iter().zip(&ports) {
            program = program.env(variable, port.number().to_string());
        }
        let viewer = Self { process: program.start(), ports };
        let ready = format!("{}/ready", viewer.query());
        let is_ready = until(READY_DEADLINE, async || {
            http().get(&ready).send().await.is_ok_and(|answer| answer.status() == 200).then_some(())
        });
        assert!(
            is_ready.await.is_some(),
            "the viewer is not ready:\n{}",
            viewer.process.last_output()
        );
        viewer
    }

    /// The query API.
    pub(crate) fn query(&self) -> String {
        self.url(1)
    }

    /// `host:port` of the OTLP/gRPC receiver.
    pub(crate) fn grpc_address(&self) -> String {
        format!("127.0.0.1:{}", self.ports[2].number())
    }

    /// The OTLP/HTTP receiver.
    pub(crate) fn otlp(&self) -> String {
        self.url(3)
    }

    /// Distinct spans that it has taken in.
    pub(crate) async fn stored(&self) -> anyhow::Result<u64> {
        let answer = http().get(format!("{}/api/store", self.query())).send().await?;
        Ok(answer.json::<Stats>().await?.spans_stored)
    }

    fn url(&self, listener: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[listener].number())
    }
}
