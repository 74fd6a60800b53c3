//! Configuration, parsed once at start from flags, the environment and `.env`.
//!
//! Invariants: an empty variable counts as unset; a bad value is an error that names the variable, what it was and what
//! is accepted, and ends the process with exit code 2 before anything is listened on.

use std::{ffi::OsString, net::IpAddr, num::NonZeroUsize, process::ExitCode, time::Duration};

use clap::{
    Args, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};

pub mod database;
mod dotenv;
mod faults;
pub mod telemetry;
mod unread;
mod values;

pub use dotenv::{load_dotenv, read_dotenv};
pub use faults::FaultArgs;
use telemetry::TelemetryArgs;
pub use unread::replaced_variables;
pub use values::{address, boolean, milliseconds, port, whole_number};

use crate::{
    db::DbStartError,
    propagation::{self, Format},
    token::ApiToken,
};

/// An error that a wrong configuration made: trying again without changing it is pointless, so the process ends with exit
/// code 2 and its supervisor can know.
///
/// It may stand anywhere in the chain of an `anyhow` error. Its text names the variable, what it was and what is accepted.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// Whether an error came from a wrong configuration: [`Invalid`] or an address that no database can have.
#[must_use]
pub fn is_invalid(error: &anyhow::Error) -> bool {
    let database = |cause: &DbStartError| cause.is_configuration();
    error.is::<Invalid>()
        || error.chain().any(|cause| {
            cause.is::<Invalid>() || cause.downcast_ref::<DbStartError>().is_some_and(database)
        })
}

/// What every service has: where it listens, how much it takes, and what every process has.
#[derive(Args, Clone, Debug)]
pub struct ProcessArgs {
    /// Where it listens.
    #[command(flatten)]
    pub server: ServerArgs,
    /// What every process has.
    #[command(flatten)]
    pub runtime: RuntimeArgs,
}

/// What every process has: telemetry, threads, how it is stopped.
#[derive(Args, Clone, Debug)]
pub struct RuntimeArgs {
    /// Telemetry.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
    /// Formats of trace context that are read and written: `tracecontext`, `baggage`, or `none`.
    #[arg(long, env, default_value = "tracecontext,baggage", value_parser = propagators, help_heading = "Telemetry")]
    pub otel_propagators: Propagators,
    /// Threads of the runtime; 1 is a current-thread runtime. Default: a quarter of the cores, at least 1.
    #[arg(long, env, value_parser = whole_number::<1024>, help_heading = "Process")]
    pub worker_threads: Option<NonZeroUsize>,
    /// Stop in an orderly way when standard input closes: what the launcher's children are started with.
    #[arg(long, help_heading = "Process")]
    pub exit_on_stdin_close: bool,
}

/// The value of `OTEL_PROPAGATORS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Propagators(pub Vec<Format>);

fn propagators(value: &str) -> Result<Propagators, String> {
    let accepted = "accepted: tracecontext, baggage, both separated by a comma, or none alone";
    propagation::parse_formats(value).map(Propagators).map_err(|_| accepted.to_owned())
}

/// Where a server listens, what it takes, and what it does wrong on purpose.
#[derive(Args, Clone, Debug)]
pub struct ServerArgs {
    /// Address to listen on.
    #[arg(long, env, default_value = "127.0.0.1", value_parser = address, help_heading = "Server")]
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one. Default: 5000 gateway, 5001 user, 5002 order, 5003 audit.
    #[arg(long, env, value_parser = port, help_heading = "Server")]
    pub port: Option<u16>,
    /// Milliseconds that a request may take; a client's `x-deadline-ms` can only lower it.
    #[arg(long, env, default_value = "8000", value_parser = milliseconds, help_heading = "Server")]
    pub request_timeout_ms: Duration,
    /// Requests worked on at once; above it the answer is 503 with `Retry-After`.
    #[arg(long, env, default_value = "256", value_parser = whole_number::<100_000>, help_heading = "Server")]
    pub max_in_flight: NonZeroUsize,
    /// Connections held open at once; further ones wait in the listen queue.
    #[arg(long, env, default_value = "4096", value_parser = whole_number::<1_000_000>, help_heading = "Server")]
    pub max_connections: NonZeroUsize,
    /// Milliseconds that requests in flight get to finish when the process is told to stop.
    #[arg(long, env, default_value = "10000", value_parser = milliseconds, help_heading = "Server")]
    pub drain_timeout_ms: Duration,
    /// Bearer token that every route which shows or changes data wants, and that calls to the next service show. One for the whole
    /// system; a flag can be seen by other users of the machine, the variable cannot.
    #[arg(long, env, hide_env_values = true, value_parser = token, help_heading = "Server")]
    pub api_token: Option<ApiToken>,
    /// Faults, for trying out what notices them.
    #[command(flatten)]
    pub laboratory: FaultArgs,
}

