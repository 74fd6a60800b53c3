//! What an endpoint does not take now is tried again, with back-off, for as long as the process runs: a Collector that is away for a
//! while loses nothing until the queue in front of it is full, and what is dropped then is counted.
//!
//! Invariants: one batch of each signal is on its way at a time, so memory is bounded by the queues; what is refused for good is not
//! sent again, and what may have arrived (a timeout) three times at most; after [`Patience::end`] nothing waits for long.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::RETRY_AFTER};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};
use prost::Message as _;

const FIRST_WAIT: Duration = Duration::from_millis(100);
/// So short that an endpoint which is back is found soon; a refused connection costs next to nothing.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// The longest that is waited because the endpoint asks for it.
const LONGEST_ASKED_WAIT: Duration = Duration::from_secs(30);
/// How often what may have arrived is sent.
const PERHAPS_TAKEN_TRIES: u32 = 3;
/// What an endpoint that is away gets to come back once the process ends.
const LAST_TRIES: Duration = Duration::from_secs(2);
const LAST_WAIT: Duration = Duration::from_millis(250);

/// Whether what was not taken waits for another try. The clones of one share its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Patience(Arc<(Mutex<Option<Instant>>, Condvar)>);

impl Patience {
    /// The process ends: whoever waits tries at once, and then for two more seconds.
    pub(super) fn end(&self) {
        self.lock().get_or_insert_with(|| Instant::now() + LAST_TRIES);
        self.0.1.notify_all();
    }

    /// Waits before the next try; `false` when there is to be none.
    fn lasts(&self, wait: Duration) -> bool {
        let end = self.lock();
        if let Some(end) = *end {
            let wait = wait.min(LAST_WAIT);
            let is_left = Instant::now() + wait < end;
            if is_left {
                std::thread::sleep(wait);
            }
            return is_left;
        }
        let running = |end: &mut Option<Instant>| end.is_none();
        drop(self.0.1.wait_timeout_while(end, wait, running));
        true
    }

    /// An instant is whole at any moment.
    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Spans that an endpoint said it did not take, of the batch just sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Rejected(Arc<AtomicU64>);

impl Rejected {
    pub(super) fn take(&self) -> u64 {
        self.0.swap(0, Ordering::AcqRel)
    }

    /// Reads `partial_success`, which the exporter of opentelemetry-otlp only logs: without it the account would book as exported
    /// what was refused.
    fn read_from(&self, response: &Response<Bytes>) {
        if !response.status().is_success() {
            return;
        }
        let decoded = ExportTraceServiceResponse::decode(response.body().clone());
        let rejected = decoded.ok().and_then(|response| response.partial_success);
        let rejected =
            rejected.map_or(0, |partial| u64::try_from(partial.rejected_spans).unwrap_or(0));
        self.0.store(rejected, Ordering::Release);
    }
}

/// What a try came to.
enum Outcome {
    /// Taken, or refused for good.
    Settled,
    /// Not taken, and why; the endpoint may have asked for time.
    NotTaken(String, Option<Duration>),
    /// Nothing was heard; it may have been taken.
    PerhapsTaken(String),
}

/// The way to one endpoint, and whether it is open.
#[derive(Debug)]
pub(super) struct Way {
    signal: &'static str,
    url: String,
    patience: Patience,
    closed_since: Mutex<Option<Instant>>,
}

impl Way {
    pub(super) fn new(signal: &'static str, url: &str, patience: &Patience) -> Self {
        let (url, patience) = (url.to_owned(), patience.clone());
        Self { signal, url, patience, closed_since: Mutex::default() }
    }

    /// Waits for the time of the next try; `false` when there is to be none.
    fn is_to_be_tried_again(&self, outcome: Outcome, tries: &mut u32) -> bool {
        *tries += 1;
        let (reason, asked) = match outcome {
            Outcome::Settled => {
                self.is_open();
                return false;
            }
            Outcome::PerhapsTaken(_) if *tries >= PERHAPS_TAKEN_TRIES => return false,
            Outcome::PerhapsTaken(reason) => (reason, None),
            Outcome::NotTaken(reason, asked) => (reason, asked),
        };
        self.is_closed(&reason);
        self.patience.lasts(wait(*tries, asked))
    }

