//! The four listeners: bound before anything is served, stopped together.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use shared::names::service;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// Connections of one listener; further ones wait in its queue.
const MAX_CONNECTIONS: usize = 1024;
/// An exporter keeps one connection for all that it sends.
const MAX_GRPC_CONNECTIONS: usize = 256;
/// What a connection gets to say its first word, to send a head, or to answer that it is still there.
const SILENCE: Duration = Duration::from_secs(20);
/// After an accept error: trying again at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves HTTP/1.1 until `stop` is cancelled, then closes idle connections and finishes the requests under way.
pub(crate) fn serve(
    tasks: &mut JoinSet<std::io::Result<()>>,
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) {
    let served =
        shared::server::serve_untraced(service::VIEWER, listener, router, MAX_CONNECTIONS, stop);
    tasks.spawn(async move {
        served.await;
        Ok(())
    });
}

/// The same for gRPC, which needs HTTP/2.
pub(crate) fn serve_grpc(
    tasks: &mut JoinSet<std::io::Result<()>>,
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) {
    tasks.spawn(async move {
        let places = Arc::new(Semaphore::new(MAX_GRPC_CONNECTIONS));
        let connections = GracefulShutdown::new();
        while let Some(Some((stream, place))) =
            stop.run_until_cancelled(next(&listener, &places)).await
        {
            tokio::spawn(converse(stream, place, router.clone(), &connections));
        }
        drop(listener);
        connections.shutdown().await;
        Ok(())
    });
}

/// The next connection, once there is a place for it.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Some((stream, place)),
            Err(error) => {
                tracing::warn!(error = error.to_string(), "A connection was not accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves one connection to its end, and no longer than somebody is at its other end.
fn converse(
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    router: Router,
    connections: &GracefulShutdown,
) -> impl Future<Output = ()> + use<> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(SILENCE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(SILENCE)
        .keep_alive_timeout(SILENCE);
    let watcher = connections.watcher();
    async move {
        if timeout(SILENCE, stream.peek(&mut [0])).await.is_ok() {
            let service = TowerToHyperService::new(router);
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(error, "A gRPC connection ended");
            }
        }
        drop(place);
    }
}
