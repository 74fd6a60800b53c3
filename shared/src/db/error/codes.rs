//! What the engines' error codes mean, and where they put values that a client sent.

use std::borrow::Cow;

use sqlx::{
    error::DatabaseError, mysql::MySqlDatabaseError, postgres::PgDatabaseError, sqlite::SqliteError,
};

use super::DbErrorKind;

pub(super) fn kind_of(error: &sqlx::Error) -> DbErrorKind {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Tls, WorkerCrashed};
    match error {
        Io(_) | Tls(_) | PoolTimedOut | PoolClosed | WorkerCrashed => DbErrorKind::Unavailable,
        sqlx::Error::Database(error) if error.is_unique_violation() => {
            DbErrorKind::Unique(constraint_of(error.as_ref()).into_owned())
        }
        sqlx::Error::Database(error) => kind_by_code(error.as_ref()),
        _ => DbErrorKind::Other,
    }
}

fn kind_by_code(error: &dyn DatabaseError) -> DbErrorKind {
    if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        return mysql_kind(error.number());
    }
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqliteError>().is_some() {
        return sqlite_kind(code.parse().unwrap_or_default());
    }
    postgres_kind(&code)
}

/// PostgreSQL, appendix A "Error Codes".
fn postgres_kind(code: &str) -> DbErrorKind {
    match code {
        "40001" | "40P01" | "55P03" => DbErrorKind::Contention,
        // Shutdown and starting up, cancelled by the server's or an administrator's limit, read-only, ended for being idle
        // or too long in a transaction, and a database or login taken away.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "57014" | "25006" | "25P03" | "25P04"
        | "3D000" | "28000" | "28P01" => DbErrorKind::Unavailable,
        // Connection exceptions, insufficient resources (disk, memory, connections), system errors, what the server
        // itself calls an internal error or corrupted.
        _ if ["08", "53", "58", "XX"].iter().any(|class| code.starts_with(class)) => {
            DbErrorKind::Unavailable
        }
        _ => DbErrorKind::Other,
    }
}

/// MySQL's server error reference, and MariaDB's for 1927.
fn mysql_kind(number: u16) -> DbErrorKind {
    match number {
        // Lock wait timeout, deadlock, a deadlock inside a group commit, and a lock that was not waited for.
        1205 | 1213 | 1614 | 3101 | 3572 => DbErrorKind::Contention,
        // Error of a file or of the storage engine (a full disk among them), full disk or table, too many connections, access
        // denied, unknown database, shutdown, network, no thread, failed commit, table of locks full, read-only, resource
        // limits, no binary log, killed, out of time, closed for inactivity, offline mode.
        3
        | 14
        | 20
        | 28
        | 1016
        | 1021
        | 1026
        | 1030
        | 1037
        | 1040
        | 1041
        | 1042
        | 1043
        | 1044
        | 1045
        | 1049
        | 1053
        | 1077..=1080
        | 1114
        | 1129
        | 1130
        | 1135
        | 1152
        | 1158..=1161
        | 1180
        | 1184
        | 1203
        | 1206
        | 1226
        | 1290
        | 1317
        | 1598
        | 1792
        | 1836
        | 1927
        | 1969
        | 3024
        | 3032
        | 3168
        | 3169
        | 4031 => DbErrorKind::Unavailable,
        _ => DbErrorKind::Other,
    }
}

/// SQLite's result codes; the low byte of an extended code is the primary one.
fn sqlite_kind(code: i32) -> DbErrorKind {
    match code & 0xff {
        // BUSY and LOCKED, BUSY_SNAPSHOT (517) among them.
        5 | 6 => DbErrorKind::Contention,
        // NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB.
        7 | 8 | 10 | 11 | 13 | 14 | 15 | 26 => DbErrorKind::Unavailable,
        _ => DbErrorKind::Other,
    }
}

pub(super) fn code_of(error: &dyn DatabaseError) -> Option<String> {
    match error.try_downcast_ref::<MySqlDatabaseError>() {
        Some(error) => Some(error.number().to_string()),
        None => error.code().map(Cow::into_owned),
    }
}

/// The name of the violated constraint: Postgres says it, MySQL and SQLite only in their message, where SQLite names
/// the column (`users.email`) and MySQL the key, with or without its table.
fn constraint_of(error: &dyn DatabaseError) -> Cow<'_, str> {
    if let Some(name) = error.constraint() {
        return Cow::Borrowed(name);
    }
    let message = error.message();
    if let Some((_, column)) = message.split_once("constraint failed: ") {
        return Cow::Owned(column.split(',').next().unwrap_or_default().replace('.', "_"));
    }
    // The value stands before the key in this message and may contain anything, so it is searched from the end.
    let key = message.trim_end_matches('\'').rsplit('\'').next().unwrap_or_default();
    Cow::Borrowed(key.rsplit('.').next().unwrap_or_default())
}

/// Integrity and data errors tell what was sent: in MySQL's message, in Postgres's detail and, for what it could not
/// read, its message.
pub(super) fn may_hold_values(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    if error.try_downcast_ref::<SqliteError>().is_some() {
        return false;
    }
    let state = error.code().unwrap_or_default();
    let is_postgres = error.try_downcast_ref::<PgDatabaseError>().is_some();
    // MySQL reports several data errors under the general state HY000.
    ["22", "23"].iter().any(|class| state.starts_with(class)) || (!is_postgres && state == "HY000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlocks_and_serialization_failures_may_be_repeated() {
        assert_eq!(postgres_kind("40001"), DbErrorKind::Contention);
        assert_eq!(postgres_kind("40P01"), DbErrorKind::Contention);
        assert_eq!(mysql_kind(1213), DbErrorKind::Contention);
        assert_eq!(mysql_kind(1205), DbErrorKind::Contention);
        assert_eq!(sqlite_kind(5), DbErrorKind::Contention);
        assert_eq!(sqlite_kind(517), DbErrorKind::Contention);
    }

    #[test]
    fn a_database_that_cannot_work_is_unavailable() {
        for code in
            ["57P01", "57P03", "08006", "53300", "53100", "25006", "58030", "57014", "XX001"]
        {
            assert_eq!(postgres_kind(code), DbErrorKind::Unavailable, "{code}");
        }
        for number in [1021, 1030, 1040, 1053, 1114, 1290, 1792, 1836, 1927, 3024, 4031] {
            assert_eq!(mysql_kind(number), DbErrorKind::Unavailable, "{number}");
        }
        for code in [8, 10, 13, 14, 778] {
            assert_eq!(sqlite_kind(code), DbErrorKind::Unavailable, "{code}");
        }
    }

    #[test]
    fn a_mistake_in_a_statement_is_neither() {
        assert_eq!(postgres_kind("42601"), DbErrorKind::Other);
        assert_eq!(mysql_kind(1064), DbErrorKind::Other);
        assert_eq!(sqlite_kind(1), DbErrorKind::Other);
        assert_eq!(kind_of(&sqlx::Error::RowNotFound), DbErrorKind::Other);
    }
}
