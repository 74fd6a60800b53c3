//! Bytes on a connection, and the answers that come back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Beyond it a connection hangs. Above the request's own deadline, on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    /// A problem document of this status and code, by nobody in particular.
    pub(crate) fn problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        let body: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!((&body["code"], &body["status"]), (&code.into(), &status.into()), "{self:?}");
        assert!(body["detail"].as_str().is_some_and(|text| text.len() > 8), "{self:?}");
    }
}

pub(crate) async fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).await.unwrap()
}

/// Sends `bytes` and reads until the server closes. Our side stays open, so whoever waits for more waits.
pub(crate) async fn exchange(port: u16, bytes: impl AsRef<[u8]>) -> Vec<Answer> {
    let (reader, writer) = connect(port).await.into_split();
    answers(reader, write(writer, bytes.as_ref().to_vec())).await
}

/// The same, and closes our side behind the bytes.
pub(crate) async fn exchange_and_end(port: u16, bytes: impl AsRef<[u8]>) -> Vec<Answer> {
    let (reader, mut writer) = connect(port).await.into_split();
    let bytes = bytes.as_ref().to_vec();
    let writing = async move {
        // The server may have closed already.
        let _ = writer.write_all(&bytes).await;
        let _ = writer.shutdown().await;
        writer
    };
    answers(reader, writing).await
}

async fn write(mut writer: OwnedWriteHalf, bytes: Vec<u8>) -> OwnedWriteHalf {
    // An error means that the server has stopped reading; what it answers is what counts.
    let _ = writer.write_all(&bytes).await;
    writer
}

/// The answers until the server closes, while `writing` goes on.
pub(crate) async fn answers(
    mut reader: OwnedReadHalf,
    writing: impl Future<Output = OwnedWriteHalf> + Send + 'static,
) -> Vec<Answer> {
    let writing = tokio::spawn(writing);
    let mut received = Vec::new();
    let read = tokio::time::timeout(PATIENCE, reader.read_to_end(&mut received)).await;
    assert!(read.is_ok(), "it hangs after {:?}", String::from_utf8_lossy(&received));
    drop(writing.await.unwrap());
    parse(&String::from_utf8_lossy(&received))
}

fn length_of(headers: &BTreeMap<String, String>) -> Option<usize> {
    headers.get("content-length")?.parse().ok()
}

fn parse(text: &str) -> Vec<Answer> {
    let mut rest = text;
    let mut answers = Vec::new();
    while !rest.is_empty() {
        let (head, behind) = rest.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{rest:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let status = status.unwrap_or_else(|| panic!("not an answer: {head:?}"));
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        // 100 is followed by the answer itself.
        let length = if status == 100 { Some(0) } else { length_of(&headers) };
        let (body, next) = behind.split_at(length.unwrap_or(behind.len()).min(behind.len()));
        answers.push(Answer { status, headers, body: body.to_owned() });
        rest = next;
    }
    answers
}

/// A POST of `body`, after which the server closes.
pub(crate) fn post(path: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\n{more}content-length: {length}\r\n\r\n{body}"
    )
}

/// A GET, after which the server closes.
pub(crate) fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{more}\r\n")
}

/// The statuses, in their order.
pub(crate) fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}