    fn is_closed(&self, reason: &str) {
        let mut since = self.closed_since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.is_none() {
            *since = Some(Instant::now());
            tracing::warn!(
                signal = self.signal,
                url = self.url,
                reason,
                "Telemetry is not taken; it waits and is tried again, until its queue is full"
            );
        }
    }

    fn is_open(&self) {
        let mut since = self.closed_since.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = since.take() {
            let seconds = since.elapsed().as_secs_f64();
            tracing::info!(signal = self.signal, seconds, "Telemetry is taken again");
        }
    }
}

/// Doubles with each try; with jitter, so that processes that lost one endpoint do not come back in step.
fn wait(tries: u32, asked: Option<Duration>) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << (tries - 1).min(10)).min(LONGEST_WAIT);
    let own = doubled.mul_f64(rand::random_range(0.5..1.0));
    own.max(asked.unwrap_or_default().min(LONGEST_ASKED_WAIT))
}

/// A client that sends the same bytes until they are taken.
#[derive(Debug)]
pub(super) struct DeliveringClient {
    pub(super) client: reqwest::blocking::Client,
    pub(super) rejected: Rejected,
    pub(super) way: Way,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for DeliveringClient {
    fn send_bytes<'me, 'answer>(&'me self, request: Request<Bytes>) -> Answer<'answer>
    where
        'me: 'answer,
        Self: 'answer,
    {
        Box::pin(async move {
            let mut tries = 0;
            loop {
                let answer = self.client.send_bytes(request.clone()).await;
                if self.way.is_to_be_tried_again(http_outcome(&answer), &mut tries) {
                    continue;
                }
                let response = answer?;
                self.rejected.read_from(&response);
                return Ok(response);
            }
        })
    }
}

/// By OTLP's specification, "OTLP/HTTP Response" and "Retryable Response Codes".
fn http_outcome(answer: &Result<Response<Bytes>, HttpError>) -> Outcome {
    match answer {
        Ok(response) => match response.status() {
            status @ (StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT) => {
                let asked = response.headers().get(RETRY_AFTER);
                let seconds = asked.and_then(|value| value.to_str().ok()?.trim().parse().ok());
                Outcome::NotTaken(status.to_string(), seconds.map(Duration::from_secs))
            }
            _ => Outcome::Settled,
        },
        Err(error) => match error.downcast_ref::<reqwest::Error>() {
            Some(error) if error.is_builder() => Outcome::Settled,
            Some(error) if error.is_timeout() && !error.is_connect() => {
                Outcome::PerhapsTaken(cause(error))
            }
            Some(error) => Outcome::NotTaken(cause(error), None),
            None => Outcome::PerhapsTaken(error.to_string()),
        },
    }
}

/// The innermost cause, which names what happened; those around it repeat the URL.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Sends a batch over gRPC until it is taken.
pub(super) async fn deliver(
    exporter: &opentelemetry_otlp::SpanExporter,
    way: &Way,
    batch: Vec<SpanData>,
) -> OTelSdkResult {
    let mut tries = 0;
    loop {
        let result = exporter.export(batch.clone()).await;
        if !way.is_to_be_tried_again(grpc_outcome(&result), &mut tries) {
            return result;
        }
    }
}

/// The exporter keeps the code in its text alone.
fn grpc_outcome(result: &OTelSdkResult) -> Outcome {
    let Err(OTelSdkError::InternalFailure(text)) = result else { return Outcome::Settled };
    let code = text.split_once("gRPC code: ").map_or("", |(_, rest)| rest);
    match code.split(|c: char| !c.is_ascii_alphanumeric()).next() {
        Some("Unavailable") => Outcome::NotTaken(text.clone(), None),
        Some("Cancelled" | "DeadlineExceeded" | "Aborted") => Outcome::PerhapsTaken(text.clone()),
        _ => Outcome::Settled,
    }
}

#[cfg(test)]
mod tests;
