//! The accept loop: bounded connections, bounded headers, a header timeout, and a drain.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{Router, body::Body, response::Response};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Longer than the client's pool keeps an idle connection, so that it is the client that closes.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_HEADERS: usize = 100;
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// After an accept error (no file descriptors, say): trying again at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) app: OnceLock<Router>,
    pub(super) starting: Router,
    pub(super) stop: CancellationToken,
    pub(super) connections: Arc<Semaphore>,
}

/// Accepts until told to stop, then lets the connections finish what they are at.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>) {
    let connections = GracefulShutdown::new();
    while let Some((stream, permit)) = next_connection(&listener, &shared).await {
        // An error only means that the peer set an option it may not; the connection works all the same.
        drop(stream.set_nodelay(true));
        let connection = builder().serve_connection(TokioIo::new(stream), service(&shared));
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = error.to_string(), "Connection ended");
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
        let permit = Arc::clone(&shared.connections).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return Some((stream, permit)),
                Err(error) => {
                    tracing::warn!(error = error.to_string(), "A connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        next = next => next,
        () = shared.stop.cancelled() => None,
    }
}

fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    builder
}

fn service(
    shared: &Arc<Shared>,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response,
    Error = HungUp,
    Future: Send,
> + use<> {
    let shared = Arc::clone(shared);
    service_fn(move |request: Request<Incoming>| {
        let app = shared.app.get().unwrap_or(&shared.starting).clone();
        async move {
            let Ok(response) = app.oneshot(request.map(Body::new)).await;
            if response.extensions().get::<HungUp>().is_some() { Err(HungUp) } else { Ok(response) }
        }
    })
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
