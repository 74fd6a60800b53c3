//! A connection that the test holds itself: kept, used again, and left in the middle of a request.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::asking::DEADLINE;

/// An HTTP/1.1 connection to a service.
pub(crate) struct Raw(TcpStream);

impl Raw {
    pub(crate) async fn connect(url: &str) -> Self {
        Self(TcpStream::connect(url.trim_start_matches("http://")).await.unwrap())
    }

    /// Sends a GET without waiting for its answer.
    pub(crate) async fn get(&mut self, path: &str) {
        self.write(&format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")).await;
    }

    /// Sends a POST without waiting for its answer.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) {
        let body = body.to_string();
        let length = body.len();
        let head = "content-type: application/json\r\nhost: test";
        self.write(&format!(
            "POST {path} HTTP/1.1\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
        .await;
    }

    /// The next answer, head and body.
    pub(crate) async fn answer(&mut self) -> String {
        let mut text = String::new();
        let read = async {
            let mut buffer = vec![0; 64 * 1024];
            while !is_complete(&text) {
                let count = self.0.read(&mut buffer).await.unwrap();
                assert!(count > 0, "the connection ended after {text:?}");
                text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
            }
        };
        let in_time = tokio::time::timeout(DEADLINE, read).await;
        assert!(in_time.is_ok(), "no answer but {text:?}");
        text
    }

    /// Goes away, and waits until the service has noticed and closed its side. Nothing may have been answered.
    pub(crate) async fn leave(mut self) {
        self.0.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(DEADLINE, self.0.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "the service has not closed the connection");
        assert!(rest.is_empty(), "it was answered: {}", String::from_utf8_lossy(&rest));
    }

    /// Waits until the service closes the connection without an answer.
    pub(crate) async fn closed(&mut self) {
        let mut rest = Vec::new();
        // A reset is as good an end as an orderly one.
        let _ = tokio::time::timeout(DEADLINE, self.0.read_to_end(&mut rest)).await.unwrap();
        assert!(rest.is_empty(), "it was answered: {}", String::from_utf8_lossy(&rest));
    }

    async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }
}

/// Our services always say how long a body is.
fn is_complete(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_some_and(|length| length.parse() == Ok(body.len()))
}
