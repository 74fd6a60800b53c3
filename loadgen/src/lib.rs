//! Load for traced systems, with every single trace verified.
//!
//! Requests leave at their scheduled time whatever the answers do ([`load`]); each is a CLIENT root span ([`span`]); every one's
//! trace is looked up and held against a contract ([`verify`]); every one's rows are counted ([`reconcile`]).
//!
//! Invariants:
//! - Latency counts from the scheduled start, so that coordinated omission cannot hide a stall.
//! - Nothing is skipped in silence: a request that could not start, a trace that could not be judged, a row that could not be read are
//!   counted and told.
//! - State per request is bounded, whatever the answers are.

pub mod cli;
mod exit;
pub mod load;
pub mod outcome;
mod output;
mod progress;
pub mod reconcile;
pub mod report;
pub mod scenario;
mod session;
pub mod span;
pub mod verify;
pub mod watch;

pub use session::main;
