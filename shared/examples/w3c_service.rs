//! The service that the official W3C trace-context test suite drives (its `test/test.py` takes the URL of `/test`):
//!
//! ```text
//! cargo run -p shared --example w3c_service -- --port 7780
//! ```
//!
//! `POST /test` with a JSON array of `{"url", "arguments"}`: for each entry it POSTs `arguments` as JSON to `url`, through the
//! same server layer and client as the services, then answers 200.

use std::process::ExitCode;

use axum::{Router, body::Bytes, extract::State, routing::post};
use clap::Parser;
use serde::Deserialize;
use serde_json::Value;
use shared::{
    client::{Call, Client},
    config::{ProcessArgs, RuntimeArgs},
    health::Health,
    problem::Problem,
    process::Process,
    scope::Scope,
    server::{Options, Server},
};

const SERVICE: &str = "w3c-service";
const DEFAULT_PORT: u16 = 7780;

#[derive(Clone, Debug, Parser)]
#[command(name = "w3c_service")]
struct Config {
    #[command(flatten)]
    process: ProcessArgs,
}

impl AsRef<RuntimeArgs> for Config {
    fn as_ref(&self) -> &RuntimeArgs {
        &self.process.runtime
    }
}

#[derive(Debug, Deserialize)]
struct Request {
    url: String,
    arguments: Value,
}

fn main() -> ExitCode {
    shared::process::main::<Config, _>(SERVICE, DEFAULT_PORT, std::env::args_os(), run)
}

async fn run(config: Config, process: Process) -> anyhow::Result<()> {
    let client = Client::new("http://127.0.0.1", "w3c-test-harness")?;
    let server = Server::bind(&process, &config.process.server, Options::default()).await?;
    let routes = Router::new().route("/test", post(test)).with_state(client);
    server.serve(routes, Router::new(), Health::new(process.service)).await;
    Ok(())
}

/// Not the [`shared::json::Json`] of the services: the suite sends an array, and does not always name its media type.
async fn test(State(client): State<Client>, scope: Scope, body: Bytes) -> Result<(), Problem> {
    let requests: Vec<Request> = serde_json::from_slice(&body).map_err(|error| {
        Problem::malformed_json(format!(
            "{error}; accepted: an array of {{\"url\", \"arguments\"}}"
        ))
    })?;
    for request in requests {
        let call = Call { path: request.url, ..Call::post("/", request.arguments.to_string()) };
        client.call(call, &scope).await?;
    }
    Ok(())
}
