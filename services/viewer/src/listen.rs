//! The four listeners: bound before anything is served, stopped together.

use axum::Router;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Connections of one listener; further ones wait in its queue.
const MAX_CONNECTIONS: usize = 1024;

/// Serves HTTP/1.1 until `stop` is cancelled, then closes idle connections and finishes the requests under way.
pub(crate) fn serve(
    tasks: &mut JoinSet<std::io::Result<()>>,
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) {
    let served = shared::server::serve_untraced(listener, router, MAX_CONNECTIONS, stop);
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
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    tasks.spawn(async move { served.await });
}
