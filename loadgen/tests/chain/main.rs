//! The real program against the real services: every process is one of its own, traces go to the viewer, rows to SQLite.
//!
//! What is expected never comes from what is tested: how many requests a fault has struck is counted by the service that struck them, and which
//! traces are not whole is seen in the viewer's store.

#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have fails it")]

mod any_system;
mod careless_proxy;
mod dropped_context;
mod good;
mod lost_spans;
mod many;
mod outage;
mod problems;
mod run;
mod stopped;
mod system;
mod trust;
mod watched;
