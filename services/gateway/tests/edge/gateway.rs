//! A running gateway and what the tests ask it.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testbed::{Port, Process, Program, Received, Reply, Upstream, http, until};

const DEADLINE: Duration = Duration::from_secs(20);

/// The program, its port, and where its spans can be read.
pub(crate) struct Gateway {
    pub(crate) process: Process,
    port: Port,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Gateway {
    /// In front of `upstream`, which stands for all services.
    pub(crate) async fn start(upstream: &Upstream) -> Self {
        Self::with(&upstream.url(), &[]).await
    }

    /// In front of whatever is at `url`, with further variables.
    pub(crate) async fn with(url: &str, variables: &[(&str, &str)]) -> Self {
        let port = Port::reserve();
        let program = prepared(&port, url, variables);
        let gateway = Self { process: program.start(), port };
        let ready = until(DEADLINE, async || {
            let answer = http().get(gateway.url("/health/ready")).send().await.ok()?;
            answer.status().is_success().then_some(())
        });
        assert!(ready.await.is_some(), "not ready:\n{}", gateway.process.last_output());
        gateway
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port.number())
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.number()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        http().request(method, self.url(path))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    /// The common request.
    pub(crate) fn process(&self) -> RequestBuilder {
        self.post("/api/v1/process", &json!({"user_id": 1001, "action": "purchase"}))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// The value of a metric, whose labels stand in alphabetical order.
    pub(crate) async fn metric(&self, sample: &str) -> Option<f64> {
        let text = self.get("/metrics").await.text;
        text.lines().find_map(|line| line.strip_prefix(sample)?.trim().parse().ok())
    }

    /// The spans of a trace, as soon as there are `count` of them.
    pub(crate) async fn spans(&self, trace_id: &str, count: usize) -> Vec<Value> {
        let of_trace = |line: &Value| line["span"].is_string() && line["trace_id"] == trace_id;
        let spans = until(DEADLINE, async || {
            let spans: Vec<_> = self.process.json_lines().into_iter().filter(of_trace).collect();
            (spans.len() >= count).then_some(spans)
        });
        let spans = spans.await.unwrap_or_else(|| {
            panic!("no {count} spans of {trace_id}:\n{}", self.process.last_output())
        });
        assert_eq!(spans.len(), count, "{spans:#?}");
        spans
    }
}

/// The program with its variables, not started.
pub(crate) fn prepared(port: &Port, url: &str, variables: &[(&str, &str)]) -> Program {
    let mut program = Program::new(env!("CARGO_BIN_EXE_gateway"))
        .env("PORT", port.number().to_string())
        .env("OTEL_TRACES_EXPORTER", "console")
        .env("OTEL_LOGS_EXPORTER", "none")
        .env("OTEL_BSP_SCHEDULE_DELAY", "20");
    for name in ["NEXT_SERVICE_URL", "USER_SERVICE_URL", "ORDER_SERVICE_URL", "AUDIT_SERVICE_URL"] {
        program = program.env(name, url);
    }
    variables.iter().fold(program, |program, (name, value)| program.env(name, value))
}

/// Sends a request and reads the answer.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

/// What reached a service, but for the probes of its health.
pub(crate) fn calls(upstream: &Upstream) -> Vec<Received> {
    let mut requests = upstream.requests();
    requests.retain(|request| request.path != "/health/live");
    requests
}

/// What a user service answers to `POST /process`.
pub(crate) fn completed() -> Reply {
    Reply::json(
        200,
        &json!({
            "status": "completed", "user": {"id": 1001}, "order": {"id": "o"}, "audit": {"id": "a"},
            "further": {"n": 1.5}, "chain": [{"service": "user-service", "trace_id": "t", "span_id": "s", "duration_ms": 1.0}]
        }),
    )
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Trace, span and flags of `traceresponse`.
    pub(crate) fn trace(&self) -> (String, String, String) {
        let value =
            self.header("traceresponse").unwrap_or_else(|| panic!("no traceresponse: {self:?}"));
        let parts: Vec<_> = value.split('-').map(str::to_owned).collect();
        let [version, trace, span, flags] = parts.try_into().unwrap();
        assert_eq!((version.as_str(), trace.len(), span.len()), ("00", 32, 16), "{value}");
        (trace, span, flags)
    }

    /// Checks that this is the gateway's own problem of this status and code, and gives it.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(
            (&problem["status"], &problem["code"]),
            (&json!(status), &json!(code)),
            "{problem}"
        );
        assert_eq!(problem["trace_id"], self.trace().0, "{problem}");
        assert_eq!(problem["type"], format!("urn:tracechain:problem:{code}"));
        for member in ["title", "detail", "service"] {
            assert!(
                problem[member].as_str().is_some_and(|text| !text.is_empty()),
                "{member}: {problem}"
            );
        }
        assert!(
            problem["request_id"].as_str().is_some_and(|id| id.parse::<uuid::Uuid>().is_ok()),
            "{problem}"
        );
        problem
    }
}

/// The JSON pointers of a problem, sorted.
pub(crate) fn pointers(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let mut pointers: Vec<_> =
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
    pointers.sort();
    pointers
}
