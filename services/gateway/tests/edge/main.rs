//! The gateway's program from the outside, in front of a server that answers as a test tells it.
#![expect(clippy::unwrap_used, reason = "what cannot go on is a failed test")]

mod browser;
mod configuration;
mod context;
mod documented;
mod errors;
mod failures;
mod gateway;
mod idempotency;
mod lab;
mod process;
mod reads;
mod register;
mod task;
