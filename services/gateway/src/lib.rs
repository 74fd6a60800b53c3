//! The gateway: the edge of the chain. It owns no data.
//!
//! It checks what comes from outside, gives every request its id (from `Idempotency-Key` where one came), puts `user.id`
//! into the baggage, and hands the request to the chain at `NEXT_SERVICE_URL`. Reads go straight to the service that owns
//! the data, so they never follow a hop put into the chain.
//!
//! Routes: `POST /api/v1/process`, `POST /api/v1/register` (also `/register`), `GET /api/v1/users[/{id}]`,
//! `/api/v1/orders[/{id}]`, `PATCH` and `DELETE /api/v1/orders/{id}`, `GET /api/v1/audit`, `GET /do_task`; untraced `/`,
//! `/index` and the files of the page, `/view_metrics`, `/openapi.json`, `/health*` and `/metrics`; with `LAB=true` also
//! `/faults` and `/lab/{service}/faults`.
//!
//! Spans: a SERVER span per request and below it a CLIENT span per try of a call to `user-service`, `order-service` or
//! `audit-service`.
//!
//! Invariant: the document at `/openapi.json` is generated from the routes, so a route cannot be there without it.

use std::{ffi::OsString, process::ExitCode, sync::Arc};

use shared::{
    client::Client,
    health::Health,
    json::BODY_LIMIT,
    names::service,
    process::Process,
    server::{Options, Server},
};

mod config;
mod cors;
mod idempotency;
mod limits;
mod openapi;
mod outcome;
mod params;
mod routes;
mod security;

pub use config::Config;

const DEFAULT_PORT: u16 = 5000;

/// The services that the gateway calls.
#[derive(Debug)]
struct App {
    /// The first service of the chain.
    chain: Client,
    users: Client,
    orders: Client,
    audit: Client,
}

/// Runs the process: `args` begins with the program's name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    shared::process::main::<Config, _>(service::GATEWAY, DEFAULT_PORT, args, run)
}

/// Listens, serves, and returns when the process was told to stop.
///
/// # Errors
/// When a port is taken, or no client can be set up.
pub async fn run(config: Config, process: Process) -> anyhow::Result<()> {
    let options = Options {
        second_port: config.edge_port.map(|port| (port, "EDGE_PORT")),
        edge_trust: config.edge_trust,
        body_limit: BODY_LIMIT,
        cors: cors::layer(&config.cors_origins),
    };
    let server = Server::bind(&process, &config.process.server, options).await?;
    let app = Arc::new(App::new(&config)?);
    let health = Health::new(process.service).next_hop(&app.chain);
    outcome::register()?;
    let routes::Routes { traced, plain } = routes::routes(app, &config);
    server.serve(traced, plain, health).await;
    Ok(())
}

impl App {
    fn new(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            chain: Client::new(&config.next_service_url, service::USER)?,
            users: Client::new(&config.user_service_url, service::USER)?,
            orders: Client::new(&config.order_service_url, service::ORDER)?,
            audit: Client::new(&config.audit_service_url, service::AUDIT)?,
        })
    }
}
