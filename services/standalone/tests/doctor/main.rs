//! `tracechain doctor` on real programs: a system that is well, and one thing broken for each check.

mod command_line;
mod embedded;
mod full_stack;
mod said;
