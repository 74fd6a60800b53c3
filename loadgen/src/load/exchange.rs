//! One request after the other on one connection: out, back, and told.

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Request, Uri,
    header::{HOST, USER_AGENT},
    response,
};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};

use super::{Load, Prepared, alarm::Alarm, backlog::Job, link::Link, said};
use crate::outcome::{Answer, End, NoAnswer, Outcome, Sent};

/// Bytes of a body that are read for what it says; a longer one is only counted.
const READ_LIMIT: usize = 256 * 1024;
const AGENT: HeaderValue = HeaderValue::from_static(concat!("loadgen/", env!("CARGO_PKG_VERSION")));

/// A connection's place: the connection itself comes and goes as the server closes it.
pub(super) struct Seat<'a> {
    load: &'a Load,
    link: Option<Link>,
    alarm: Alarm,
    body: Vec<u8>,
}

/// A whole answer.
struct Received {
    head: response::Parts,
    expected: bool,
    bytes: u64,
    /// Whether the body was kept.
    kept: bool,
}

/// Why there is no answer, for the span.
struct Failure {
    why: NoAnswer,
    cause: String,
}

impl<'a> Seat<'a> {
    pub(super) fn new(load: &'a Load) -> Self {
        Self { load, link: None, alarm: Alarm::default(), body: Vec::new() }
    }

    /// Carries a request out and tells its end, unless it is too late for it. Gives why there was no answer.
    pub(super) async fn carry_out(&mut self, job: Job) -> Option<NoAnswer> {
        let prepared = self.load.requests.request(job.n);
        let now = Instant::now();
        let at = job.at.unwrap_or(now);
        let uri = prepared.path.parse::<Uri>();
        let (deadline, uri) = match uri {
            Ok(uri) if now < at + self.load.timeout => (at + self.load.timeout, uri),
            _ => {
                self.load.live.starts_never(job.warm_up);
                let ended = (Instant::now(), End::NotStarted);
                self.tell(job, at, prepared.step, Sent::default(), ended);
                return None;
            }
        };
        self.load.live.starts(job.warm_up, now);
        let step = prepared.step;
        let (sent, ended) = self.exchange(prepared, uri, now - at, deadline).await;
        self.load.live.ends(job.warm_up);
        let failed = if let End::Failed(why) = ended.1 { Some(why) } else { None };
        self.tell(job, at, step, sent, ended);
        failed
    }

    /// Waits for whatever `next` gives, and sees meanwhile when the server closes the connection.
    pub(super) async fn idle<T>(&mut self, mut next: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
        poll_fn(|cx| {
            if self.link.as_mut().is_some_and(|link| link.poll_closed(cx).is_ready()) {
                self.link = None;
            }
            next(cx)
        })
        .await
    }

    fn tell(&self, job: Job, due: Instant, step: usize, sent: Sent, (at, end): (Instant, End)) {
        let latency = at.saturating_duration_since(due);
        self.load.observer.observe(Outcome { step, warm_up: job.warm_up, sent, latency, at, end });
    }

    async fn exchange(
        &mut self,
        prepared: Prepared,
        uri: Uri,
        wait: Duration,
        deadline: Instant,
    ) -> (Sent, (Instant, End)) {
        let Prepared { method, template, mut headers, body, request_id, expected, .. } = prepared;
        headers.entry(HOST).or_insert_with(|| self.load.target.authority().clone());
        headers.entry(USER_AGENT).or_insert(AGENT);
        let span = self.load.spans.start((&method, &template, uri.path()), wait, &mut headers);
        let sent = Sent { root: span.root(), request_id };
        let request = request(method, uri, headers, body);
        let received = receive(self.load, &mut self.link, &mut self.body, request, &expected);
        let received = self.alarm.within(deadline, received).await.unwrap_or_else(|| {
            let cause = format!("no answer within {:?} of its time", self.load.timeout);
            Err(Failure { why: NoAnswer::Timeout, cause })
        });
        // Before anything is made of it: what the answer says is read at this program's cost.
        let at = Instant::now();
        match received {
            Ok(received) => {
                span.answered(received.head.status, received.head.version);
                (sent, (at, End::Answered(received.answer(&self.body))))
            }
            Err(Failure { why, cause }) => {
                // Whatever may still come on it belongs to this request.
                self.link = None;
                span.failed(why, &cause);
                (sent, (at, End::Failed(why)))
            }
        }
    }
}

impl Received {
    fn answer(self, body: &[u8]) -> Answer {
        let Self { head, expected, bytes, kept } = self;
        let said = kept.then(|| Box::new(said::read(&head.headers, body)));
        Answer { status: head.status.as_u16(), expected, bytes, said }
    }
}

fn request(
    method: http::Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request
}

async fn receive(
    load: &Load,
    link: &mut Option<Link>,
    kept: &mut Vec<u8>,
    request: Request<Full<Bytes>>,
    expected: &[u16],
) -> Result<Received, Failure> {
    let (link, response) = send(load, link, request).await?;
    let (head, body) = response.into_parts();
    let expected = match expected {
        [] => head.status.is_success(),
        expected => expected.contains(&head.status.as_u16()),
    };
    let keep = !expected || load.observer.reads_answers();
    let bytes = drain(link, body, keep.then_some(kept)).await?;
    Ok(Received { head, expected, bytes, kept: keep })
}

/// Sends over the connection that is there, or over a new one where the server has closed it in between.
async fn send<'l>(
    load: &Load,
    held: &'l mut Option<Link>,
    mut request: Request<Full<Bytes>>,
) -> Result<(&'l mut Link, http::Response<Incoming>), Failure> {
    if let Some(mut link) = held.take()
        && link.is_ready().await
    {
        match link.send(request).await {
            Ok(response) => return Ok((held.insert(link), response)),
            // Only a request that comes back unsent may be sent again: one that left may have been taken.
            Err(mut error) => match error.take_message() {
                Some(unsent) => request = unsent,
                None => return Err(broken(error.error())),
            },
        }
    }
    let connected = Link::open(&load.target).await;
    let mut link =
        connected.map_err(|error| Failure { why: NoAnswer::Connect, cause: error.to_string() })?;
    load.live.connects();
    match link.send(request).await {
        Ok(response) => Ok((held.insert(link), response)),
        Err(error) => Err(broken(error.error())),
    }
}

/// Reads the body to its end. Gives its length, and in `kept` the body itself unless it is too long.
async fn drain(
    link: &mut Link,
    mut body: Incoming,
    mut kept: Option<&mut Vec<u8>>,
) -> Result<u64, Failure> {
    if let Some(kept) = &mut kept {
        kept.clear();
    }
    let mut bytes = 0;
    while !body.is_end_stream() {
        let Some(frame) = link.frame(&mut body).await else { break };
        let frame = frame.map_err(|error| broken(&error))?;
        let Some(data) = frame.data_ref() else { continue };
        bytes += data.len() as u64;
        if let Some(kept) = &mut kept
            && bytes <= READ_LIMIT as u64
        {
            kept.extend_from_slice(data);
        }
    }
    if let Some(kept) = kept
        && bytes > READ_LIMIT as u64
    {
        // Half a JSON text says nothing.
        kept.clear();
    }
    Ok(bytes)
}

fn broken(error: &hyper::Error) -> Failure {
    Failure { why: NoAnswer::Broken, cause: error.to_string() }
}
