//! The viewer: OTLP in; traces, logs and a service map out. It stands in for Collector, Tempo and Loki in the embedded
//! default, and the tests read what the services exported from it.
//!
//! - `receive`: OTLP over gRPC and HTTP, protobuf and JSON, gzip; every body bounded.
//! - `ingest` over `wire`: checks each item and leaves it encoded.
//! - `store`: encoded spans by trace and log records, within one budget of bytes, oldest out first.
//! - `pages` and `live`: what people look at, and how it learns of changes.
//! - `metrics` over `scrape`: the services' own metrics, read from their `/metrics`, of the last 30 minutes.
//! - `query` over `traceql`: the part of Tempo's API that curl, Grafana and the verifier use, and the viewer's own routes.
//! - `untrusted`: what strangers send, without a port around it, for the fuzz targets.
//!
//! It emits no spans: what it would say about itself it would have to store.

mod config;
mod ids;
mod ingest;
mod listen;
mod live;
mod metrics;
mod otlp_json;
mod pages;
mod process;
mod query;
mod receive;
mod scrape;
mod store;
mod traceql;
pub mod untrusted;
mod viewer;
mod wire;

pub use config::Config;
pub use ids::{BadTraceId, SpanId, TraceId};
pub use process::main;
pub use scrape::{Target, Targets};
pub use store::{Lookup, MIN_BUDGET_BYTES, ServiceLog, ServiceSpan, Stats, Store, Trace};
pub use viewer::{Addresses, Viewer, run};
