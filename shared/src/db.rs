//! A service's own database: a bounded pool, statements that leave a span and a metric each, and transactions.
//!
//! A service writes one text per operation, which runs on every engine it supports (`$1` on Postgres and SQLite, `?`
//! on MySQL and SQLite), binds [`Value`]s and reads [`Row`]s; which driver is underneath is settled here.
//!
//! Invariants: a span never carries a value that was bound. A future that is dropped in the middle of a statement or a
//! transaction closes its connection, and the database rolls back.

mod comment;
mod connect;
mod engine;
mod error;
mod migrator;
mod pool;
mod run;
mod start;
mod statement;
mod transaction;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use self::{
    comment::Comments, connect::Connector, pool::Pool, run::Ask, start::Start, statement::Target,
};
pub use self::{
    engine::{Column, Engine, Row, Value},
    error::{DbError, DbErrorKind},
    migrator::migrator,
    start::{DbStartError, Migrations},
    statement::Statement,
    transaction::{Attempts, Transaction},
};
use crate::{config::database::DatabaseArgs, metrics};

/// What a single statement may take. A database that hangs is then told from one that is slow, before the whole request's
/// time is up.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

/// A service's database. Clones share the pool.
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
    traced: bool,
}

struct Shared {
    pool: Arc<Pool>,
    target: Target,
    comments: Comments,
}

impl Database {
    /// Waits until the database is there (a WARN line per failed try), brings its schema up to date under a lock, and
    /// opens the pool. `name` is what spans and problems call it, such as `users-db`.
    ///
    /// # Errors
    /// [`DbStartError`]: at once when the address cannot be meant, else when the startup deadline has passed.
    pub async fn connect(
        args: &DatabaseArgs,
        name: &'static str,
        migrations: &Migrations,
    ) -> Result<Self, DbStartError> {
        let url = &args.database_url;
        let connector = Connector::new(url).map_err(|cause| DbStartError::Address {
            url: url.clone(),
            engine: url.engine(),
            cause,
        })?;
        let system = Start::new(args, name, migrations, &connector)?.run().await?;
        tracing::info!(database = name, system, %url, "Database is ready");
        let target =
            Target { name, system, namespace: connector.namespace(), address: connector.address() };
        let size = args.db_pool_size.map_or(connector.default_pool_size(), usize::from);
        let pool = Pool::new(connector, size);
        let watched = Arc::clone(&pool);
        metrics::db_pool(move || watched.state());
        let comments = Comments::new(args.db_comments, url.engine());
        Ok(Self { shared: Arc::new(Shared { pool, target, comments }), traced: true })
    }

    /// The database's name, as in `peer.service`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.shared.target.name
    }

    /// `db.system.name`: `postgresql`, `mysql`, `mariadb` or `sqlite`.
    #[must_use]
    pub fn system(&self) -> &'static str {
        self.shared.target.system
    }

    /// The same database, leaving metrics and no spans: for what no request asked for, such as the relay's polls.
    #[must_use]
    pub fn untraced(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), traced: false }
    }

    /// Runs a statement that returns rows. A SELECT that meets a connection which the server had left is run again on a
    /// new one.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn fetch(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, DbError> {
        self.run(statement, values, Ask::Fetch).await.map(|answer| answer.rows)
    }

    /// Runs a statement that returns at most one row.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn fetch_optional(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, DbError> {
        self.fetch(statement, values).await.map(|mut rows| rows.pop())
    }

    /// Runs a statement that returns exactly one row.
    ///
    /// # Errors
    /// As [`DbError`] says; no row at all is [`DbErrorKind::Other`].
    pub async fn fetch_one(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<Row, DbError> {
        let row = self.fetch_optional(statement, values).await?;
        row.ok_or_else(|| self.error(sqlx::Error::RowNotFound))
    }

    /// Runs a statement and returns the number of rows that it changed.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn execute(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<u64, DbError> {
        self.run(statement, values, Ask::Execute).await.map(|answer| answer.changed)
    }

    /// As [`Self::execute`], and again after deadlocks, serialization failures and busy locks, as [`Attempts`] says.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn execute_until(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
        deadline: Instant,
    ) -> Result<u64, DbError> {
        let mut attempts = Attempts::until(deadline);
        loop {
            match self.execute(statement, values).await {
                Err(error) if attempts.may_repeat(&error).await => {}
                outcome => return outcome,
            }
        }
    }

    /// A transaction: READ COMMITTED on Postgres and MySQL, with the write lock from the start on SQLite. `attempt` is
    /// [`Attempts::number`], or 1; from 2 on its spans carry it as `tracechain.attempt`.
    #[must_use]
    pub fn begin(&self, attempt: u32) -> Transaction {
        Transaction::new(self.clone(), attempt)
    }

    /// Whether the database answers within `limit`; untraced and uncounted, for `/health`.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn ping(&self, limit: Duration) -> Result<(), DbError> {
        let ping = async {
            let mut pooled = self.acquire().await?;
            match pooled.connection.ping().await {
                Ok(()) => pooled.release(),
                Err(error) => {
                    pooled.lose();
                    return Err(self.error(error));
                }
            }
            Ok(())
        };
        let timeout = || Err(DbError::timeout(self.name()));
        tokio::time::timeout(limit, ping).await.unwrap_or_else(|_| timeout())
    }

    /// Turns a failure to read a row into this database's error.
    #[must_use]
    pub fn error(&self, error: sqlx::Error) -> DbError {
        DbError::new(self.name(), error)
    }

    /// Closes the pool, after waiting briefly for what is in use.
    pub async fn close(&self) {
        self.shared.pool.close().await;
    }
}
