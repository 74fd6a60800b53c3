//! What a database can answer instead of a result, as a service has to tell it apart: 409, 503 or 500.
//!
//! Invariant: no value that a client sent is in an error's text or in its source. MySQL prints the duplicate value into
//! its message, and Postgres the value that it could not read, so of those errors only type, code and constraint are kept.

use std::{error::Error, fmt};

mod codes;

/// A failed statement or transaction, with the database it failed on.
#[derive(Debug)]
pub struct DbError {
    database: &'static str,
    kind: DbErrorKind,
    code: Option<String>,
    source: Option<sqlx::Error>,
}

/// What happened, as far as the caller has to tell it apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DbErrorKind {
    /// A unique constraint already holds this value; the name is `<table>_<column>` on Postgres and SQLite, and the
    /// key's on MySQL.
    Unique(String),
    /// Deadlock, serialization failure or a lock that was not free in time: the transaction may be repeated.
    Contention,
    /// The database cannot be reached or cannot work: lost connection, shutdown, read-only, full disk, no free connection.
    Unavailable,
    /// The statement took longer than [`STATEMENT_TIMEOUT`](super::STATEMENT_TIMEOUT); its connection is closed.
    Timeout,
    /// A mistake in a statement or in how its answer is read.
    Other,
}

impl DbError {
    pub(super) fn new(database: &'static str, error: sqlx::Error) -> Self {
        let kind = codes::kind_of(&error);
        let code = error.as_database_error().and_then(codes::code_of);
        let source = (!codes::may_hold_values(&error)).then_some(error);
        Self { database, kind, code, source }
    }

    pub(super) fn timeout(database: &'static str) -> Self {
        Self::of_kind(database, DbErrorKind::Timeout)
    }

    pub(super) fn of_kind(database: &'static str, kind: DbErrorKind) -> Self {
        Self { database, kind, code: None, source: None }
    }

    /// The same with another kind: it was met where nothing was asked yet.
    pub(super) fn met_before_asking(self) -> Self {
        Self { kind: DbErrorKind::Unavailable, ..self }
    }

    /// For an error that stays with its owner.
    pub(super) fn kind_only(database: &'static str, error: &sqlx::Error) -> Self {
        Self::of_kind(database, codes::kind_of(error))
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> &DbErrorKind {
        &self.kind
    }

    /// The database's name, as in `peer.service`: what a `dependency_unavailable` problem names.
    #[must_use]
    pub fn database(&self) -> &'static str {
        self.database
    }

    /// Whether the answer is 503 `dependency_unavailable` and not 500: another try later may well succeed.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        use DbErrorKind::{Contention, Timeout, Unavailable};
        matches!(self.kind, Unavailable | Timeout | Contention)
    }

    /// Whether repeating the whole transaction is the cure.
    #[must_use]
    pub fn is_contention(&self) -> bool {
        self.kind == DbErrorKind::Contention
    }

    /// Whether the unique constraint over this column of this table was violated, whatever the engine calls it.
    #[must_use]
    pub fn violates(&self, table: &str, column: &str) -> bool {
        let DbErrorKind::Unique(constraint) = &self.kind else { return false };
        constraint.strip_prefix(table).and_then(|rest| rest.strip_prefix('_')) == Some(column)
    }

    /// `error.type` of the span: low in cardinality, never a value.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self.kind {
            DbErrorKind::Unique(_) => "unique_violation",
            DbErrorKind::Contention => "contention",
            DbErrorKind::Unavailable => "unavailable",
            DbErrorKind::Timeout => "timeout",
            DbErrorKind::Other => "database_error",
        }
    }

    /// `db.response.status_code`: the SQLSTATE on Postgres, the number on MySQL, the extended result code on SQLite.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Whether the server or the way to it is gone.
    pub(super) fn is_connection_lost(&self) -> bool {
        self.kind == DbErrorKind::Unavailable
    }

    /// Whether the server answered in order, so the connection can serve the next statement.
    pub(super) fn leaves_connection_usable(&self) -> bool {
        self.code.is_some() && !self.is_connection_lost()
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = self.database;
        match &self.kind {
            DbErrorKind::Unique(name) => {
                write!(f, "{database}: unique constraint {name} violated")?
            }
            DbErrorKind::Contention => write!(f, "{database}: other transactions were in the way")?,
            DbErrorKind::Unavailable => write!(f, "{database} is not available")?,
            DbErrorKind::Timeout => write!(f, "{database} did not answer in time")?,
            DbErrorKind::Other => write!(f, "{database} refused the statement")?,
        }
        self.code().map_or(Ok(()), |code| write!(f, " (code {code})"))
    }
}

impl Error for DbError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_is_unavailable_and_names_the_database() {
        let lost = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let error = DbError::new("users-db", sqlx::Error::Io(lost));
        assert!(error.is_unavailable() && error.is_connection_lost());
        assert!(!error.leaves_connection_usable());
        assert_eq!(error.to_string(), "users-db is not available");
        assert_eq!(error.error_type(), "unavailable");
        assert!(error.source().is_some());
    }
}
