//! Starts what the tests run against: real database servers, the services themselves, and things that misbehave on purpose.
//!
//! Invariant: nothing that was started here outlives the test run, whether tests end, panic or are killed.
//! What is not installed makes a test fail with what to install, unless `infra/test.sh` has listed it as not to be had.

mod account;
mod database;
mod engine;
mod environment;
mod installation;
mod poll;
mod ports;
mod private_server;
mod server;
mod shared_server;
mod template;
mod watchdog;

pub use database::{Database, sqlite};
pub use engine::Engine;
pub use poll::until;
pub use ports::Port;
pub use private_server::PrivateServer;
pub use server::Server;
pub use shared_server::{mariadb, mysql, postgres};
