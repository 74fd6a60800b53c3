//! A real Jaeger: another backend that traces go into and are looked up in.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use crate::environment;
use crate::http_client::http;
use crate::not_run;
use crate::poll::until;
use crate::ports::Port;
use crate::program::{Process, Program};

/// From start to the first answer: a cold file cache included.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// A running Jaeger with an empty store in memory; it ends with the value.
#[derive(Debug)]
pub struct Jaeger {
    otlp: Port,
    query: Port,
    _grpc: Port,
    process: Process,
}

impl Jaeger {
    /// Whether a test has to pass over Jaeger, because `TRACECHAIN_NOT_RUN` lists it and it is really not here. Says so by the name of the test.
    #[must_use]
    pub fn is_not_run() -> bool {
        not_run::is_passed_over("jaeger", "Jaeger", || program().is_some())
    }

    /// Starts it on free loopback ports and waits until it answers.
    ///
    /// # Panics
    /// When it is not here, or does not answer.
    pub async fn start() -> Self {
        let program = program().unwrap_or_else(|| {
            panic!(
                "Jaeger is not here (looked for {} and on the PATH): run infra/test.sh, which builds it",
                cached().display()
            )
        });
        let (otlp, query, grpc) = (Port::reserve(), Port::reserve(), Port::reserve());
        let config = config(&otlp, &query, &grpc);
        let process = Program::new(program).arg("--config").arg(format!("yaml:{config}")).start();
        let jaeger = Self { otlp, query, _grpc: grpc, process };
        let services = format!("{}/api/v3/services", jaeger.query_url());
        let ready = async || http().get(&services).send().await.ok()?.error_for_status().ok();
        assert!(
            until(START_DEADLINE, ready).await.is_some(),
            "Jaeger does not answer:\n{}",
            jaeger.process.last_output()
        );
        jaeger
    }

    /// The OTLP/HTTP endpoint.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.otlp.number())
    }

    /// The query API.
    #[must_use]
    pub fn query_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.query.number())
    }
}

fn cached() -> PathBuf {
    environment::cache().join("jaeger")
}

fn program() -> Option<PathBuf> {
    Some(cached()).filter(|file| file.is_file()).or_else(|| environment::on_path("jaeger"))
}

/// JSON is YAML too. No metrics and no listeners of its own beside the three.
fn config(otlp: &Port, query: &Port, grpc: &Port) -> serde_json::Value {
    let at = |port: &Port| json!({"endpoint": format!("127.0.0.1:{}", port.number())});
    json!({
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}},
            "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
        },
        "receivers": {"otlp": {"protocols": {"http": at(otlp)}}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "kept"}},
        "extensions": {
            "jaeger_query": {"storage": {"traces": "kept"}, "http": at(query), "grpc": at(grpc)},
            "jaeger_storage": {"backends": {"kept": {"memory": {"max_traces": 100_000}}}},
        },
    })
}
