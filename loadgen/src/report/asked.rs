//! What a run was asked to do.

use schemars::JsonSchema;
use serde::Serialize;

/// What was asked for; enough to ask for the same again.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Asked {
    /// Where requests went: scheme, host and port.
    pub target: String,
    /// `process`, `register`, `mixed`, or the file of the scenario.
    pub scenario: String,
    /// Order, users and contents of the requests follow from it.
    pub seed: u64,
    /// How many users the requests were spread over.
    pub users: u64,
    /// How requests were timed.
    pub load: Load,
    /// Connections held at most.
    pub connections: u64,
    /// How long requests were to be sent, in seconds; absent where a number of requests or no end was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// How many requests were to be sent; absent where a duration or no end was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// How long the warm-up before the figures lasted, in seconds; 0 without one.
    pub warm_up_seconds: f64,
    /// The longest that a request could take from its scheduled start, in seconds.
    pub timeout_seconds: f64,
    /// When the load began, RFC 3339 in UTC.
    pub started_at: String,
}

/// How requests were timed.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "loop", rename_all = "snake_case")]
pub enum Load {
    /// Requests left at their scheduled time, whatever the answers did; latency counts from that time.
    Open {
        /// Requests per second.
        rate: f64,
        /// `constant` or `poisson`.
        arrivals: String,
    },
    /// An open loop whose rate rises in steps.
    Ramp {
        /// Requests per second of the first step.
        from: f64,
        /// Requests per second of the last step.
        to: f64,
        /// How long each step lasted, in seconds.
        step_seconds: f64,
        /// Requests per second over all steps: those that were to be sent by the time that they take.
        rate: f64,
        /// `constant` or `poisson`.
        arrivals: String,
    },
    /// Each connection sent its next request when the answer to the last was there; latency counts from the sending and hides stalls.
    Closed,
}

impl Load {
    /// Requests per second asked for, of a ramp over all its steps; `None` of a closed loop.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        match self {
            Self::Open { rate, .. } | Self::Ramp { rate, .. } => Some(*rate),
            Self::Closed => None,
        }
    }
}
