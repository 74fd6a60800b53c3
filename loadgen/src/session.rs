//! One run of the program, put together.

use std::{ffi::OsString, process::ExitCode};

use crate::{cli::Cli, scenario::Scenario};

/// Runs the program with `args` (its name first).
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match shared::config::parse::<Cli>(args) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    match prepare(&cli) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// All that can be wrong before anything is sent.
fn prepare(cli: &Cli) -> anyhow::Result<Option<Scenario>> {
    cli.check()?;
    match cli.command {
        None => Scenario::load(&cli.run.requests).map(Some),
        Some(_) => Ok(None),
    }
}
