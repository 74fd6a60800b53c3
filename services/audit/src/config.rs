//! The configuration of the audit service.

use clap::Parser;
use shared::config::{ProcessArgs, RuntimeArgs, database::DatabaseArgs};

/// Audit records: the last service of the chain.
#[derive(Clone, Debug, Parser)]
#[command(name = "audit-service", version)]
pub struct Config {
    #[command(flatten)]
    pub process: ProcessArgs,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

impl AsRef<RuntimeArgs> for Config {
    fn as_ref(&self) -> &RuntimeArgs {
        &self.process.runtime
    }
}
