//! A hop: a program of `tests/hops` under the official instrumentation of its language.

use std::path::{Path, PathBuf};
use std::time::Duration;

use testbed::{Fetched, Process, Program};

const COMPILE_DEADLINE: Duration = Duration::from_secs(120);

/// What it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// Flask and requests, under `opentelemetry-instrument`.
    Python,
    /// Its own http module, under the automatic instrumentation.
    Node,
    /// The JDK's server and client, under the agent.
    Java,
}

impl Language {
    /// `service.name`.
    pub(crate) fn service_name(self) -> &'static str {
        match self {
            Self::Python => "flask-hop",
            Self::Node => "node-hop",
            Self::Java => "java-hop",
        }
    }

    /// What `infra/other-languages.sh` has fetched for it.
    pub(crate) fn instrumentation(self) -> Fetched {
        match self {
            Self::Python => Fetched::PYTHON_HOP,
            Self::Node => Fetched::NODE_HOP,
            Self::Java => Fetched::JAVA_HOP,
        }
    }

    /// Starts one that listens on `port`, hands on to `next` and exports to `endpoint`.
    pub(crate) async fn start(self, port: u16, next: &str, endpoint: &str) -> Process {
        let folder = self.instrumentation().path();
        let program = match self {
            Self::Python => python(&folder, port),
            Self::Node => node(&folder),
            Self::Java => java(&folder).await,
        };
        program
            .env("PORT", port.to_string())
            .env("NEXT_SERVICE_URL", next)
            .env("OTEL_SERVICE_NAME", self.service_name())
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
            .env("OTEL_METRICS_EXPORTER", "none")
            .env("OTEL_LOGS_EXPORTER", "none")
            .env("OTEL_BSP_SCHEDULE_DELAY", "200")
            .start()
    }
}

fn python(folder: &Path, port: u16) -> Program {
    let bin = folder.join("bin");
    Program::new(bin.join("opentelemetry-instrument"))
        .in_folder(source(""))
        .arg(bin.join("waitress-serve"))
        .arg(format!("--listen=127.0.0.1:{port}"))
        .arg("--threads=8")
        .arg("flask_hop:app")
        // It is read from the repository, and leaves nothing there.
        .env("PYTHONDONTWRITEBYTECODE", "1")
}

fn node(folder: &Path) -> Program {
    Program::new("node")
        .in_folder(folder)
        .arg("--require")
        .arg("@opentelemetry/auto-instrumentations-node/register")
        .arg(source("node_hop.js"))
        // What DNS, sockets and files do are spans, too, unless one chooses.
        .env("OTEL_NODE_ENABLED_INSTRUMENTATIONS", "http")
}

/// Compiled first: `java JavaHop.java` would have the agent watch the compiler at work.
async fn java(folder: &Path) -> Program {
    let classes = folder.join("classes");
    let compiler = Program::new("javac").arg("-d").arg(&classes).arg(source("JavaHop.java"));
    let mut compiler = compiler.start();
    let status = compiler.wait_exit(COMPILE_DEADLINE).await;
    assert!(status.success(), "{}", compiler.last_output());
    let agent = folder.join("opentelemetry-javaagent.jar");
    let program = Program::new("java").arg(format!("-javaagent:{}", agent.display()));
    program.arg("-cp").arg(classes).arg("JavaHop")
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hops").join(name)
}
