//! Reconciliation against the real chain, and against lists that misbehave.
#![expect(
    clippy::unwrap_used,
    reason = "a test may fail so; what runs outside of a test function here belongs to one"
)]

mod asking;
mod chain;
mod lists;
