//! Spans of whoever is in front of the gateway, made here: a caller's, and nginx's as its module sends them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use testbed::http;
use uuid::Uuid;

/// The ids of a made beginning of a trace.
pub(crate) struct Front {
    pub(crate) trace_id: String,
    pub(crate) caller: String,
    pub(crate) nginx: String,
}

impl Front {
    pub(crate) fn new() -> Self {
        let span = || Uuid::new_v4().simple().to_string()[..16].to_owned();
        Self { trace_id: Uuid::new_v4().simple().to_string(), caller: span(), nginx: span() }
    }

    /// What nginx passes on to the gateway.
    pub(crate) fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace_id, self.nginx)
    }

    /// Sends both spans to an OTLP/HTTP endpoint, as two processes would.
    pub(crate) async fn send(&self, endpoint: &str) {
        let caller = json!([{"key": "peer.service", "value": {"stringValue": "nginx"}}]);
        let spans = json!({"resourceSpans": [
            self.span("loadgen", &self.caller, "", 3, &caller),
            self.span("nginx", &self.nginx, &self.caller, 2, &nginx_attributes()),
        ]});
        let answer = http().post(format!("{endpoint}/v1/traces")).json(&spans).send().await;
        assert_eq!(answer.unwrap().status(), 200);
    }

    fn span(&self, service: &str, id: &str, parent: &str, kind: i32, attributes: &Value) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        json!({
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
            "scopeSpans": [{"spans": [{
                "traceId": self.trace_id, "spanId": id, "parentSpanId": parent, "kind": kind,
                "name": "POST /api/v1/process", "attributes": attributes,
                "startTimeUnixNano": (now - 50_000_000).to_string(), "endTimeUnixNano": now.to_string(),
            }]}],
        })
    }
}

/// The attributes of ngx_otel_module, which have the names of before 2023.
fn nginx_attributes() -> Value {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let number =
        |key: &str, value: i64| json!({"key": key, "value": {"intValue": value.to_string()}});
    json!([
        text("http.method", "POST"),
        text("http.target", "/api/v1/process?token=secret"),
        text("http.route", "/api"),
        text("http.scheme", "http"),
        text("http.flavor", "1.1"),
        text("http.user_agent", "loadgen/1"),
        number("http.request_content_length", 41),
        number("http.response_content_length", 600),
        number("http.status_code", 200),
        text("net.host.name", "localhost"),
        number("net.host.port", 8080),
        text("net.sock.peer.addr", "192.0.2.7"),
        number("net.sock.peer.port", 50000),
        text("user.email", "ada@example.org"),
    ])
}
