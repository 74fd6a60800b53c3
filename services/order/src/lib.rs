//! order-service: products and orders; the orders table is also the outbox towards audit-service.
//!
//! Routes: `POST /process`, `GET /orders`, `GET`, `PATCH` and `DELETE /orders/{id}`. Spans: `price_order` with `SELECT products`
//! below it, `INSERT orders`, `INSERT order_items`, `COMMIT`, then the CLIENT span towards audit-service.
//!
//! Invariant: an order that was committed reaches audit-service at least once, though this process dies right after the
//! commit: the row itself is the message, and the relay delivers what was not acknowledged.

use std::{ffi::OsString, process::ExitCode};

use axum::Router;
use shared::{
    client::Client,
    health::Health,
    names,
    process::Process,
    server::{Options, Server},
};

mod audit;
mod config;
mod metrics;
mod outbox;
mod pricing;
mod process;
mod resources;
mod routes;
pub mod store;

pub use config::Config;
use outbox::Outbox;
use store::Store;

/// The port when none is configured.
pub const DEFAULT_PORT: u16 = 5002;

/// Runs the service with `args`, the program's name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    shared::process::main::<Config, _>(names::service::ORDER, DEFAULT_PORT, args, run)
}

/// Serves until the process is told to stop.
///
/// # Errors
/// When the port is taken, the database did not come up in time, or a URL is not one.
pub async fn run(config: Config, process: Process) -> anyhow::Result<()> {
    let next = Client::new(&config.next_service_url, names::service::AUDIT)?;
    let server = Server::bind(&process, &config.process.server, Options::default()).await?;
    let Some(store) = process.until_shutdown(Store::connect(&config.database)).await else {
        return Ok(());
    };
    let store = store?;
    metrics::register();
    let outbox = Outbox::start(store.clone(), next.clone());
    let app = routes::App { store: store.clone(), next: next.clone(), acks: outbox.acks() };
    let health = Health::new(process.service).database(store.database()).next_hop(&next);
    server.serve(routes::router(app), Router::new(), health).await;
    outbox.stop().await;
    store.database().close().await;
    Ok(())
}
