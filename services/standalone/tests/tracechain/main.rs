//! The real program, each time in a folder and on ports of its own, so that these tests run beside
//! anything else.

#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have fails it")]

mod command_line;
mod health;
mod place;
mod running;
mod values;
mod whole_system;
