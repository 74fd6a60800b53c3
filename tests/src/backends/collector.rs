//! The real Collector on `infra/otel-collector.yaml`, with the other file over it where tail sampling is asked for.

use crate::backends::external::External;
use crate::backends::restartable::Restartable;
use crate::environment::workspace;
use crate::ports::Port;
use crate::program::Program;
use crate::scrape::Scrape;
use crate::scratch;

/// Where it sends what it gets, and how it samples.
#[derive(Clone, Debug, Default)]
pub struct CollectorOptions {
    variables: Vec<(String, String)>,
    samples: bool,
}

impl CollectorOptions {
    /// Spans go to an OTLP/gRPC `host:port`.
    #[must_use]
    pub fn traces_to(self, address: &str) -> Self {
        self.env("TEMPO_ENDPOINT", address)
    }

    /// Log records go to an OTLP/HTTP endpoint, without `/v1/logs`.
    #[must_use]
    pub fn logs_to(self, endpoint: &str) -> Self {
        self.env("LOKI_ENDPOINT", endpoint)
    }

    /// Adds the tail sampling file.
    #[must_use]
    pub fn tail_sampling(mut self) -> Self {
        self.samples = true;
        self
    }

    /// Sets a variable that the files read.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The listeners, each with the variable that gives its port.
const LISTENERS: [&str; 7] = [
    "COLLECTOR_OTLP_HTTP_PORT",
    "COLLECTOR_OTLP_GRPC_PORT",
    "COLLECTOR_METRICS_PORT",
    "COLLECTOR_PROMETHEUS_PORT",
    "COLLECTOR_HEALTH_PORT",
    "COLLECTOR_PPROF_PORT",
    "COLLECTOR_ZPAGES_PORT",
];
const OTLP_HTTP: usize = 0;
const OTLP_GRPC: usize = 1;
const METRICS: usize = 2;
const PROMETHEUS: usize = 3;
const HEALTH: usize = 4;

/// A running Collector; it ends with the value.
#[derive(Debug)]
pub struct Collector {
    runs: Restartable,
    ports: [Port; 7],
    _storage: tempfile::TempDir,
}

impl Collector {
    /// Starts it on free ports with an empty queue.
    ///
    /// # Panics
    /// When it is not here or does not become ready; the text holds its output.
    pub async fn start(options: CollectorOptions) -> Self {
        let ports = LISTENERS.map(|_| Port::reserve());
        let storage = scratch::folder("collector");
        let storage =
            storage.unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"));
        let folder = storage.path().to_path_buf();
        let numbers = ports.each_ref().map(Port::number);
        let program = move || {
            let mut program = command(options.samples)
                .env("COLLECTOR_HOST", "127.0.0.1")
                .env("COLLECTOR_STORAGE", &folder)
                // Nothing goes to whatever listens on the standard ports of this machine.
                .env("TEMPO_ENDPOINT", "127.0.0.1:1")
                .env("LOKI_ENDPOINT", "http://127.0.0.1:1/otlp");
            for (variable, number) in LISTENERS.iter().zip(numbers) {
                program = program.env(variable, number.to_string());
            }
            options
                .variables
                .iter()
                .fold(program, |program, (name, value)| program.env(name, value))
        };
        let ready = format!("http://127.0.0.1:{}/", numbers[HEALTH]);
        let runs = Restartable::start("the Collector", ready, program).await;
        Self { runs, ports, _storage: storage }
    }

    /// The OTLP/HTTP endpoint.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address(OTLP_HTTP))
    }

    /// The OTLP/gRPC endpoint.
    #[must_use]
    pub fn grpc_endpoint(&self) -> String {
        format!("http://{}", self.address(OTLP_GRPC))
    }

    /// The port of the OTLP/HTTP receiver, for a proxy in front of it.
    #[must_use]
    pub fn otlp_http_port(&self) -> u16 {
        self.ports[OTLP_HTTP].number()
    }

    /// `host:port` of its own metrics.
    #[must_use]
    pub fn metrics_address(&self) -> String {
        self.address(METRICS)
    }

    /// `host:port` of the metrics that were sent to it.
    #[must_use]
    pub fn prometheus_address(&self) -> String {
        self.address(PROMETHEUS)
    }

    /// `http://host:port/` that tells its health.
    #[must_use]
    pub fn health_url(&self) -> String {
        format!("http://{}/", self.address(HEALTH))
    }

    /// Its own metrics at this moment.
    pub async fn metrics(&self) -> Scrape {
        Scrape::of(&format!("http://{}", self.metrics_address())).await
    }

    /// Stops it in order. Its queue stays on disk, its ports reserved.
    pub async fn stop(&mut self) {
        self.runs.stop().await;
    }

    /// Kills it, as a crash would.
    pub async fn kill(&mut self) {
        self.runs.kill().await;
    }

    /// Starts it again on its ports and its queue.
    pub async fn restart(&mut self) {
        self.runs.again().await;
    }

    /// The end of its log.
    #[must_use]
    pub fn last_output(&self) -> String {
        self.runs.last_output()
    }

    fn address(&self, listener: usize) -> String {
        format!("127.0.0.1:{}", self.ports[listener].number())
    }
}

fn command(samples: bool) -> Program {
    let file = |name: &str| format!("--config={}", workspace().join("infra").join(name).display());
    let program = External::COLLECTOR.program().arg(file("otel-collector.yaml"));
    if samples { program.arg(file("otel-collector.tail-sampling.yaml")) } else { program }
}
