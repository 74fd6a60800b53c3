//! What every tracechain process must do identically: configuration, telemetry, propagation, the server layer, the
//! client, instrumented databases, health and problems.
//!
//! Invariant: no business type lives here, and every name that leaves the process is written down in [`names`].
#![warn(missing_docs)]

pub mod chain;
pub mod client;
pub mod config;
pub mod db;
pub mod faults;
pub mod health;
pub mod json;
pub mod metrics;
pub mod names;
pub mod page;
pub mod problem;
pub mod process;
pub mod propagation;
pub mod scope;
pub mod server;
pub mod telemetry;
pub mod timestamp;
pub mod token;
