//! Asking nginx, and what it answered.

use std::time::Duration;

use http::HeaderMap;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use testbed::{Nginx, NginxOptions, Received, Reply, Upstream, http};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

/// Longer than anything that a test waits for takes on a loaded machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
pub(crate) const PROCESS: &str = "/api/v1/process";
pub(crate) const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
pub(crate) const PARENT: &str = "b7ad6b7169203331";
pub(crate) const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
pub(crate) const NOT_SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Holds the answer against the form of every problem, and gives the document.
    pub(crate) fn problem(&self, status: u16, code: &str, service: &str) -> Value {
        let body = self.json();
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let kind = format!("urn:tracechain:problem:{code}");
        let said = [&body["status"], &body["code"], &body["type"], &body["service"]];
        assert_eq!(said, [&json!(status), &json!(code), &json!(kind), &json!(service)], "{self:?}");
        for member in ["title", "detail", "trace_id"] {
            assert!(body[member].is_string(), "no {member}: {self:?}");
        }
        assert!(Uuid::try_parse(body["request_id"].as_str().unwrap()).is_ok(), "{self:?}");
        body
    }
}

/// Sends a request and reads the whole answer.
pub(crate) async fn ask(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

pub(crate) async fn get(nginx: &Nginx, path: &str) -> Answer {
    ask(http().get(nginx.url(path))).await
}

pub(crate) async fn post(nginx: &Nginx, path: &str, body: impl Into<reqwest::Body>) -> Answer {
    ask(http().post(nginx.url(path)).body(body)).await
}

/// Writes bytes as they are and reads until nginx closes.
pub(crate) async fn raw(nginx: &Nginx, bytes: &[u8]) -> String {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", nginx.port())).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // A reset is as good an end as an orderly one: what came before it is the answer.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    };
    tokio::time::timeout(DEADLINE, exchange).await.unwrap()
}

/// What was answered to bytes that a client library would not send.
pub(crate) async fn raw_answer(nginx: &Nginx, bytes: &[u8]) -> Answer {
    let text = raw(nginx, bytes).await;
    let (head, body) =
        text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("not an answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    Answer { status, headers, text: body.to_owned() }
}

/// A server in the place of the gateway that answers everything with 200, and nginx in front of it.
pub(crate) async fn in_front_of_a_server() -> (Nginx, Upstream) {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    let nginx = Nginx::start(NginxOptions::in_front_of(upstream.port())).await;
    (nginx, upstream)
}

/// The values of a header in the order in which they came.
pub(crate) fn values<'a>(received: &'a Received, name: &str) -> Vec<&'a str> {
    received.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}
