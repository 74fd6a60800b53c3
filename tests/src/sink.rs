//! Where the services under test send their telemetry: the viewer as a library, read by the test that started it.

use std::time::Duration;

use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value},
    trace::v1::{Span, span::SpanKind},
};
use viewer::{Config, ServiceSpan, Store, TraceId, Viewer};

/// A running viewer on free ports.
#[derive(Debug)]
pub struct Sink {
    viewer: Viewer,
}

/// One span as a test reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenSpan {
    pub service: String,
    pub name: String,
    pub kind: SpanKind,
    /// Hex.
    pub id: String,
    /// Hex; empty for a root.
    pub parent: String,
    /// Whether the status is Error.
    pub failed: bool,
    pub trace_state: String,
    /// The whole span, with attributes, events and links.
    pub span: Span,
}

impl Sink {
    /// Starts on free loopback ports.
    pub async fn start() -> Self {
        Self::with(Config::default()).await
    }

    /// Starts on free loopback ports and reads the metrics of `targets`, as `SCRAPE_TARGETS` has them, every `interval`.
    pub async fn scraping(targets: &str, interval: Duration) -> Self {
        let scrape_targets = targets.parse().unwrap_or_else(|error| panic!("{targets}: {error}"));
        Self::with(Config { scrape_targets, scrape_interval: interval, ..Config::default() }).await
    }

    async fn with(config: Config) -> Self {
        let viewer = Viewer::start(&config).await.expect("free ports are there");
        Self { viewer }
    }

    /// The OTLP/HTTP endpoint, for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.viewer.addresses().otlp_http)
    }

    /// The OTLP/gRPC endpoint.
    pub fn grpc_endpoint(&self) -> String {
        format!("http://{}", self.viewer.addresses().otlp_grpc)
    }

    /// The query API.
    pub fn query_url(&self) -> String {
        format!("http://{}", self.viewer.addresses().query)
    }

    /// What it holds.
    pub fn store(&self) -> &Store {
        self.viewer.store()
    }

    /// The spans of a trace that have arrived, in the order of their start.
    pub fn spans(&self, trace_id: &str) -> Vec<SeenSpan> {
        let id = TraceId::parse(trace_id).expect("a trace id is hex");
        let mut spans = self.store().trace(id).map(|trace| trace.spans()).unwrap_or_default();
        spans.sort_by_key(|seen| seen.span.start_time_unix_nano);
        spans.into_iter().map(SeenSpan::from).collect()
    }

    /// The spans of a trace once there are at least `count`; what is there after ten seconds otherwise.
    pub async fn wait_for(&self, trace_id: &str, count: usize) -> Vec<SeenSpan> {
        let enough = async || Some(self.spans(trace_id)).filter(|spans| spans.len() >= count);
        let seen = crate::until(Duration::from_secs(10), enough).await;
        seen.unwrap_or_else(|| self.spans(trace_id))
    }
}

impl SeenSpan {
    /// An attribute's value.
    pub fn attribute(&self, key: &str) -> Option<any_value::Value> {
        value_of(&self.span.attributes, key)
    }

    /// A text attribute.
    pub fn text(&self, key: &str) -> Option<String> {
        match self.attribute(key) {
            Some(any_value::Value::StringValue(text)) => Some(text),
            _ => None,
        }
    }

    /// An integer attribute; one of another type is none.
    pub fn int(&self, key: &str) -> Option<i64> {
        match self.attribute(key) {
            Some(any_value::Value::IntValue(value)) => Some(value),
            _ => None,
        }
    }
}

impl From<ServiceSpan> for SeenSpan {
    fn from(seen: ServiceSpan) -> Self {
        let span = seen.span;
        Self {
            service: seen.service,
            name: span.name.clone(),
            kind: span.kind(),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            failed: span.status.as_ref().is_some_and(|status| status.code == 2),
            trace_state: span.trace_state.clone(),
            span,
        }
    }
}

fn value_of(attributes: &[KeyValue], key: &str) -> Option<any_value::Value> {
    attributes.iter().find(|attribute| attribute.key == key)?.value.clone()?.value
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
