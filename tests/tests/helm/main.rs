//! The Helm chart, rendered by the real helm, and the values for the Collector's own chart: against Kubernetes' schemas, against what our
//! programs read, and against the full stack's files. No cluster is needed for it.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod collector;
mod containers;
mod databases;
mod migrate;
mod monitoring;
mod notes;
mod objects;
mod policies;
mod refusals;
mod render;
mod running;
mod scale;
mod settings;
mod yaml;
