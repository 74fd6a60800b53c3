//! From a statement in a database server's own list or log to the trace that it belongs to: the comment that statements carry
//! with `DB_COMMENTS=on`, read where an administrator would read it, leads to the very span in the viewer.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod comment;
mod mysql;
mod postgres;
mod service;
