//! The command line: without a subcommand everything runs.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::services::Service;

/// One request, one trace, four services and a viewer, started with one command.
#[derive(Debug, Parser)]
#[command(
    name = "tracechain",
    version,
    disable_help_subcommand = true,
    long_about = ABOUT,
    after_long_help = VARIABLES
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run only the gateway, in this process (port 5000)
    #[command(disable_help_flag = true)]
    Gateway(ServiceFlags),
    /// Run only user-service, in this process (port 5001)
    #[command(disable_help_flag = true)]
    User(ServiceFlags),
    /// Run only order-service, in this process (port 5002)
    #[command(disable_help_flag = true)]
    Order(ServiceFlags),
    /// Run only audit-service, in this process (port 5003)
    #[command(disable_help_flag = true)]
    Audit(ServiceFlags),
    /// Run only the viewer, in this process (ports 3000, 3200, 4317, 4318)
    #[command(disable_help_flag = true)]
    Viewer(ServiceFlags),
    /// Ask one URL whether it is well: exit code 0 on a 2xx answer, 1 otherwise
    #[command(long_about = HEALTH)]
    Health {
        /// For example http://127.0.0.1:5000/health; without a scheme it is taken as http
        url: String,
    },
    /// Bring databases to the present schema and end; the services do the same when they start
    #[command(disable_help_flag = true)]
    Migrate(ServiceFlags),
    /// Ask a running system whether its telemetry is whole, and what to do where it is not
    #[command(disable_help_flag = true)]
    Doctor(ServiceFlags),
}

/// Whatever follows belongs to the subcommand, `--help` too: it knows its flags.
#[derive(Debug, Args)]
struct ServiceFlags {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    flags: Vec<OsString>,
}

/// The entry of the `tracechain` program: reads its arguments and does what they say.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        None => crate::run_all(),
        Some(Command::Gateway(given)) => Service::Gateway.run(given.flags),
        Some(Command::User(given)) => Service::User.run(given.flags),
        Some(Command::Order(given)) => Service::Order.run(given.flags),
        Some(Command::Audit(given)) => Service::Audit.run(given.flags),
        Some(Command::Viewer(given)) => Service::Viewer.run(given.flags),
        Some(Command::Health { url }) => crate::health::main(&url),
        Some(Command::Migrate(given)) => crate::migrate::main(given.flags),
        Some(Command::Doctor(given)) => crate::doctor::main(given.flags),
    }
}

const ABOUT: &str = "\
One request, one trace, four services and a viewer, started with one command.

Without a subcommand it starts viewer, audit, order, user and gateway as child processes, each \
when the one before is ready, with SQLite files under .tracechain/ in the current directory, and \
prints what to open and what to try. A child that dies is started again. Ctrl-C or SIGTERM stops \
gateway first and viewer last, so that nothing is lost; a second Ctrl-C kills them all at once.

`tracechain gateway --help` (user, order, audit, viewer) shows the flags of one service.";

const VARIABLES: &str = "\
Variables (from the environment, then from .env; an empty one counts as unset):
  GATEWAY_X, USER_X, ORDER_X, AUDIT_X, VIEWER_X
          reach that child alone, as X, and win over a plain X: USER_DATABASE_URL, ORDER_LOG_LEVEL
  PORT, METRICS_PORT, OTEL_SERVICE_NAME, NEXT_SERVICE_URL, DATABASE_URL
          are different in every process: refused without such a prefix
  every other variable reaches every child

  HOST                          where all of them listen                    [127.0.0.1]
  EDGE_PORT                     the gateway's second port, for browsers     [8080]
  GATEWAY_PORT                                                              [5000]
  USER_PORT, ORDER_PORT, AUDIT_PORT                                         [5001, 5002, 5003]
  VIEWER_PORT                   the viewer's pages                          [3000]
  VIEWER_QUERY_PORT             its trace query API                         [3200]
  VIEWER_OTLP_GRPC_PORT         its OTLP receivers                          [4317]
  VIEWER_OTLP_HTTP_PORT                                                     [4318]
  USER_DATABASE_URL, ...        sqlite:, postgres:// or mysql://            [sqlite:.tracechain/user.db, ...]
  OTEL_EXPORTER_OTLP_ENDPOINT   where spans and logs go; when it is set,
                                no viewer is started                        [the viewer]
  DRAIN_TIMEOUT_MS              how long a child may finish its work; it is
                                killed 5 s after that

Exit codes: 0 stopped in order, 1 failed, 2 the configuration or the command line is wrong.";

const HEALTH: &str = "\
Ask one URL whether it is well, for container health checks and scripts.

GETs the URL once, within 2 seconds and without a proxy, follows no redirect and prints the body \
of the answer. Exit code 0 on a 2xx answer, 1 on any other answer or none, with the reason on \
standard error.";
