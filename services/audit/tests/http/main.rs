//! The audit service's program from the outside.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod audit_service;
mod errors;
mod list;
mod process;
