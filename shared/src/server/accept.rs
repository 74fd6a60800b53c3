//! The accept loop: bounded connections, bounded headers, a header timeout, and a drain. Where all connections are taken, one that
//! only waits makes room for the next, whatever it has sent so far.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{Router, body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Version, header, uri::Authority};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    answer,
    idle::{Guest, Idle},
    protection,
    refusal::Refusing,
};
use crate::problem::Problem;

/// Longer than the client's pool keeps an idle connection, so that it is the client that closes.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Between two questions to the other end of an HTTP/2 connection whether it is still there, and how long it gets to say so.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
const MAX_HEADERS: usize = 100;
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// After an accept error (no file descriptors, say): trying again at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Between two looks for a connection that may go.
const ROOM_PAUSE: Duration = Duration::from_millis(50);

/// What a listener's clients may speak.
#[derive(Clone, Copy, Debug)]
pub enum Protocol {
    /// HTTP/1.1, and 1.0.
    Http1,
    /// HTTP/2 without TLS as well (RFC 9113, section 3.3), which gRPC needs.
    Http1And2,
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) service: &'static str,
    pub(super) protocol: Protocol,
    pub(super) app: OnceLock<Router>,
    pub(super) starting: Router,
    pub(super) stop: CancellationToken,
    pub(super) connections: Arc<Semaphore>,
    pub(super) idle: Arc<Idle>,
}

/// Accepts until told to stop, then lets the connections finish what they are at.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>) {
    let connections = GracefulShutdown::new();
    while let Some((stream, permit)) = next_connection(&listener, &shared).await {
        // An error only means that the peer set an option it may not; the connection works all the same.
        drop(stream.set_nodelay(true));
        let guest = Guest::new(&shared.idle);
        let stream = TokioIo::new(Refusing::new(stream, shared.service));
        let builder = builder(shared.protocol);
        let connection = builder.serve_connection(stream, service(&shared, &guest));
        let connection = connections.watch(connection.into_owned());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(error, "Connection ended");
                },
                () = guest.has_to_go() => tracing::debug!("An idle connection made room for another"),
            }
            drop(permit);
        });
    }
    drop(listener);
    connections.shutdown().await;
}

async fn next_connection(
    listener: &TcpListener,
    shared: &Shared,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let next = async {
        let stream = accept(listener, &shared.idle).await;
        Some((stream, place(shared).await?))
    };
    tokio::select! {
        next = next => next,
        () = shared.stop.cancelled() => None,
    }
}

/// Where the process has no more files, an idle connection gives its own.
async fn accept(listener: &TcpListener, idle: &Idle) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(error = error.to_string(), "A connection was not accepted");
                idle.make_room();
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A place among the connections, at the cost of an idle one if need be.
async fn place(shared: &Shared) -> Option<OwnedSemaphorePermit> {
    loop {
        match Arc::clone(&shared.connections).try_acquire_owned() {
            Ok(permit) => return Some(permit),
            Err(TryAcquireError::Closed) => return None,
            Err(TryAcquireError::NoPermits) => shared.idle.make_room(),
        }
        let freed = Arc::clone(&shared.connections).acquire_owned();
        if let Ok(permit) = tokio::time::timeout(ROOM_PAUSE, freed).await {
            return permit.ok();
        }
    }
}

fn builder(protocol: Protocol) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .max_header_list_size(MAX_HEAD_BYTES as u32);
    match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http1And2 => builder,
    }
}

fn service(
    shared: &Arc<Shared>,
    guest: &Arc<Guest>,
) -> impl hyper::service::Service<Request<Incoming>, Response = Response, Error = HungUp, Future: Send>
+ use<> {
    let (shared, guest) = (Arc::clone(shared), Arc::clone(guest));
    service_fn(move |request: Request<Incoming>| {
        let service = shared.service;
        let app = shared.app.get().unwrap_or(&shared.starting).clone();
        let at_work = guest.works();
        async move {
            let mut response = match refusal(&request) {
                Some(problem) => answer::whole(problem, service),
                None => {
                    let Ok(response) = app.oneshot(request.map(Body::new)).await;
                    response
                }
            };
            drop(at_work);
            protection::protect(&mut response);
            if response.extensions().get::<HungUp>().is_some() { Err(HungUp) } else { Ok(response) }
        }
    })
}

/// What is wrong with a head that hyper has taken.
fn refusal(request: &Request<Incoming>) -> Option<Problem> {
    if head_bytes(request) > MAX_HEAD_BYTES {
        let accepted = "the head is too large; accepted: at most 32 KiB and 100 headers";
        return Some(Problem::head_too_large(accepted));
    }
    if !names_one_host(request) {
        return Some(Problem::bad_request("accepted: exactly one Host (RFC 9112, section 3.2)"));
    }
    let coded = !is_at_most_chunked(request.headers());
    coded.then(|| Problem::bad_request("accepted: chunked alone as Transfer-Encoding"))
}

/// A body in a coding that nobody here undoes would be taken for what it is not.
fn is_at_most_chunked(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    codings.all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

/// Counted here, since hyper's own bound only says when it reads no further: what came with the last read may be above it.
fn head_bytes(request: &Request<Incoming>) -> usize {
    let uri = request.uri();
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    let line = request.method().as_str().len() + authority + target;
    let header = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    line + request.headers().iter().map(header).sum::<usize>()
}

/// HTTP/1.0 may come without; of several, each reader on the way could take another.
fn names_one_host(request: &Request<Incoming>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().is_ok_and(|host| host.parse::<Authority>().is_ok()),
        (None, _) => request.version() != Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

/// In the extensions of an answer: the connection is closed in its place.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the fault down has struck")]
pub(super) struct HungUp;

/// What makes the accept loop close the connection without an answer.
pub(super) fn hang_up() -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(HungUp);
    response
}
