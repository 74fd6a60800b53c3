//! The real Loki on `infra/loki.yaml`.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::backends::ask::ask;
use crate::backends::external::External;
use crate::backends::restartable::Restartable;
use crate::environment::workspace;
use crate::ports::Port;
use crate::scratch;

/// How far back a test looks.
const WINDOW: Duration = Duration::from_secs(3600);

/// One log record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Labels and structured metadata, with Loki's underscores for dots.
    pub fields: BTreeMap<String, String>,
    /// The message.
    pub text: String,
}

/// A running Loki; it ends with the value.
#[derive(Debug)]
pub struct Loki {
    runs: Restartable,
    http: Port,
    _grpc: Port,
    _folder: tempfile::TempDir,
}

impl Loki {
    /// Starts it on free ports, with nothing in it.
    ///
    /// # Panics
    /// When it is not here or does not become ready; the text holds its output.
    pub async fn start() -> Self {
        let (port, grpc) = (Port::reserve(), Port::reserve());
        let folder = scratch::folder("loki");
        let folder =
            folder.unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"));
        let (number, grpc_number) = (port.number(), grpc.number());
        let path = folder.path().to_path_buf();
        let program = move || {
            External::LOKI
                .program()
                .arg(format!("-config.file={}", workspace().join("infra/loki.yaml").display()))
                .arg("-config.expand-env=true")
                .env("LOKI_HOST", "127.0.0.1")
                .env("LOKI_HTTP_PORT", number.to_string())
                .env("LOKI_GRPC_PORT", grpc_number.to_string())
                .env("LOKI_PATH", &path)
        };
        let ready = format!("http://127.0.0.1:{number}/ready");
        let runs = Restartable::start("Loki", ready, program).await;
        Self { runs, http: port, _grpc: grpc, _folder: folder }
    }

    /// `http://host:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.http.number())
    }

    /// Where OTLP goes, without `/v1/logs`.
    #[must_use]
    pub fn otlp_endpoint(&self) -> String {
        format!("{}/otlp", self.url())
    }

    /// The records of the last hour that a LogQL query finds, oldest first.
    ///
    /// # Panics
    /// When Loki refuses the query.
    pub async fn records(&self, query: &str) -> Vec<Record> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let start = (now.saturating_sub(WINDOW)).as_nanos().to_string();
        let end = (now + Duration::from_secs(60)).as_nanos().to_string();
        let parameters = [
            ("query", query),
            ("start", &start),
            ("end", &end),
            ("limit", "5000"),
            ("direction", "forward"),
        ];
        let body = ask(&format!("{}/loki/api/v1/query_range", self.url()), &parameters).await;
        body["data"]["result"].as_array().into_iter().flatten().flat_map(stream).collect()
    }

    /// What an instant query gives now, as Loki answers it.
    ///
    /// # Panics
    /// When Loki refuses the query.
    pub async fn query(&self, query: &str) -> Value {
        ask(&format!("{}/loki/api/v1/query", self.url()), &[("query", query)]).await
    }

    /// Stops it in order. What it holds stays.
    pub async fn stop(&mut self) {
        self.runs.stop().await;
    }

    /// Starts it again.
    pub async fn restart(&mut self) {
        self.runs.again().await;
    }
}

fn stream(stream: &Value) -> Vec<Record> {
    let fields = serde_json::from_value::<BTreeMap<String, String>>(stream["stream"].clone());
    let fields = fields.unwrap_or_default();
    let values = stream["values"].as_array().into_iter().flatten();
    let text = |value: &Value| value[1].as_str().unwrap_or_default().to_owned();
    values.map(|value| Record { fields: fields.clone(), text: text(value) }).collect()
}
