//! The command line: `loadgen` (load), `loadgen verify`, `loadgen contract`.
//!
//! Invariant: a bad value ends the program with exit code 2 and one line that names the flag, what it was and what is accepted,
//! before anything is sent.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use shared::config::{telemetry::TelemetryArgs, whole_number};

mod check;
mod load;
mod values;

pub use load::{Arrivals, CLOSED_CONNECTIONS, LoadArgs, OPEN_CONNECTIONS};
pub use values::{HeaderArg, Ramp, Token};
use values::{fraction, header, name, positive_duration, ramp, rate, seed, target, token};
pub(crate) use values::{is_reserved, trace_id};

const AFTER_HELP: &str = "\
Examples:
  200 requests a second for half a minute; every trace and every row is checked:
    loadgen --rate 200 --duration 30s --verify --reconcile

  How much the system takes, on 32 connections:
    loadgen --closed --connections 32 --duration 20s

  Where it begins to struggle, as a gate of a pipeline:
    loadgen --ramp 100..2000/10s --scenario mixed --max-p99 250ms --max-error-rate 0.01 --report report.json

  A monitor of a staging system, without end, for Prometheus to scrape:
    loadgen --target https://staging.example.org --traces https://tempo.example.org --watch --metrics-port 9465

  Traces that something else made, against a contract written from a good one:
    loadgen contract --from-trace 0af7651916cd43dd8448eb211c80319c --name checkout --output checkout.toml
    loadgen verify --ids ids.txt --contract checkout.toml --against checkout

Exit codes:
  0  good
  1  a threshold was missed (--max-p99, --max-error-rate), not one request was answered as expected or even sent, or the report
     could not be written after the load
  2  bad arguments, or the target cannot be reached: nothing was sent
  3  a trace is not whole, or rows do not agree with the answers; outranks 1";

/// Sends load to a traced system, and verifies the trace of every single request.
///
/// Requests leave at their scheduled time whatever the answers do, and latency counts from then on. Each is a CLIENT root span, exported as the
/// standard OTEL_* variables say. --verify looks every trace up by its id; --reconcile compares every answer with the rows that it made.
#[derive(Clone, Debug, Parser)]
#[command(name = "loadgen", version, args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
#[command(mut_arg("metrics_host", |arg| arg.hide(false).help("Address of METRICS_PORT")))]
// The report has standard output; what is no warning, and a copy of it elsewhere, must be asked for.
#[command(mut_arg("log_level", |arg| arg.default_value("warn")))]
#[command(mut_arg("log_format", |arg| arg.default_value("text")))]
#[command(mut_arg("otel_logs_exporter", |arg| arg.default_value("none")))]
pub struct Cli {
    /// Without a subcommand: send load.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The load and what is done with its answers.
    #[command(flatten)]
    pub run: RunArgs,
}

/// What else it can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Verify traces that something else made.
    Verify(VerifyArgs),
    /// Write a contract from a good trace, so that the verifier can serve any system.
    Contract(ContractArgs),
}

/// `loadgen` without a subcommand.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// How much, and how fast.
    #[command(flatten)]
    pub load: LoadArgs,
    /// What is sent.
    #[command(flatten)]
    pub requests: RequestArgs,
    /// Whether and how traces are verified.
    #[command(flatten)]
    pub verification: VerificationArgs,
    /// What comes out.
    #[command(flatten)]
    pub output: OutputArgs,
    /// This program's own spans.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}

/// What is sent.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Requests")]
pub struct RequestArgs {
    /// process, register, mixed, or a TOML file of steps (README, "Scenarios"; loadgen/scenarios/mixed.toml is an example).
    #[arg(long, default_value = "process", value_name = "NAME|FILE", value_parser = name)]
    pub scenario: String,
    /// How many users the requests are spread over: their ids begin at 1001.
    #[arg(long, default_value = "1000", value_name = "N", value_parser = whole_number::<1_000_000_000>)]
    pub users: NonZeroUsize,
    /// Makes a run repeatable: order, users and contents of the requests follow from it. Default: random, and printed.
    ///
    /// Ids repeat too, also those of --reconcile and of e-mail addresses: the same seed, scenario and --users again is a replay, answered with
    /// the first run's rows where keys are sent, and with 409 to registrations without a key. Trace ids are always new.
    #[arg(long, value_parser = seed)]
    pub seed: Option<u64>,
    /// A header for every request, such as 'x-tenant: blue'; repeatable. A header of the scenario's step wins over one of the same name.
    // The exporters' flags have the plain id.
    #[arg(id = "request_headers", short = 'H', long = "header", value_name = "NAME: VALUE", hide_env_values = true, value_parser = header)]
    pub headers: Vec<HeaderArg>,
    /// Bearer token for every request, for look-ups of rows too. An authorization header given by -H wins.
    #[arg(long, env = "API_TOKEN", hide_env_values = true, value_parser = token)]
    pub token: Option<Token>,
    /// `peer.service` of this program's spans: the first service that a request meets (nginx in the full stack).
    #[arg(long, default_value = "gateway", value_parser = name)]
    pub peer: String,
    /// The share of requests that is sampled, 0 to 1; verification expects exactly those. Wins over OTEL_TRACES_SAMPLER, whose default is all.
    #[arg(long, value_name = "SHARE", value_parser = fraction)]
    pub sampled: Option<f64>,
    /// Send an Idempotency-Key, wait until nothing is pending, and compare every answer with the rows it must have made.
    #[arg(long)]
    pub reconcile: bool,
}

