//! A database server that is there and says no: read-only after a failover, no connection free, nobody let in, a table locked,
//! sessions ended by an administrator, a full disk. The service answers 503 that names the database, writes nothing of what it refused
//! and nothing twice, and goes on by itself as soon as the server does.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod full_disk;
mod mysql;
mod postgres;
mod subject;
mod tmpfs;
