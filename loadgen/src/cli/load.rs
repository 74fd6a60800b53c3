//! How much load, and how fast.

use std::{num::NonZeroUsize, time::Duration};

use clap::{Args, ValueEnum};
use shared::config::whole_number;

use super::{Ramp, positive_duration, ramp, rate, target};

/// What connections an open loop may hold: a server that stalls for a second at 200 requests a second needs as many.
pub const OPEN_CONNECTIONS: usize = 512;
/// What a closed loop holds.
pub const CLOSED_CONNECTIONS: usize = 32;

/// How much load, and how fast.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Load")]
pub struct LoadArgs {
    /// Where requests go: scheme, host and port.
    #[arg(long, env = "LOADGEN_TARGET", default_value = "http://127.0.0.1:8080", value_name = "URL", value_parser = target)]
    pub target: http::Uri,
    /// Requests per second of the open loop. Default: 50; with --watch 1.
    #[arg(long, value_parser = rate, conflicts_with_all = ["closed", "ramp"])]
    pub rate: Option<f64>,
    /// When requests leave: evenly spaced, or as independent callers come.
    #[arg(long, default_value = "constant", conflicts_with = "closed")]
    pub arrivals: Arrivals,
    /// Closed loop: each connection sends its next request when the answer to the last is there. For throughput; its latencies hide stalls.
    #[arg(long)]
    pub closed: bool,
    /// Connections held at most. Default: 512, closed loop 32.
    #[arg(long, value_name = "N", value_parser = whole_number::<65_536>)]
    pub connections: Option<NonZeroUsize>,
    /// Raise the rate in steps: FROM..TO/LENGTH, such as 100..2000/10s. --duration says how many steps; without it ten.
    #[arg(long, value_name = "FROM..TO/LENGTH", value_parser = ramp, conflicts_with_all = ["closed", "requests"])]
    pub ramp: Option<Ramp>,
    /// How long requests are sent, such as 30s, 5m or 1h. Default: 10s; with --watch until stopped.
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, conflicts_with = "requests")]
    pub duration: Option<Duration>,
    /// How many requests are sent, instead of a duration.
    #[arg(long, value_name = "N", value_parser = whole_number::<1_000_000_000>)]
    pub requests: Option<NonZeroUsize>,
    /// Send at the same rate for so long before the figures begin. What is sent then is verified and reconciled too.
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub warm_up: Option<Duration>,
    /// The longest that a request may take from its scheduled start; one that could not even start by then is counted as not started.
    // The exporters' flags have the plain id.
    #[arg(id = "request_timeout", long = "timeout", value_name = "DURATION", default_value = "10s", value_parser = positive_duration)]
    pub timeout: Duration,
}

/// How arrivals are spaced.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Arrivals {
    /// Evenly.
    Constant,
    /// A Poisson process, conditioned on the same count.
    Poisson,
}
