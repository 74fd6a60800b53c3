//! The viewer as a process of its own.
//!
//! Invariant: its own exporters are forced to none, so nothing feeds itself.

use std::{ffi::OsString, process::ExitCode};

use clap::Parser;
use shared::{config::RuntimeArgs, names};

use crate::Config;

/// OTLP in; traces, logs and a service map out.
#[derive(Clone, Debug, Parser)]
#[command(name = "viewer", version)]
struct Program {
    #[command(flatten)]
    viewer: Config,
    #[command(flatten)]
    runtime: Silenced,
}

/// The process's own settings without exporters.
#[derive(Clone, Debug)]
struct Silenced(RuntimeArgs);

impl AsRef<RuntimeArgs> for Program {
    fn as_ref(&self) -> &RuntimeArgs {
        &self.runtime.0
    }
}

impl clap::FromArgMatches for Silenced {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        let runtime = RuntimeArgs::from_arg_matches(matches)?;
        Ok(Self(RuntimeArgs { telemetry: runtime.telemetry.clone().silenced(), ..runtime }))
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Silenced {
    fn augment_args(command: clap::Command) -> clap::Command {
        RuntimeArgs::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        RuntimeArgs::augment_args_for_update(command)
    }
}

/// Runs the viewer with `args`, the program's name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    shared::process::main::<Program, _>(names::service::VIEWER, 3000, args, |program, process| {
        crate::run(program.viewer, async move { process.shutdown.cancelled().await })
    })
}
