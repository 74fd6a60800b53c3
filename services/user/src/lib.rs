//! user-service: users, registrations and the requests whose idempotency key was given.
//!
//! Routes: `POST /process`, `POST /register`, `GET /users`, `GET /users/{id}`. Spans: `INSERT requests` when a key came,
//! `INSERT users`, for a registration `INSERT registrations` and `COMMIT`, then the CLIENT span towards order-service.
//!
//! Invariant: a key is claimed by an autocommitted statement before anything else is written, so the same key with another
//! body leaves no trace in the data.

use std::{ffi::OsString, process::ExitCode};

use axum::Router;
use shared::{
    client::Client,
    health::Health,
    names,
    process::Process,
    server::{Options, Server},
};

mod config;
mod idempotency;
mod process;
mod reads;
mod register;
mod routes;
pub mod store;

pub use config::Config;
use store::Store;

/// The port when none is configured.
pub const DEFAULT_PORT: u16 = 5001;

/// Runs the service with `args`, the program's name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    shared::process::main::<Config, _>(names::service::USER, DEFAULT_PORT, args, run)
}

/// Serves until the process is told to stop.
///
/// # Errors
/// When the port is taken, the database did not come up in time, or a URL is not one.
pub async fn run(config: Config, process: Process) -> anyhow::Result<()> {
    let next = Client::new(&config.next_service_url, names::service::ORDER)?;
    let server = Server::bind(&process, &config.process.server, Options::default()).await?;
    let Some(store) = process.until_shutdown(Store::connect(&config.database)).await else {
        return Ok(());
    };
    let store = store?;
    let health = Health::new(process.service).database(store.database()).next_hop(&next);
    let app = routes::App { store: store.clone(), next };
    server.serve(routes::router(app), Router::new(), health).await;
    store.database().close().await;
    Ok(())
}
