//! A service's own database: a bounded pool, statements that leave a span and a metric each, and transactions.
//!
//! A service writes one text per operation, which runs on every engine it supports (`$1` on Postgres and SQLite, `?`
//! on MySQL and SQLite), binds [`Value`]s and reads [`Row`]s; which driver is underneath is settled here.
//!
//! Invariants: a span never carries a value that was bound. A future that is dropped in the middle of a statement or a
//! transaction closes its connection, and the database rolls back.

mod connect;
mod engine;
mod error;
mod pool;
mod start;
mod statement;
mod transaction;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tracing::Span;

pub use self::{
    engine::{Column, Engine, Row, Value},
    error::{DbError, DbErrorKind},
    start::{DbStartError, Migrations},
    statement::Statement,
    transaction::{Attempts, Transaction},
};
use self::{
    connect::Connector,
    pool::{Pool, Pooled},
    start::Start,
    statement::Target,
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
}

/// How a statement is sent and what is expected back.
#[derive(Clone, Copy)]
enum Ask {
    /// Rows.
    Fetch,
    /// A number of changed rows.
    Execute,
    /// Nothing.
    Command,
}

#[derive(Default)]
struct Answer {
    rows: Vec<Row>,
    changed: u64,
    /// `None` for a command, which cannot return rows.
    returned: Option<usize>,
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
        let connector = Connector::new(url).map_err(|source| DbStartError::Address {
            url: url.clone(),
            engine: url.engine(),
            source,
        })?;
        let system = Start::new(args, name, migrations, &connector)?.run().await?;
        let target = Target {
            name,
            system,
            namespace: connector.namespace(),
            address: connector.address(),
        };
        let size = args.db_pool_size.map_or(connector.default_pool_size(), usize::from);
        let pool = Pool::new(connector, size);
        let watched = Arc::clone(&pool);
        metrics::db_pool(move || watched.state());
        Ok(Self { shared: Arc::new(Shared { pool, target }), traced: true })
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

    async fn run(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
        ask: Ask,
    ) -> Result<Answer, DbError> {
        let span = self.span(statement, 1);
        let mut result = self.run_once(statement, values, ask, &span).await;
        if let Err((_, true)) = result {
            result = self.run_once(statement, values, ask, &span).await;
        }
        let result = result.map_err(|(error, _)| error);
        Self::record(&span, &result);
        result
    }

    /// The flag beside the error: the connection had gone stale and the statement may be run again.
    async fn run_once(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
        ask: Ask,
        span: &Span,
    ) -> Result<Answer, (DbError, bool)> {
        let mut pooled = self.acquire().await.map_err(|error| (error, false))?;
        match self.timed(&mut pooled, statement, values, ask, span).await {
            Err(error) if !error.leaves_connection_usable() => {
                let stale = pooled.reused && error.is_connection_lost() && statement.is_read();
                pooled.lose();
                Err((error, stale))
            }
            result => {
                pooled.release();
                result.map_err(|error| (error, false))
            }
        }
    }

    /// Runs a statement on a connection and counts it.
    async fn timed(
        &self,
        pooled: &mut Pooled,
        statement: &Statement,
        values: &[Value<'_>],
        ask: Ask,
        span: &Span,
    ) -> Result<Answer, DbError> {
        let start = Instant::now();
        let result = self.ask(pooled, statement.text, statement.cached, values, ask).await;
        statement::record_duration(statement, start.elapsed(), span);
        result
    }

    async fn ask(
        &self,
        pooled: &mut Pooled,
        text: &'static str,
        cached: bool,
        values: &[Value<'_>],
        ask: Ask,
    ) -> Result<Answer, DbError> {
        let connection = &mut pooled.connection;
        let answer = async {
            match ask {
                Ask::Fetch => connection.fetch(text, values, cached).await.map(|rows| {
                    let returned = Some(rows.len());
                    Answer { rows, returned, ..Answer::default() }
                }),
                Ask::Execute => connection
                    .execute(text, values, cached)
                    .await
                    .map(|changed| Answer { changed, returned: Some(0), ..Answer::default() }),
                Ask::Command => connection.command(text).await.map(|()| Answer::default()),
            }
        };
        match tokio::time::timeout(STATEMENT_TIMEOUT, answer).await {
            Ok(result) => result.map_err(|error| self.error(error)),
            Err(_) => Err(DbError::timeout(self.name())),
        }
    }

    /// A connection on which a transaction has begun. BEGIN is harmless to repeat, so a stale connection is replaced.
    async fn begun(&self) -> Result<Pooled, DbError> {
        loop {
            let mut pooled = self.acquire().await?;
            let begin = pooled.connection.begin_text();
            match self.ask(&mut pooled, begin, true, &[], Ask::Command).await {
                Ok(_) => return Ok(pooled),
                Err(error) if error.leaves_connection_usable() => {
                    pooled.release();
                    return Err(error);
                }
                Err(error) => {
                    let stale = pooled.reused && error.is_connection_lost();
                    pooled.lose();
                    if !stale {
                        return Err(error);
                    }
                }
            }
        }
    }

    async fn acquire(&self) -> Result<Pooled, DbError> {
        self.shared.pool.acquire().await.map_err(|error| self.error(error))
    }

    fn span(&self, statement: &Statement, attempt: u32) -> Span {
        if self.traced { self.shared.target.span(statement, attempt) } else { Span::none() }
    }

    fn record(span: &Span, result: &Result<Answer, DbError>) {
        statement::record_outcome(span, result.as_ref().map(|answer| answer.returned));
    }
}