/// Parses `API_TOKEN`.
///
/// # Errors
/// Says what is accepted, and nothing of `value`.
pub fn token(value: &str) -> Result<ApiToken, String> {
    value.parse()
}

/// Parses `args` (the program's name first) and the environment.
///
/// # Errors
/// The exit code to end with: 0 after `--help` and `--version`, 2 after an error, which has been printed.
pub fn parse<C: Parser>(args: impl IntoIterator<Item = OsString>) -> Result<C, ExitCode> {
    let mut command = C::command()
        .mut_args(without_empty_variable)
        .mut_subcommands(|subcommand| subcommand.mut_args(without_empty_variable));
    let parsed =
        command.try_get_matches_from_mut(args).and_then(|matches| C::from_arg_matches(&matches));
    parsed.map_err(|error| {
        match value_error(&command, &error) {
            Some(text) => eprintln!("error: {text}\n\nFor more information, try '--help'."),
            None => drop(error.print()),
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// The value of an environment variable; an empty one counts as unset.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the module that reads the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "the module that reads the environment")]
fn without_empty_variable(arg: clap::Arg) -> clap::Arg {
    let value = arg.get_env().and_then(std::env::var_os);
    if value.is_some_and(|value| value.is_empty()) { arg.env(None::<&str>) } else { arg }
}

/// A bad value told in one line by the names of its variable and flag; `None` for errors that clap tells well.
fn value_error(command: &clap::Command, error: &clap::Error) -> Option<String> {
    if error.kind() == ErrorKind::InvalidUtf8 {
        return Some(not_utf8(command));
    }
    if !matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) {
        return None;
    }
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else { return None };
    let long = shown.trim_start_matches("--").split([' ', '=']).next()?;
    let arg = arguments(command).find(|arg| arg.get_long() == Some(long))?;
    let name = match arg.get_env() {
        Some(name) => format!("{} (or --{long})", name.to_string_lossy()),
        None => format!("--{long}"),
    };
    let value = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) if !arg.is_hide_env_values_set() => presentable(value),
        _ => "(not shown)".to_owned(),
    };
    Some(format!("{name} is '{value}': {}", accepted(error)?))
}

fn arguments(command: &clap::Command) -> impl Iterator<Item = &clap::Arg> {
    let subcommands = command.get_subcommands().flat_map(clap::Command::get_arguments);
    command.get_arguments().chain(subcommands)
}

/// clap does not say whose value it is.
#[expect(clippy::disallowed_methods, reason = "the module that reads the environment")]
fn not_utf8(command: &clap::Command) -> String {
    let of_no_text = |name: &&std::ffi::OsStr| {
        std::env::var_os(name).is_some_and(|value| value.to_str().is_none())
    };
    let variable = arguments(command).filter_map(clap::Arg::get_env).find(of_no_text);
    let what = variable.map_or("an argument".into(), std::ffi::OsStr::to_string_lossy);
    format!("{what} is not text: accepted: UTF-8")
}

/// The value without what stands before an `@` or behind a `?`: in an address that may be a password.
fn presentable(value: &str) -> String {
    let (value, query) = value.split_once('?').map_or((value, ""), |(value, _)| (value, "?..."));
    let (user, value) = value.rsplit_once('@').map_or(("", value), |(_, value)| ("...@", value));
    format!("{user}{value}{query}")
}

/// What is accepted; `None` where no value was given at all.
fn accepted(error: &clap::Error) -> Option<String> {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => {
            Some(format!("accepted: {}", values.join(", ")))
        }
        _ => std::error::Error::source(error).map(ToString::to_string),
    }
}
