//! The three engines behind one connection type: what is asked is the same, how it is sent is each driver's.
//!
//! Values and rows are one type for all engines, so a statement is written, bound and read once. A service names the
//! engines it runs on by the migrations that it brings ([`Migrations`](super::Migrations)).

use std::fmt;

use sqlx::{
    Connection as _, MySqlConnection, PgConnection, SqlSafeStr as _, SqlStr, SqliteConnection,
    mysql::MySqlRow, postgres::PgRow, sqlite::SqliteRow,
};
use uuid::Uuid;

/// A database system that some service runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL 15 to 17.
    Postgres,
    /// MySQL 8.4 to 9.7 and MariaDB 10.11.
    MySql,
    /// SQLite in WAL mode.
    Sqlite,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "postgres://",
            Self::MySql => "mysql://",
            Self::Sqlite => "sqlite:",
        })
    }
}

/// A value bound to a placeholder. `None` is NULL.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// BIGINT: numbers, money in cents, times in microseconds since 1970.
    Integer(Option<i64>),
    /// TEXT, VARCHAR, CHAR.
    Text(Option<&'a str>),
    /// BYTEA, VARBINARY, BLOB.
    Bytes(Option<&'a [u8]>),
    /// UUID on Postgres, BINARY(16) on MySQL, a 16-byte BLOB on SQLite.
    Uuid(Option<Uuid>),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Integer(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(Some(value))
    }
}

impl From<Uuid> for Value<'_> {
    fn from(value: Uuid) -> Self {
        Self::Uuid(Some(value))
    }
}

impl From<Option<Uuid>> for Value<'_> {
    fn from(value: Option<Uuid>) -> Self {
        Self::Uuid(value)
    }
}

/// A row that a statement returned.
#[derive(Debug)]
pub struct Row(EngineRow);

enum EngineRow {
    Postgres(PgRow),
    MySql(MySqlRow),
    Sqlite(SqliteRow),
}

impl fmt::Debug for EngineRow {
    /// Rows hold people's data, so none is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

/// A type that a column of every engine can be read as: `i64`, `String`, `Vec<u8>`, `Uuid`, and `Option` of each.
pub trait Column:
    for<'r> sqlx::Decode<'r, sqlx::Postgres>
    + sqlx::Type<sqlx::Postgres>
    + for<'r> sqlx::Decode<'r, sqlx::MySql>
    + sqlx::Type<sqlx::MySql>
    + for<'r> sqlx::Decode<'r, sqlx::Sqlite>
    + sqlx::Type<sqlx::Sqlite>
{
}

impl<T> Column for T where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres>
        + sqlx::Type<sqlx::Postgres>
        + for<'r> sqlx::Decode<'r, sqlx::MySql>
        + sqlx::Type<sqlx::MySql>
        + for<'r> sqlx::Decode<'r, sqlx::Sqlite>
        + sqlx::Type<sqlx::Sqlite>
{
}

impl Row {
    /// Reads the column at `index`, counted from 0 in the order of the statement's own list.
    ///
    /// # Errors
    /// When there is no such column or it holds another type: a mistake in the statement.
    pub fn get<T: Column>(&self, index: usize) -> Result<T, sqlx::Error> {
        use sqlx::Row as _;
        match &self.0 {
            EngineRow::Postgres(row) => row.try_get(index),
            EngineRow::MySql(row) => row.try_get(index),
            EngineRow::Sqlite(row) => row.try_get(index),
        }
    }
}

/// A text that is the same for every request.
pub(super) fn fixed(text: &'static str) -> SqlStr {
    text.into_sql_str()
}

/// One connection, to one of the engines.
pub(super) enum Connection {
    Postgres(PgConnection),
    MySql(MySqlConnection),
    Sqlite(SqliteConnection),
}

/// Runs the same expression on whichever driver's connection it is.
macro_rules! on_driver {
    ($connection:expr, $driver:ident, $row:ident => $body:expr) => {
        match $connection {
            Connection::Postgres($driver) => {
                let $row = EngineRow::Postgres;
                $body
            }
            Connection::MySql($driver) => {
                let $row = EngineRow::MySql;
                $body
            }
            Connection::Sqlite($driver) => {
                let $row = EngineRow::Sqlite;
                $body
            }
        }
    };
}

/// The text with its values, for whichever driver the surrounding expression runs on.
macro_rules! bound {
    ($text:expr, $values:expr, $cached:expr) => {
        $values.iter().fold(sqlx::query($text).persistent($cached), |query, value| match *value {
            Value::Integer(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
            Value::Uuid(value) => query.bind(value),
        })
    };
}

impl Connection {
    /// Runs a statement and collects the rows that it returns.
    pub(super) async fn fetch(
        &mut self,
        text: SqlStr,
        values: &[Value<'_>],
        cached: bool,
    ) -> Result<Vec<Row>, sqlx::Error> {
        on_driver!(self, driver, row => {
            let rows = bound!(text, values, cached).fetch_all(driver).await?;
            Ok(rows.into_iter().map(|fetched| Row(row(fetched))).collect())
        })
    }

    /// Runs a statement that returns no rows and counts those that it changed.
    pub(super) async fn execute(
        &mut self,
        text: SqlStr,
        values: &[Value<'_>],
        cached: bool,
    ) -> Result<u64, sqlx::Error> {
        on_driver!(self, driver, _row => {
            Ok(bound!(text, values, cached).execute(driver).await?.rows_affected())
        })
    }

    /// Runs a command as it stands, unprepared: BEGIN, COMMIT, SET.
    pub(super) async fn command(&mut self, text: SqlStr) -> Result<(), sqlx::Error> {
        on_driver!(self, driver, _row => {
            sqlx::raw_sql(text).execute(driver).await.map(drop)
        })
    }

    pub(super) async fn ping(&mut self) -> Result<(), sqlx::Error> {
        on_driver!(self, driver, _row => driver.ping().await)
    }

    pub(super) async fn close(self) -> Result<(), sqlx::Error> {
        on_driver!(self, driver, _row => driver.close().await)
    }

    /// How a transaction begins. SQLite takes the write lock at once: a reader that turns writer later can only fail.
    pub(super) fn begin_text(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) | Self::MySql(_) => "BEGIN",
        }
    }
}
