//! The real programs of the full stack, each started from the very files that compose mounts, on free ports and empty folders.
//!
//! Invariant: no configuration is written for a test, except Jaeger's, which stands in for Tempo and has none in the repository, and
//! Prometheus' lists of targets, which are where its addresses come in.

mod ask;
mod collector;
mod external;
mod jaeger;
mod loki;
mod prometheus;
mod restartable;
mod tempo;

pub use collector::{Collector, CollectorOptions};
pub use external::External;
pub use jaeger::Jaeger;
pub use loki::{Loki, Record};
pub use prometheus::{Prometheus, Sample, Target};
pub use tempo::Tempo;
