//! The four listeners: bound before anything is served, stopped together.

use axum::Router;
use shared::{
    names::service,
    server::{Protocol, serve_untraced},
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Connections of one listener; further ones wait in its queue.
const MAX_CONNECTIONS: usize = 1024;
/// An exporter keeps one connection for all that it sends.
const MAX_GRPC_CONNECTIONS: usize = 256;

/// Serves HTTP/1.1 until `stop` is cancelled, then closes idle connections and finishes the requests under way.
pub(crate) fn serve(
    tasks: &mut JoinSet<()>,
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) {
    let http1 = Protocol::Http1;
    tasks.spawn(serve_untraced(service::VIEWER, listener, http1, router, MAX_CONNECTIONS, stop));
}

/// The same for gRPC, which needs HTTP/2.
pub(crate) fn serve_grpc(
    tasks: &mut JoinSet<()>,
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) {
    let both = Protocol::Http1And2;
    tasks.spawn(serve_untraced(
        service::VIEWER,
        listener,
        both,
        router,
        MAX_GRPC_CONNECTIONS,
        stop,
    ));
}
