//! What a service does wrong on purpose, and whether that may be changed while it runs.

use clap::{ArgAction, Args};

use super::boolean;
use crate::faults::Faults;

/// The laboratory: off unless it is asked for.
#[derive(Args, Clone, Debug)]
pub struct FaultArgs {
    /// Faults of this service, on purpose: latency=200ms:0.1,error=503:0.05,drop_context=0.01,db_latency=50ms:0.1,pool=2,drop_spans=0.01,
    /// down=0.01, any of them; the number behind the colon is the share that is struck, 1 when left out.
    #[arg(long, env, default_value = "", hide_default_value = true, value_parser = parse, help_heading = "Laboratory")]
    pub faults: Faults,
    /// Serve `GET` and `PUT /faults`, by which anyone who reaches the port changes the faults.
    #[arg(long, env, value_parser = boolean, action = ArgAction::Set, num_args = 0..=1, default_value = "false",
          default_missing_value = "true", help_heading = "Laboratory")]
    pub lab: bool,
}

fn parse(value: &str) -> Result<Faults, String> {
    value.parse()
}
