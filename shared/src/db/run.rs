//! Running one statement: a connection, the span, the clock, and what is to be done with the connection afterwards.

use std::time::Instant;

use sqlx::SqlStr;
use tracing::Span;

use super::{
    Database, STATEMENT_TIMEOUT,
    engine::{Row, Value, fixed},
    error::DbError,
    pool::Pooled,
    statement::{self, Statement},
};
use crate::faults;

/// How a statement is sent and what is expected back.
#[derive(Clone, Copy)]
pub(super) enum Ask {
    /// Rows.
    Fetch,
    /// A number of changed rows.
    Execute,
    /// Nothing.
    Command,
}

#[derive(Default)]
pub(super) struct Answer {
    pub(super) rows: Vec<Row>,
    pub(super) changed: u64,
    /// `None` for a command, which cannot return rows.
    returned: Option<usize>,
}

impl Database {
    pub(super) async fn run(
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
    pub(super) async fn timed(
        &self,
        pooled: &mut Pooled,
        statement: &Statement,
        values: &[Value<'_>],
        ask: Ask,
        span: &Span,
    ) -> Result<Answer, DbError> {
        let start = Instant::now();
        let result = match self.meet_fault().await {
            Ok(()) => {
                let (text, cached) = self.shared.comments.text_of(statement, span);
                self.ask(pooled, text, cached, values, ask).await
            }
            Err(error) => Err(error),
        };
        statement::record_duration(statement, start.elapsed(), span);
        result
    }

    /// Waits as long as the fault `db_latency` says, on the connection, as for a slow database. What leaves no span is not
    /// struck.
    async fn meet_fault(&self) -> Result<(), DbError> {
        let faults = if self.traced { faults::active() } else { None };
        let Some(delay) = faults.and_then(|faults| faults.database_delay()) else { return Ok(()) };
        tokio::time::sleep(delay.min(STATEMENT_TIMEOUT)).await;
        if delay < STATEMENT_TIMEOUT { Ok(()) } else { Err(DbError::timeout(self.name())) }
    }

    pub(super) async fn ask(
        &self,
        pooled: &mut Pooled,
        text: SqlStr,
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
    pub(super) async fn begun(&self) -> Result<Pooled, DbError> {
        loop {
            let mut pooled = self.acquire().await?;
            let begin = fixed(pooled.connection.begin_text());
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

    /// Whatever keeps a connection from being had, the database is not available: a password that was changed, a database that
    /// takes nobody in.
    pub(super) async fn acquire(&self) -> Result<Pooled, DbError> {
        self.shared.pool.acquire().await.map_err(|error| self.error(error).met_before_asking())
    }

    pub(super) fn span(&self, statement: &Statement, attempt: u32) -> Span {
        if self.traced { self.shared.target.span(statement, attempt) } else { Span::none() }
    }

    pub(super) fn record(span: &Span, result: &Result<Answer, DbError>) {
        statement::record_outcome(span, result.as_ref().map(|answer| answer.returned));
    }
}
