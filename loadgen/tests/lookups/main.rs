//! Traces are read from real backends and from ones that misbehave, and looked up until they have their verdict.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod backend;
mod jaeger;
mod made;
mod outage;
mod queue;
mod standalone;
mod trouble;
