//! What Tempo, the viewer, Loki and Prometheus are asked, and their answers without their wrapping.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::ask::Refused;
use super::patient::{Patient, Traces};

/// How far back log lines are looked for.
const WINDOW: Duration = Duration::from_secs(3600);
/// How many, the newest first.
const LINES: &str = "100";

/// The span ids of a trace, in hexadecimal, by `service.name`.
pub(super) type Spans = BTreeMap<String, BTreeSet<String>>;

/// The ids of a log line; empty where it has none.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) trace_id: String,
    pub(super) span_id: String,
}

/// A series of an instant query.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) labels: BTreeMap<String, String>,
}

impl Patient {
    /// The spans of a trace that are there; none of an unknown one.
    pub(super) async fn spans(&self, trace_id: &str) -> Result<Spans, Refused> {
        let answer = self.ask.get(&format!("{}/api/traces/{trace_id}", self.traces), &[]).await?;
        if answer.status == 404 {
            return Ok(Spans::new());
        }
        let body = answer.json()?;
        let mut spans = Spans::new();
        for group in list(&body["batches"]) {
            let scopes = list(&group["scopeSpans"]);
            let ids =
                scopes.flat_map(|scope| list(&scope["spans"])).map(|span| hex(&span["spanId"]));
            spans.entry(service_name(group)).or_default().extend(ids);
        }
        Ok(spans)
    }

    /// The newest log lines of a service, or of one trace in it. `Ok(None)` where nothing keeps logs.
    pub(super) async fn lines(
        &self,
        service: &str,
        trace_id: Option<&str>,
    ) -> Result<Option<Vec<Line>>, Refused> {
        match (&self.loki, self.kind) {
            (Ok(loki), _) => self.loki_lines(loki, service, trace_id).await.map(Some),
            (Err(_), Traces::Viewer) => self.viewer_lines(service, trace_id).await.map(Some),
            (Err(_), Traces::Tempo) => Ok(None),
        }
    }

    async fn loki_lines(
        &self,
        loki: &str,
        service: &str,
        trace_id: Option<&str>,
    ) -> Result<Vec<Line>, Refused> {
        let filter = trace_id.map(|id| format!(" | trace_id=\"{id}\"")).unwrap_or_default();
        let query = format!("{{service_name=\"{service}\"}}{filter}");
        let streams = self.loki_streams(loki, &query).await?;
        let of_stream = |stream: &Value| {
            let line = line(&stream["stream"]);
            list(&stream["values"]).map(|_| line.clone()).collect::<Vec<_>>()
        };
        Ok(streams.iter().flat_map(of_stream).collect())
    }

    /// What a LogQL query finds in the last hour.
    pub(super) async fn loki_streams(
        &self,
        loki: &str,
        query: &str,
    ) -> Result<Vec<Value>, Refused> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let start = now.saturating_sub(WINDOW).as_nanos().to_string();
        let parameters = [("query", query), ("start", start.as_str()), ("limit", LINES)];
        let url = format!("{loki}/loki/api/v1/query_range");
        let body = self.ask.json(&url, &parameters).await?;
        Ok(list(&body["data"]["result"]).cloned().collect())
    }

    async fn viewer_lines(
        &self,
        service: &str,
        trace_id: Option<&str>,
    ) -> Result<Vec<Line>, Refused> {
        let mut parameters = vec![("service", service), ("limit", LINES)];
        parameters.extend(trace_id.map(|id| ("trace_id", id)));
        let body = self.ask.json(&format!("{}/api/logs", self.traces), &parameters).await?;
        Ok(list(&body["logs"]).map(line).collect())
    }

    /// What an instant query gives now.
    pub(super) async fn series(
        &self,
        prometheus: &str,
        query: &str,
    ) -> Result<Vec<Series>, Refused> {
        let url = format!("{prometheus}/api/v1/query");
        let body = self.ask.json(&url, &[("query", query)]).await?;
        let labels = |series: &Value| serde_json::from_value(series["metric"].clone());
        let series = list(&body["data"]["result"]);
        Ok(series.map(|one| Series { labels: labels(one).unwrap_or_default() }).collect())
    }

    /// How many traces a TraceQL query finds.
    pub(super) async fn traces_found(&self, query: &str) -> Result<usize, Refused> {
        let url = format!("{}/api/search", self.traces);
        let body = self.ask.json(&url, &[("q", query), ("limit", "20")]).await?;
        Ok(list(&body["traces"]).count())
    }
}

fn line(fields: &Value) -> Line {
    let field = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
    Line { trace_id: field("trace_id"), span_id: field("span_id") }
}

fn service_name(group: &Value) -> String {
    let mut attributes = list(&group["resource"]["attributes"]);
    let name = attributes.find(|attribute| attribute["key"] == "service.name");
    let name = name.and_then(|attribute| attribute["value"]["stringValue"].as_str());
    name.unwrap_or_default().to_owned()
}

/// Ids are base64 in the JSON of Tempo, hexadecimal everywhere else.
fn hex(id: &Value) -> String {
    let bytes = BASE64_STANDARD.decode(id.as_str().unwrap_or_default()).unwrap_or_default();
    hex::encode(bytes)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
