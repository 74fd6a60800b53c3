//! `tracechain doctor` on real programs: a system that is well, and one thing broken for each check.

#![expect(clippy::unwrap_used, reason = "what a test needs and cannot have fails it")]

mod command_line;
mod embedded;
mod full_stack;
mod said;
