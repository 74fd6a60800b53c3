//! The whole system while something fails: a hop, the outbox's other end, a process that stops, a client that goes away, a
//! database, and many who want the same thing at once. Real processes, real databases, the viewer as the sink of all spans.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod asking;
mod body_size;
mod clients;
mod database_lock;
mod database_outage;
mod drain;
mod hop;
mod hops;
mod limits;
mod load;
mod outbox;
mod outbox_workers;
mod races;
mod raw;
mod rows;
mod starting;
mod traces;
