//! Traces made for the tests, as OTLP JSON.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use testbed::http;

pub(crate) const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A span to be sent. Times are microseconds from the trace's beginning.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) service: &'static str,
    pub(crate) name: String,
    pub(crate) id: u64,
    /// 0 for none.
    pub(crate) parent: u64,
    pub(crate) kind: u8,
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) is_failed: bool,
    pub(crate) attributes: Vec<(&'static str, &'static str)>,
}

pub(crate) const INTERNAL: u8 = 1;
pub(crate) const SERVER: u8 = 2;
pub(crate) const CLIENT: u8 = 3;

impl Made {
    pub(crate) fn new(
        service: &'static str,
        name: &str,
        (id, parent): (u64, u64),
        kind: u8,
        (from, to): (u64, u64),
    ) -> Self {
        Self {
            service,
            name: name.to_owned(),
            id,
            parent,
            kind,
            from,
            to,
            is_failed: false,
            attributes: Vec::new(),
        }
    }

    pub(crate) fn failed(self) -> Self {
        Self { is_failed: true, ..self }
    }

    pub(crate) fn with(mut self, key: &'static str, value: &'static str) -> Self {
        self.attributes.push((key, value));
        self
    }

    fn json(&self, trace: &str, began: u64) -> Value {
        let attributes = self
            .attributes
            .iter()
            .map(|(key, value)| json!({"key": key, "value": {"stringValue": value}}));
        let mut span = json!({
            "traceId": trace, "spanId": span_id(self.id), "name": self.name, "kind": self.kind,
            "startTimeUnixNano": (began + self.from * 1000).to_string(), "endTimeUnixNano": (began + self.to * 1000).to_string(),
            "attributes": attributes.collect::<Vec<_>>(),
        });
        if self.parent != 0 {
            span["parentSpanId"] = json!(span_id(self.parent));
        }
        if self.is_failed {
            span["status"] = json!({"code": 2, "message": "broken on purpose"});
        }
        span
    }
}

pub(crate) fn span_id(id: u64) -> String {
    format!("{id:016x}")
}

/// Two services, a database call and a failure: something of everything that the pages show.
pub(crate) fn small_trace() -> Vec<Made> {
    vec![
        Made::new("loadgen", "GET /shop", (1, 0), CLIENT, (0, 100_000))
            .with("peer.service", "shop"),
        Made::new("shop", "GET /shop", (2, 1), SERVER, (10_000, 95_000))
            .with("http.route", "/shop")
            .with("user.id", "1001"),
        Made::new("shop", "SELECT goods", (3, 2), CLIENT, (20_000, 30_000))
            .with("db.system.name", "postgresql")
            .with("peer.service", "goods-db"),
        Made::new("shop", "pack", (4, 2), INTERNAL, (40_000, 90_000)).failed(),
    ]
}

/// Sends the spans of a trace that began just now, a thousand at a time.
pub(crate) async fn send(endpoint: &str, trace: &str, spans: &[Made]) {
    send_ago(endpoint, trace, spans, 1).await;
}

/// Sends the spans of a trace that began so many seconds ago.
pub(crate) async fn send_ago(endpoint: &str, trace: &str, spans: &[Made], ago: u64) {
    let began = now() - ago * 1_000_000_000;
    for part in spans.chunks(1000) {
        let mut groups: Vec<(&str, Vec<Value>)> = Vec::new();
        for span in part {
            let json = span.json(trace, began);
            match groups.iter_mut().find(|(service, _)| *service == span.service) {
                Some((_, list)) => list.push(json),
                None => groups.push((span.service, vec![json])),
            }
        }
        let groups: Vec<_> = groups
            .into_iter()
            .map(|(service, list)| json!({"resource": resource(service), "scopeSpans": [{"scope": {"name": "tests"}, "spans": list}]}))
            .collect();
        post(&format!("{endpoint}/v1/traces"), &json!({"resourceSpans": groups})).await;
    }
}

/// Sends a log line of a trace, written so many seconds ago.
pub(crate) async fn send_log(
    endpoint: &str,
    (trace, span): (&str, u64),
    ago: u64,
    service: &str,
    text: &str,
) {
    let record = json!({
        "timeUnixNano": (now() - ago * 1_000_000_000).to_string(), "severityNumber": 9, "severityText": "INFO",
        "body": {"stringValue": text}, "traceId": trace, "spanId": span_id(span),
        "attributes": [{"key": text, "value": {"stringValue": text}}],
    });
    let group = json!({"resource": resource(service), "scopeLogs": [{"logRecords": [record]}]});
    post(&format!("{endpoint}/v1/logs"), &json!({"resourceLogs": [group]})).await;
}

pub(crate) async fn post(url: &str, body: &Value) {
    let answer = http().post(url).json(body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    // A partial success names what was refused.
    let text = answer.text().await.unwrap();
    assert!(!text.contains("rejected"), "{text}");
}

fn resource(service: &str) -> Value {
    json!({"attributes": [{"key": "service.name", "value": {"stringValue": service}}]})
}

/// Nanoseconds since the epoch.
fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}
