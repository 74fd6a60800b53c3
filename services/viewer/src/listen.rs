//! The four listeners: bound before anything is served, stopped together.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context;
use axum::Router;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

/// A bound listener, or an error that names the port and the variable that changes it.
pub(crate) async fn bind(host: IpAddr, port: u16, variable: &str) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::new(host, port);
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: stop the program that uses port {port}, or set {variable} to a free port")
    })
}

/// Serves until `stop` becomes true, then closes idle connections and finishes the requests under way.
pub(crate) fn serve(
    tasks: &mut JoinSet<std::io::Result<()>>,
    listener: TcpListener,
    router: Router,
    stop: watch::Receiver<bool>,
) {
    let stopped = async move {
        let mut stop = stop;
        // An error means that the sender is gone, which is a stop too.
        let _ = stop.wait_for(|&stop| stop).await;
    };
    tasks.spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await });
}
