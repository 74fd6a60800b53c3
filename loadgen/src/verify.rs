//! The verifier: looks every trace up by its id and holds it against a contract.
//!
//! [`judge`] is pure: a contract, what is known of the request, and the spans that are there, in; a judgement out.
//! [`backend`] reads traces from Tempo (or the viewer) and Jaeger; [`queue`] looks every trace up, again and again until it is whole or its time
//! is over.
//!
//! Invariant: a trace is only called whole when every span is accounted for by the contract; what could not be read is never whole.

pub mod backend;
pub mod contract;
pub mod expectation;
pub mod judge;
pub mod queue;
pub mod span;
pub mod standalone;
pub mod summary;
pub mod verdict;
