//! The user service's program from the outside, in front of a server in the place of order-service.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod errors;
mod failures;
mod idempotency;
mod process;
mod reads;
mod register;
mod user_service;
