//! The front page and the page of metrics in a real browser, as a newcomer meets them.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod accessible;
mod answers;
mod edge;
mod exercises;
mod measured;
mod metrics;
mod own_port;
mod path;
mod switches;
mod system;
mod token;
