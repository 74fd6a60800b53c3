//! The edge of the full stack: a real nginx on the template that compose mounts, in front of the chain or of a server that the test leads.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod access_log;
mod asking;
mod context;
mod errors;
mod files;
mod limits;
mod otel_module;
mod upstream;
