//! A real Jaeger: the trace backend of the tests, which stands in for Tempo behind the same OTLP.

use std::path::Path;

use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, TracesData};
use serde_json::json;
use viewer::ServiceSpan;

use crate::backends::external::External;
use crate::backends::restartable::Restartable;
use crate::http_client::http;
use crate::ports::Port;
use crate::scratch;
use crate::sink::SeenSpan;

/// A running Jaeger whose store is on disk, so that it may go and come back; it ends with the value.
#[derive(Debug)]
pub struct Jaeger {
    runs: Restartable,
    ports: Ports,
    _folder: tempfile::TempDir,
}

#[derive(Debug)]
struct Ports {
    otlp: Port,
    otlp_grpc: Port,
    query: Port,
    query_grpc: Port,
}

impl Jaeger {
    /// Whether a test has to pass over Jaeger, because `TRACECHAIN_NOT_RUN` lists it and it is really not here. Says so by the name of the test.
    #[must_use]
    pub fn is_not_run() -> bool {
        External::JAEGER.is_not_run()
    }

    /// Starts it on free loopback ports and waits until it answers.
    ///
    /// # Panics
    /// When it is not here, or does not answer.
    pub async fn start() -> Self {
        let ports = Ports {
            otlp: Port::reserve(),
            otlp_grpc: Port::reserve(),
            query: Port::reserve(),
            query_grpc: Port::reserve(),
        };
        let folder = scratch::folder("jaeger");
        let folder =
            folder.unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"));
        let config = config(&ports, folder.path());
        let program = move || {
            // Its own requests are not to be traced into whatever listens on the standard port.
            External::JAEGER
                .program()
                .arg("--config")
                .arg(format!("yaml:{config}"))
                .env("OTEL_TRACES_SAMPLER", "always_off")
        };
        let ready = format!("http://127.0.0.1:{}/api/v3/services", ports.query.number());
        let runs = Restartable::start("Jaeger", ready, program).await;
        Self { runs, ports, _folder: folder }
    }

    /// The OTLP/HTTP endpoint.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.otlp.number())
    }

    /// `host:port` that takes OTLP/gRPC.
    #[must_use]
    pub fn otlp_address(&self) -> String {
        format!("127.0.0.1:{}", self.ports.otlp_grpc.number())
    }

    /// The query API.
    #[must_use]
    pub fn query_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.query.number())
    }

    /// The spans of a trace that have arrived, in the order of their start, each once.
    ///
    /// # Panics
    /// When Jaeger does not answer in OTLP's JSON.
    pub async fn spans(&self, trace_id: &str) -> Vec<SeenSpan> {
        let url = format!("{}/api/v3/traces/{trace_id}", self.query_url());
        let answer = http().get(url).send().await;
        let answer = answer.unwrap_or_else(|error| panic!("Jaeger: {error}"));
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        if status == 404 {
            return Vec::new();
        }
        let body = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
        let data = serde_json::from_value::<TracesData>(body["result"].clone());
        let data =
            data.unwrap_or_else(|error| panic!("{error}: Jaeger's {status} to {trace_id}: {text}"));
        let mut spans: Vec<SeenSpan> = data.resource_spans.into_iter().flat_map(seen).collect();
        spans.sort_by(|a, b| {
            (a.span.start_time_unix_nano, &a.id).cmp(&(b.span.start_time_unix_nano, &b.id))
        });
        // A batch that was sent again after an outage may have arrived before.
        spans.dedup_by(|a, b| a.id == b.id);
        spans
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

fn seen(group: ResourceSpans) -> impl Iterator<Item = SeenSpan> {
    let attributes = group.resource.unwrap_or_default().attributes;
    let name = attributes.into_iter().find(|attribute| attribute.key == "service.name");
    let service = match name.and_then(|attribute| attribute.value?.value) {
        Some(AnyValue::StringValue(name)) => name,
        _ => String::new(),
    };
    let spans = group.scope_spans.into_iter().flat_map(|scope| scope.spans);
    spans.map(move |mut span| {
        // What Jaeger itself remarks was never sent.
        span.attributes.retain(|attribute| !attribute.key.starts_with("@jaeger@"));
        SeenSpan::from(ServiceSpan { service: service.clone(), span })
    })
}

/// JSON is YAML too. No metrics and no listeners of its own beside the four.
fn config(ports: &Ports, folder: &Path) -> serde_json::Value {
    let at = |port: &Port| json!({"endpoint": format!("127.0.0.1:{}", port.number())});
    let directories = json!({"keys": folder.join("keys"), "values": folder.join("values")});
    json!({
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}},
            "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
        },
        "receivers": {"otlp": {"protocols": {"http": at(&ports.otlp), "grpc": at(&ports.otlp_grpc)}}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "kept"}},
        "extensions": {
            "jaeger_query": {"storage": {"traces": "kept"}, "http": at(&ports.query), "grpc": at(&ports.query_grpc)},
            "jaeger_storage": {"backends": {"kept": {"badger": {"directories": directories, "ephemeral": false, "ttl": {"spans": "24h"}}}}},
        },
    })
}
