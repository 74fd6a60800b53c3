//! `FAULTS` and `LAB`: a service does wrong what it was told to, all else as before, and it says so.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod context;
mod database;
mod down;
mod laboratory;
mod one_service;
mod requests;
mod spans;
mod told;
