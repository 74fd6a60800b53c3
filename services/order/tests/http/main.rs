//! The order service's program from the outside, in front of a server in the place of audit-service.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod errors;
mod failures;
mod list;
mod order_service;
mod process;
mod spent;
mod status;
