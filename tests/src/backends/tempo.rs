//! The real Tempo on `infra/tempo.yaml`, where there is one.

use crate::backends::external::External;
use crate::backends::restartable::Restartable;
use crate::environment::workspace;
use crate::ports::Port;
use crate::scratch;

/// A running Tempo; it ends with the value.
#[derive(Debug)]
pub struct Tempo {
    runs: Restartable,
    http: Port,
    otlp: Port,
    _grpc: Port,
    _folder: tempfile::TempDir,
}

impl Tempo {
    /// Whether a test has to pass over Tempo, which is in no registry: there is none on the `PATH` or in `TEMPO_BIN`. Says so by the name of the test.
    #[must_use]
    pub fn is_not_run() -> bool {
        External::TEMPO.is_not_run()
    }

    /// Starts it on free ports, with nothing in it. What it derives from spans goes to the Prometheus at `prometheus`, a URL.
    ///
    /// # Panics
    /// When it is not here or does not become ready; the text holds its output.
    pub async fn start(prometheus: &str) -> Self {
        let (http, otlp, grpc) = (Port::reserve(), Port::reserve(), Port::reserve());
        let folder = scratch::folder("tempo");
        let folder =
            folder.unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"));
        let path = folder.path().to_path_buf();
        let ports = [
            ("TEMPO_HTTP_PORT", http.number()),
            ("TEMPO_OTLP_GRPC_PORT", otlp.number()),
            ("TEMPO_GRPC_PORT", grpc.number()),
        ];
        let prometheus = prometheus.to_owned();
        let program = move || {
            let program = External::TEMPO
                .program()
                .arg(format!("-config.file={}", workspace().join("infra/tempo.yaml").display()))
                .arg("-config.expand-env=true")
                .env("TEMPO_HOST", "127.0.0.1")
                .env("TEMPO_PATH", &path)
                .env("PROMETHEUS_URL", &prometheus);
            ports.iter().fold(program, |program, (name, port)| program.env(name, port.to_string()))
        };
        let ready = format!("http://127.0.0.1:{}/ready", http.number());
        let runs = Restartable::start("Tempo", ready, program).await;
        Self { runs, http, otlp, _grpc: grpc, _folder: folder }
    }

    /// The query API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// `host:port` of its HTTP listener.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.http.number())
    }

    /// `host:port` that takes OTLP/gRPC.
    #[must_use]
    pub fn otlp_address(&self) -> String {
        format!("127.0.0.1:{}", self.otlp.number())
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
