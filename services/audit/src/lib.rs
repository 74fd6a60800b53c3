//! audit-service: one audit record per request, kept for good.
//!
//! Routes: `POST /process`, `GET /audit`. Span: `INSERT audit_logs`.
//!
//! Invariant: a `request_id` is recorded once, however often it is delivered; later deliveries get the first record's answer.

use std::{ffi::OsString, process::ExitCode};

use axum::Router;
use shared::{
    health::Health,
    names,
    process::Process,
    server::{Options, Server},
};

mod config;
mod process;
mod reads;
mod routes;
pub mod store;

pub use config::Config;
use store::Store;

/// The port when none is configured.
pub const DEFAULT_PORT: u16 = 5003;

/// Runs the service with `args`, the program's name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    shared::process::main::<Config, _>(names::service::AUDIT, DEFAULT_PORT, args, run)
}

/// Serves until the process is told to stop.
///
/// # Errors
/// When the port is taken or the database did not come up in time.
pub async fn run(config: Config, process: Process) -> anyhow::Result<()> {
    let server = Server::bind(&process, &config.process.server, Options::default()).await?;
    let Some(store) = process.until_shutdown(Store::connect(&config.database)).await else {
        return Ok(());
    };
    let store = store?;
    let health = Health::new(process.service).database(store.database());
    server.serve(routes::router(store.clone()), Router::new(), health).await;
    store.database().close().await;
    Ok(())
}
