//! Reading a body without letting it grow: a limit on what is sent, one on what it unpacks to, and a deadline.

use std::{io::Read, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, StatusCode, header},
};
use flate2::read::MultiGzDecoder;
use tokio::{
    sync::{AcquireError, SemaphorePermit},
    time::timeout,
};

use super::Failure;

/// For the body as sent and for what it unpacks to. Exporters send batches of 512 spans, about half a megabyte.
pub(super) const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
const DEADLINE: Duration = Duration::from_secs(10);

pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    let gzip = match encoding.as_deref() {
        None | Some("" | "identity") => false,
        Some("gzip") => true,
        Some(other) => {
            let message = format!("Content-Encoding {other:?} is not supported: use gzip or none");
            return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
    };
    let late = |_| Failure::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive within 10 s");
    let body = timeout(DEADLINE, to_bytes(body, MAX_BODY_BYTES))
        .await
        .map_err(late)?
        .map_err(unreadable)?;
    if gzip { gunzip(&body) } else { Ok(body) }
}

/// Waits for a place among the bodies being read.
pub(super) async fn in_time<'a>(
    place: impl Future<Output = Result<SemaphorePermit<'a>, AcquireError>>,
) -> Result<SemaphorePermit<'a>, Failure> {
    let busy =
        || Failure::new(StatusCode::SERVICE_UNAVAILABLE, "too many exports at once, send it again");
    timeout(DEADLINE, place).await.map_err(|_| busy())?.map_err(|_| busy())
}

/// The outcome of what has to arrive, if it does in time.
pub(super) async fn in_deadline<T>(arrival: impl Future<Output = T>) -> Option<T> {
    timeout(DEADLINE, arrival).await.ok()
}

fn too_large() -> Failure {
    Failure::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the body is larger than {MAX_BODY_BYTES} bytes: send smaller batches"),
    )
}

fn unreadable(error: axum::Error) -> Failure {
    let source = std::error::Error::source(&error);
    match source.is_some_and(|source| source.is::<http_body_util::LengthLimitError>()) {
        true => too_large(),
        false => {
            Failure::new(StatusCode::BAD_REQUEST, format!("the body could not be read: {error}"))
        }
    }
}

fn gunzip(packed: &[u8]) -> Result<Bytes, Failure> {
    let mut body = Vec::new();
    // One byte more than allowed tells "exactly full" from "too large".
    let mut unpacked = MultiGzDecoder::new(packed).take(MAX_BODY_BYTES as u64 + 1);
    unpacked.read_to_end(&mut body).map_err(|error| {
        Failure::new(StatusCode::BAD_REQUEST, format!("the body is not gzip: {error}"))
    })?;
    if body.len() > MAX_BODY_BYTES { Err(too_large()) } else { Ok(body.into()) }
}
