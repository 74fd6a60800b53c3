//! Transactions, and when one may be repeated.
//!
//! Invariant: a transaction that is not committed leaves nothing behind. [`Transaction::rollback`] gives the connection back;
//! a dropped one closes its connection, on which the database rolls back.

use std::time::{Duration, Instant};

use super::{
    Database,
    engine::{Row, Value, fixed},
    error::{DbError, DbErrorKind},
    pool::Pooled,
    run::{Answer, Ask},
    statement::Statement,
};

const COMMIT: Statement = Statement::new("COMMIT", "COMMIT");
/// Repeats after the first try.
const MAX_REPEATS: u32 = 3;
/// Before the first repeat; doubled for each further one, and up to half of it more at random.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// A transaction. It begins with its first statement, whose span therefore also tells when no connection could be had.
pub struct Transaction {
    database: Database,
    pooled: Option<Pooled>,
    /// Its connection is gone, and with it what was done: nothing may follow, least of all a commit.
    lost: bool,
    attempt: u32,
}

impl Transaction {
    pub(super) fn new(database: Database, attempt: u32) -> Self {
        Self { database, pooled: None, lost: false, attempt }
    }

    /// Runs a statement that returns rows.
    ///
    /// # Errors
    /// As [`DbError`] says; roll back then.
    pub async fn fetch(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, DbError> {
        self.ask(statement, values, Ask::Fetch).await.map(|answer| answer.rows)
    }

    /// Runs a statement and returns the number of rows that it changed.
    ///
    /// # Errors
    /// As [`DbError`] says; roll back then.
    pub async fn execute(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<u64, DbError> {
        self.ask(statement, values, Ask::Execute).await.map(|answer| answer.changed)
    }

    /// Makes it lasting.
    ///
    /// # Errors
    /// As [`DbError`] says. After a lost connection nobody knows whether it was done: the request id tells at the repeat.
    pub async fn commit(mut self) -> Result<(), DbError> {
        if self.pooled.is_none() && !self.lost {
            return Ok(());
        }
        self.ask(&COMMIT, &[], Ask::Command).await?;
        if let Some(pooled) = self.pooled.take() {
            pooled.release();
        }
        Ok(())
    }

    /// Takes it back. A connection on which even that fails is closed, which does the same.
    pub async fn rollback(mut self) {
        let Some(mut pooled) = self.pooled.take() else { return };
        let rollback = self.database.ask(&mut pooled, fixed("ROLLBACK"), true, &[], Ask::Command);
        if rollback.await.is_ok() {
            pooled.release();
        }
    }

    async fn ask(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
        ask: Ask,
    ) -> Result<Answer, DbError> {
        let span = self.database.span(statement, self.attempt);
        let result = self.ask_begun(statement, values, ask, &span).await;
        Database::record(&span, &result);
        if result.as_ref().is_err_and(|error| !error.leaves_connection_usable())
            && let Some(pooled) = self.pooled.take()
        {
            pooled.lose();
            self.lost = true;
        }
        result
    }

    async fn ask_begun(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
        ask: Ask,
        span: &tracing::Span,
    ) -> Result<Answer, DbError> {
        let pooled = match &mut self.pooled {
            Some(pooled) => pooled,
            None if self.lost => {
                return Err(DbError::of_kind(self.database.name(), DbErrorKind::Unavailable));
            }
            none => none.insert(self.database.begun().await?),
        };
        self.database.timed(pooled, statement, values, ask, span).await
    }
}

/// How often a transaction is tried: the first time and at most three repeats after deadlocks, serialization failures and
/// busy locks, within the caller's deadline.
///
/// ```text
/// let mut attempts = Attempts::until(deadline);
/// loop {
///     match self.try_place_order(order, attempts.number()).await {
///         Err(error) if attempts.may_repeat(&error).await => {}
///         outcome => return outcome,
///     }
/// }
/// ```
pub struct Attempts {
    deadline: Instant,
    number: u32,
}

impl Attempts {
    /// Tries that end at `deadline`.
    #[must_use]
    pub fn until(deadline: Instant) -> Self {
        Self { deadline, number: 1 }
    }

    /// The present try, counted from 1; for [`Database::begin`].
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Whether to try again after `error`, having waited a moment so that the same transactions do not meet again.
    pub async fn may_repeat(&mut self, error: &DbError) -> bool {
        let pause = FIRST_PAUSE * 2_u32.pow(self.number - 1);
        let pause = pause + pause.mul_f64(rand::random_range(0.0..0.5));
        let in_time = Instant::now() + pause < self.deadline;
        if !error.is_contention() || self.number > MAX_REPEATS || !in_time {
            return false;
        }
        tokio::time::sleep(pause).await;
        self.number += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contention() -> DbError {
        DbError::of_kind("orders-db", DbErrorKind::Contention)
    }

    #[tokio::test]
    async fn contention_is_repeated_three_times() {
        let mut attempts = Attempts::until(Instant::now() + Duration::from_secs(10));
        let mut tries = 1;
        while attempts.may_repeat(&contention()).await {
            tries += 1;
            assert_eq!(attempts.number(), tries);
        }
        assert_eq!(tries, 4);
    }

    #[tokio::test]
    async fn nothing_is_repeated_after_the_deadline() {
        let mut attempts = Attempts::until(Instant::now());
        assert!(!attempts.may_repeat(&contention()).await);
    }

    #[tokio::test]
    async fn other_errors_are_not_repeated() {
        let mut attempts = Attempts::until(Instant::now() + Duration::from_secs(10));
        assert!(!attempts.may_repeat(&DbError::timeout("orders-db")).await);
    }
}
