//! One service of ours as a process of its own, asked over HTTP, and its answers.
//!
//! Invariant: every request that goes through [`Running::ask`] carries a trace of its own, and the answer knows which.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::{Port, Process, Program, http, until};

const DEADLINE: Duration = Duration::from_secs(30);

/// A running service; it ends with the value. Its spans go to its stdout, between the log lines.
#[derive(Debug)]
pub struct Running {
    /// Its process.
    pub process: Process,
    service: &'static str,
    port: Port,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub text: String,
    /// The trace that the request was part of, in hex.
    pub trace_id: String,
}

impl Running {
    /// Starts `program` as the service of this name on a free port, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready; the text holds its output.
    pub async fn start(service: &'static str, program: Program) -> Self {
        Self::start_exporting(service, program, "console").await
    }

    /// The same, whose spans also go where the program's `OTEL_EXPORTER_OTLP_ENDPOINT` says.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn exporting(service: &'static str, program: Program) -> Self {
        Self::start_exporting(service, program, "console,otlp").await
    }

    async fn start_exporting(service: &'static str, program: Program, traces: &str) -> Self {
        let port = Port::reserve();
        let program = program
            .env("PORT", port.number().to_string())
            .env("OTEL_TRACES_EXPORTER", traces)
            .env("OTEL_LOGS_EXPORTER", "none")
            .env("OTEL_BSP_SCHEDULE_DELAY", "20");
        let running = Self { process: program.start(), service, port };
        let ready = until(DEADLINE, async || {
            let answer = http().get(running.url("/health/ready")).send().await.ok()?;
            answer.status().is_success().then_some(())
        });
        assert!(ready.await.is_some(), "not ready:\n{}", running.process.last_output());
        running
    }

    /// `service.name`.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port.number())
    }

    /// A request that is still to be sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        http().request(method, self.url(path))
    }

    /// Sends a request within a trace of its own.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn ask(&self, request: RequestBuilder) -> Answer {
        let trace_id = Uuid::new_v4().simple().to_string();
        let response = request.header("traceparent", traceparent(&trace_id)).send().await;
        let response = response.unwrap_or_else(|error| panic!("{}: {error:?}", self.service));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap_or_else(|error| panic!("{error:?}"));
        Answer { status, headers, text, trace_id }
    }

    /// GETs a path.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(self.request(Method::GET, path)).await
    }

    /// POSTs JSON.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(self.request(Method::POST, path).json(body)).await
    }

    /// POSTs JSON as the first try or a repeat of the request with this id, as the gateway does for an idempotency key.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn post_keyed(&self, path: &str, id: Uuid, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).header("x-request-id", id.to_string());
        self.ask(request.header("idempotency-key", id.to_string()).json(body)).await
    }

    /// Sends `body` byte for byte behind `head`, the lines of the request from the first on, without the last line break.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn raw(&self, head: &str, body: &[u8]) -> Answer {
        let trace_id = Uuid::new_v4().simple().to_string();
        let traceparent = traceparent(&trace_id);
        let head = format!(
            "{head}\r\nhost: test\r\nconnection: close\r\ntraceparent: {traceparent}\r\n\r\n"
        );
        let answer = exchange(self.port.number(), [head.as_bytes(), body].concat());
        let answer = tokio::time::timeout(DEADLINE, answer).await;
        let text = answer.unwrap_or_else(|_| panic!("no answer to {head}"));
        parsed(&text, trace_id)
    }

    /// The log lines of a request with this message, once the request has ended.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn logged(&self, trace_id: &str, message: &str) -> Vec<Value> {
        let lines = self.wait_for_lines(trace_id, |line| line["message"] == "Request completed");
        let mut lines = lines.await;
        lines.retain(|line| line["message"] == message);
        lines
    }

    /// Looks for `texts` in all that the process has written until the request's log lines and spans were there: what is
    /// personal never is.
    ///
    /// # Panics
    /// When one of them is there, or the request does not end.
    pub async fn has_not_told(&self, trace_id: &str, texts: &[&str]) {
        self.wait_for_lines(trace_id, |line| line["message"] == "Request completed").await;
        self.wait_for_lines(trace_id, |line| line["kind"] == "Server").await;
        for line in self.process.lines() {
            for text in texts {
                assert!(!line.text.contains(text), "`{text}` is told: {}", line.text);
            }
        }
    }

    /// The lines of a trace, spans too, once one of them is the `last`.
    async fn wait_for_lines(&self, trace_id: &str, last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let lines = until(DEADLINE, async || {
            let mut lines = self.process.json_lines();
            lines.retain(|line| line["trace_id"] == trace_id);
            lines.iter().any(&last).then_some(lines)
        });
        lines.await.unwrap_or_else(|| panic!("it has not ended:\n{}", self.process.last_output()))
    }
}

fn traceparent(trace_id: &str) -> String {
    format!("00-{trace_id}-b7ad6b7169203331-01")
}

/// The server may answer and close while we still write, so both happen at once.
async fn exchange(port: u16, request: Vec<u8>) -> String {
    let stream = TcpStream::connect(("127.0.0.1", port)).await;
    let (mut reader, mut writer) =
        stream.unwrap_or_else(|error| panic!("port {port}: {error}")).into_split();
    let writing = tokio::spawn(async move {
        // An error means that the server has stopped reading; what it answers is what counts.
        let _ = writer.write_all(&request).await;
        writer
    });
    let mut answer = Vec::new();
    // As above: what came before the connection broke is the answer.
    let _ = reader.read_to_end(&mut answer).await;
    drop(writing.await);
    String::from_utf8_lossy(&answer).into_owned()
}

fn parsed(text: &str, trace_id: String) -> Answer {
    let (head, body) =
        text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("not an answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let mut headers = http::HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), value.parse()) {
            headers.append(name, value);
        }
    }
    let status = status.unwrap_or_else(|| panic!("not an answer: {text:?}"));
    Answer { status, headers, text: body.to_owned(), trace_id }
}