/// Whether and how the load's traces are verified.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Verification")]
pub struct VerificationArgs {
    /// Verify the trace of every sampled request.
    #[arg(long)]
    pub verify: bool,
    /// Where traces are looked up.
    #[command(flatten)]
    pub lookup: LookupArgs,
    /// Wait so long after an answer before its trace is looked up; less than --verify-timeout.
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = positive_duration)]
    pub verify_after: Duration,
    /// A service that is killed on purpose: a trace that lacks only its spans is no failure; repeatable.
    #[arg(long, value_name = "SERVICE", value_parser = name)]
    pub killed: Vec<String>,
    /// Run without end at a low rate, and serve the verdicts as Prometheus metrics on --metrics-port (9465). Implies --verify.
    #[arg(long, conflicts_with_all = ["closed", "ramp", "duration", "requests", "warm_up", "reconcile"])]
    pub watch: bool,
}

/// Where and how traces are looked up.
#[derive(Args, Clone, Debug)]
pub struct LookupArgs {
    /// The backend's query API.
    #[arg(long, env = "LOADGEN_TRACES", default_value = "http://127.0.0.1:3200", value_name = "URL", value_parser = target)]
    pub traces: http::Uri,
    /// What it speaks: Tempo (the viewer too), or Jaeger.
    #[arg(long, default_value = "tempo")]
    pub backend: BackendName,
    /// A header for every look-up, such as 'X-Scope-OrgID: blue' or 'Authorization: Bearer ...'; repeatable.
    #[arg(id = "lookup_headers", long = "traces-header", env = "LOADGEN_TRACES_HEADER", hide_env_values = true, value_name = "NAME: VALUE", value_parser = header)]
    pub headers: Vec<HeaderArg>,
    /// How long a trace may take to be whole, from its answer on.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = positive_duration)]
    pub verify_timeout: Duration,
    /// Look-ups at once.
    #[arg(long, default_value = "8", value_name = "N", value_parser = whole_number::<1024>)]
    pub verify_concurrency: NonZeroUsize,
    /// A contract of your own (TOML); repeatable. One with the name of a built-in contract replaces it.
    #[arg(long = "contract", value_name = "FILE")]
    pub contracts: Vec<PathBuf>,
}

/// A backend's query API.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum BackendName {
    /// Tempo's `/api/v2/traces/{id}`, protobuf.
    Tempo,
    /// Jaeger's `/api/v3/traces/{id}`.
    Jaeger,
}

/// What comes out.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Write the report as JSON to this file (schema: loadgen/report.schema.json). A device or a pipe is written to, a link stays one.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Fail (exit code 1) when the 99th percentile of the latency is above, such as 250ms.
    #[arg(long, value_parser = positive_duration, value_name = "DURATION")]
    pub max_p99: Option<Duration>,
    /// Fail (exit code 1) when a larger share of requests ends in an error, 0 to 1. Without it a run of nothing but errors fails; 1 lets it
    /// pass.
    #[arg(long, value_name = "SHARE", value_parser = fraction)]
    pub max_error_rate: Option<f64>,
    /// The live progress line.
    #[arg(long, default_value = "auto")]
    pub progress: Progress,
}

/// When the progress line is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Progress {
    /// When standard error is a terminal.
    Auto,
    /// Always: a line every few seconds where it is no terminal.
    Always,
    /// Never.
    Never,
}

/// `loadgen verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// A trace id, 32 hex digits; repeatable.
    #[arg(long = "trace", value_name = "ID", value_parser = trace_id, required_unless_present = "ids")]
    pub traces_wanted: Vec<opentelemetry::trace::TraceId>,
    /// A file with a trace id per line, - for standard input.
    #[arg(long, value_name = "FILE")]
    pub ids: Option<PathBuf>,
    /// The contract's name that they are held against.
    #[arg(long, default_value = "process", value_name = "NAME", value_parser = name)]
    pub against: String,
    /// A service that is known to be dead: a trace that lacks only its spans is no failure; repeatable.
    #[arg(long, value_name = "SERVICE", value_parser = name)]
    pub killed: Vec<String>,
    /// Write the verdicts as JSON to this file (the report's `verification` part).
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Where traces are looked up.
    #[command(flatten)]
    pub lookup: LookupArgs,
}

/// `loadgen contract`.
#[derive(Args, Clone, Debug)]
pub struct ContractArgs {
    /// The good trace's id, 32 hex digits.
    #[arg(long, value_name = "ID", value_parser = trace_id)]
    pub from_trace: opentelemetry::trace::TraceId,
    /// The contract's name. Default: the name of the trace's root span.
    #[arg(long, value_parser = name)]
    pub name: Option<String>,
    /// Where it is written. Default: standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Where traces are looked up.
    #[command(flatten)]
    pub lookup: LookupArgs,
}
