//! Starts what the tests run against: real database servers, the services themselves, and things that misbehave on purpose.
//!
//! Invariant: nothing that was started here outlives the test run, whether tests end, panic or are killed.
//! What is not installed makes a test fail with what to install, unless `infra/test.sh` has listed it as not to be had.

mod account;
mod answer;
mod axe;
mod backends;
mod browser;
mod chain;
mod chain_options;
pub mod conduct;
mod database;
pub mod drills;
mod engine;
mod environment;
mod fetched;
mod http_client;
mod installation;
mod nginx;
mod not_run;
mod output;
mod poll;
mod ports;
mod private_server;
mod program;
mod proxy;
mod relay;
mod scrape;
mod scratch;
mod server;
mod service;
mod shared_server;
mod sink;
mod system_ports;
mod template;
mod tree;
mod upstream;
mod watchdog;

pub use answer::request_id;
pub use axe::Axe;
pub use backends::{
    Collector, CollectorOptions, External, Jaeger, Loki, Prometheus, Record, Sample, Target, Tempo,
};
pub use browser::{Browser, Key};
pub use chain::{Chain, Instance};
pub use chain_options::{ChainOptions, Service};
pub use database::{Database, sqlite};
pub use engine::Engine;
pub use fetched::Fetched;
pub use http_client::http;
pub use nginx::{Nginx, NginxOptions};
pub use not_run::report as report_not_run;
pub use output::Line;
pub use poll::until;
pub use ports::Port;
pub use private_server::PrivateServer;
pub use program::{Process, Program, loadgen, tracechain};
pub use proxy::{Mode, Proxy};
pub use relay::Relay;
pub use scrape::Scrape;
pub use server::Server;
pub use service::{Answer, Running};
pub use shared_server::{mariadb, mysql, postgres};
pub use sink::{SeenSpan, Sink};
pub use system_ports::SystemPorts;
pub use tree::tree;
pub use upstream::{Received, Reply, Upstream};
