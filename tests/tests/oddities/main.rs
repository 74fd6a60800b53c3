//! What no well-behaved client sends, at each port of one running system: no 5xx, no hang, no panic, the right status, and the services
//! are well afterwards.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod bodies;
mod bytes;
mod connections;
mod heads;
mod paths;
mod system;
mod wire;
