//! The answers that hyper gives by itself, to what is no HTTP/1.1 or has too large a head: it sends a status without a body, so the
//! connection puts a problem document (RFC 9457) in its place.
//!
//! Invariant: only hyper's own answers are replaced. They are known by what they lack: every answer of a route has the headers of
//! [`super::protection`].
//!
//! After a refusal what the client still sends is read for a while (lingering close, RFC 9112, section 9.6): closed at once, with
//! bytes unread, the kernel would reset the connection and take the answer with it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use http::header;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Sleep,
};
use uuid::Uuid;

use crate::problem::Problem;

/// Longer than hyper's own answers; a longer write is none.
const LONGEST_HEAD: usize = 256;
/// How long, and how much, a client that was refused may still send.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// A connection whose refusals say why.
#[derive(Debug)]
pub(super) struct Refusing {
    stream: TcpStream,
    service: &'static str,
    /// A refusal on its way, and how much of it is written.
    refusal: Option<(Vec<u8>, usize)>,
    /// Whether the last answer was a 4xx, whose request may not have been read to its end.
    refused: bool,
    linger: Option<Linger>,
}

#[derive(Debug)]
struct Linger {
    until: Pin<Box<Sleep>>,
    bytes_left: usize,
}

impl Refusing {
    pub(super) fn new(stream: TcpStream, service: &'static str) -> Self {
        Self { stream, service, refusal: None, refused: false, linger: None }
    }

    fn write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.refusal.is_none() {
            if let Some(version_and_space) = bytes.strip_prefix(b"HTTP/1.") {
                self.refused = version_and_space.get(2) == Some(&b'4');
            }
            self.refusal = instead_of(bytes, self.service).map(|answer| (answer, 0));
        }
        let Some((answer, written)) = &mut self.refusal else {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        };
        while *written < answer.len() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, &answer[*written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => *written += count,
            }
        }
        self.refusal = None;
        Poll::Ready(Ok(bytes.len()))
    }

    /// Reads what still comes, until the client closes, time is over or it was enough.
    fn linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let linger = self.linger.get_or_insert_with(|| Linger {
            until: Box::pin(tokio::time::sleep(LINGER)),
            bytes_left: LINGER_BYTES,
        });
        loop {
            if linger.until.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let mut space = [0; 8192];
            let mut buffer = ReadBuf::new(&mut space);
            let read = Pin::new(&mut self.stream).poll_read(context, &mut buffer);
            let ended = ready!(read).is_err() || buffer.filled().is_empty();
            linger.bytes_left = linger.bytes_left.saturating_sub(buffer.filled().len());
            if ended || linger.bytes_left == 0 {
                return Poll::Ready(());
            }
        }
    }
}

impl AsyncRead for Refusing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Refusing {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut filled = slices.iter().filter(|slice| !slice.is_empty());
        match (filled.next(), filled.next()) {
            (Some(only), None) => self.write(context, only),
            (Some(head), Some(_)) => {
                if let Some(version_and_space) = head.strip_prefix(b"HTTP/1.") {
                    self.refused = version_and_space.get(2) == Some(&b'4');
                }
                Pin::new(&mut self.stream).poll_write_vectored(context, slices)
            }
            (None, _) => Poll::Ready(Ok(0)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        }
        if self.refused {
            ready!(self.linger(context));
        }
        Poll::Ready(Ok(()))
    }
}

/// The problem that belongs in the place of `head`, if that is an answer of hyper's own.
fn instead_of(head: &[u8], service: &str) -> Option<Vec<u8>> {
    if head.len() > LONGEST_HEAD || !head.starts_with(b"HTTP/1.") || !head.ends_with(b"\r\n\r\n") {
        return None;
    }
    let text = str::from_utf8(head).ok()?;
    if text.contains(header::X_CONTENT_TYPE_OPTIONS.as_str()) {
        return None;
    }
    let problem = match text.split(' ').nth(1)? {
        "400" => Problem::bad_request("the request is not HTTP/1.1 as RFC 9112 has it"),
        "414" => Problem::uri_too_long(
            "the request line is too long; accepted: a head of at most 32 KiB",
        ),
        "431" => Problem::head_too_large(
            "the head is too large; accepted: at most 32 KiB and 100 headers",
        ),
        _ => return None,
    };
    let body = problem.body(service, String::new(), Uuid::now_v7());
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let status = problem.status();
    let head = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nconnection: close\r\n\
         x-content-type-options: nosniff\r\n\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default(),
        body.len()
    );
    Some([head.as_bytes(), &body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_that_is_nobodys_is_replaced() {
        let own = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let made = String::from_utf8(instead_of(own, "gateway").unwrap()).unwrap();
        assert!(made.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{made}");
        let (head, body) = made.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(
            (&body["code"], &body["service"]),
            (&"head_too_large".into(), &"gateway".into())
        );
        for others in [
            &b"HTTP/1.1 400 Bad Request\r\nx-content-type-options: nosniff\r\ncontent-length: 0\r\n\r\n"[..],
            b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 2\r\n\r\n{}",
            b"",
        ] {
            assert_eq!(instead_of(others, "gateway"), None);
        }
    }
}
