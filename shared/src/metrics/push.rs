//! Metrics pushed at an interval: over OTLP, or as text on standard output. A thread of its own does it, since it blocks.

use std::{
    io::Write as _,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use flate2::{Compression as Level, write::GzEncoder};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, metrics_service_client::MetricsServiceClient,
};
use opentelemetry_sdk::Resource;
use prometheus::TextEncoder;
use prost::Message as _;
use tonic::{codec::CompressionEncoding, metadata::MetadataMap, transport::Channel};

use super::bridge::Bridge;
use crate::{
    config::telemetry::{Compression, Protocol, Target},
    telemetry::otlp,
};

/// The running thread.
#[derive(Debug)]
pub(super) struct Push {
    stop: mpsc::Sender<mpsc::Sender<anyhow::Result<()>>>,
}

impl Push {
    /// Starts pushing; `None` when there is nobody to push to.
    pub(super) fn start(
        interval: Duration,
        target: Option<Target>,
        console: bool,
        resource: &Resource,
    ) -> anyhow::Result<Option<Self>> {
        let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
        if let Some(target) = target {
            sinks.push(match target.protocol {
                Protocol::HttpProtobuf => Box::new(HttpSink::new(target, resource)?),
                Protocol::Grpc => Box::new(GrpcSink::new(target, resource)?),
            });
        }
        if console {
            sinks.push(Box::new(ConsoleSink));
        }
        if sinks.is_empty() {
            return Ok(None);
        }
        let (stop, stopped) = mpsc::channel();
        let name = "metrics-export".to_owned();
        thread::Builder::new().name(name).spawn(move || run(interval, &mut sinks, &stopped))?;
        Ok(Some(Self { stop }))
    }

    /// Pushes a last time. Blocks for at most `timeout`.
    pub(super) fn stop(self, timeout: Duration) -> anyhow::Result<()> {
        let (done, wait) = mpsc::channel();
        self.stop.send(done).context("the thread that pushes metrics has ended")?;
        wait.recv_timeout(timeout).context("the last metrics did not leave in time")?
    }
}

fn run(
    interval: Duration,
    sinks: &mut [Box<dyn Sink>],
    stopped: &mpsc::Receiver<mpsc::Sender<anyhow::Result<()>>>,
) {
    let _quiet = opentelemetry::Context::enter_telemetry_suppressed_scope();
    loop {
        match stopped.recv_timeout(interval) {
            Err(RecvTimeoutError::Timeout) => {
                if let Err(error) = push_all(sinks) {
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "Metrics could not be pushed; the next push has them all"
                    );
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
            Ok(done) => {
                // Nobody hears of it when the wait was too long.
                drop(done.send(push_all(sinks)));
                return;
            }
        }
    }
}

/// All sinks get their turn; the first error is told.
fn push_all(sinks: &mut [Box<dyn Sink>]) -> anyhow::Result<()> {
    sinks.iter_mut().map(|sink| sink.push()).fold(Ok(()), anyhow::Result::and)
}

trait Sink: Send {
    fn push(&mut self) -> anyhow::Result<()>;
}

struct ConsoleSink;

impl Sink for ConsoleSink {
    fn push(&mut self) -> anyhow::Result<()> {
        let text = TextEncoder::new().encode_to_string(&super::registry().gather())?;
        std::io::stdout().write_all(text.as_bytes()).context("standard output")
    }
}

struct HttpSink {
    client: reqwest::blocking::Client,
    target: Target,
    bridge: Bridge,
}

impl HttpSink {
    fn new(target: Target, resource: &Resource) -> anyhow::Result<Self> {
        Ok(Self { client: otlp::http_client(&target)?, target, bridge: Bridge::new(resource) })
    }
}

impl Sink for HttpSink {
    fn push(&mut self) -> anyhow::Result<()> {
        let body = self.bridge.request().encode_to_vec();
        let request = self
            .client
            .post(&self.target.url)
            .header(http::header::CONTENT_TYPE, "application/x-protobuf");
        let request = self
            .target
            .headers
            .0
            .iter()
            .fold(request, |request, (name, value)| request.header(name, value));
        let request = match self.target.compression {
            Compression::Gzip => {
                request.header(http::header::CONTENT_ENCODING, "gzip").body(gzip(&body)?)
            }
            Compression::None => request.body(body),
        };
        let status =
            request.send().with_context(|| format!("{} did not answer", self.target.url))?.status();
        ensure!(status.is_success(), "{} answered {status}", self.target.url);
        Ok(())
    }
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

/// gRPC needs a runtime; this one lives with the thread, so the process's own is not waited for.
struct GrpcSink {
    runtime: tokio::runtime::Runtime,
    client: MetricsServiceClient<Channel>,
    metadata: MetadataMap,
    target: Target,
    bridge: Bridge,
}

impl GrpcSink {
    fn new(target: Target, resource: &Resource) -> anyhow::Result<Self> {
        let resource = resource.clone();
        // A runtime must not be dropped inside another one, as it would be here on an error.
        let built = thread::spawn(move || Self::build(target, &resource)).join();
        built.map_err(|_| anyhow::anyhow!("the thread that builds the OTLP client panicked"))?
    }

    fn build(target: Target, resource: &Resource) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let _inside = runtime.enter();
        let mut endpoint = Channel::from_shared(target.url.clone())?.timeout(target.timeout);
        if let Some(tls) = otlp::grpc_tls(&target) {
            endpoint =
                endpoint.tls_config(tls).context("the OTLP certificate files are not accepted")?;
        }
        let mut client = MetricsServiceClient::new(endpoint.connect_lazy());
        if target.compression == Compression::Gzip {
            client = client.send_compressed(CompressionEncoding::Gzip);
        }
        drop(_inside);
        let metadata = otlp::grpc_metadata(&target)?;
        Ok(Self { runtime, client, metadata, target, bridge: Bridge::new(resource) })
    }
}

impl Sink for GrpcSink {
    fn push(&mut self) -> anyhow::Result<()> {
        let message: ExportMetricsServiceRequest = self.bridge.request();
        let request = tonic::Request::from_parts(
            self.metadata.clone(),
            tonic::Extensions::default(),
            message,
        );
        let sent = self.runtime.block_on(self.client.export(request));
        sent.with_context(|| format!("{} did not take the metrics", self.target.url))?;
        Ok(())
    }
}
