//! The configuration of the order service.

use clap::Parser;
use shared::{
    client::base_url,
    config::{ProcessArgs, RuntimeArgs, database::DatabaseArgs},
};

/// Products and orders, and the outbox towards audit: the second service behind the gateway.
#[derive(Clone, Debug, Parser)]
#[command(name = "order-service", version)]
pub struct Config {
    #[command(flatten)]
    pub process: ProcessArgs,
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The next service of the chain, audit-service.
    #[arg(long, env, default_value = "http://127.0.0.1:5003", value_parser = base_url, help_heading = "Chain")]
    pub next_service_url: String,
}

impl AsRef<RuntimeArgs> for Config {
    fn as_ref(&self) -> &RuntimeArgs {
        &self.process.runtime
    }
}
