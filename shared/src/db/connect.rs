//! How a connection to each engine is opened.

use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _, MySqlConnection, PgConnection, SqliteConnection,
    mysql::MySqlConnectOptions,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::engine::{Connection, Engine, fixed};
use crate::{config::database::DatabaseUrl, server::bare};

/// How long SQLite waits for another process's write lock; below the limit of a statement, so it is told apart.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(3);
/// READ COMMITTED, for under REPEATABLE READ the winner of a duplicate key cannot be seen. Locks, a table's too, give up below
/// the limit of a statement: who went away when his deadline passed would else wait on in the server, one connection of it each.
const MYSQL_SESSION: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
    SET SESSION innodb_lock_wait_timeout = 3; SET SESSION lock_wait_timeout = 3";
/// As for MySQL. The limit of a statement is above ours, so that it ends only what nobody waits for any more.
const POSTGRES_SESSION: &str = "SET default_transaction_isolation = 'read committed'; \
    SET lock_timeout = '3s'; SET statement_timeout = '6s'";

/// A parsed address, ready to connect to. Statements are not logged by the driver: each has its span.
pub(super) enum Connector {
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>),
}

impl Connector {
    pub(super) fn new(url: &DatabaseUrl) -> Result<Self, sqlx::Error> {
        let text = url.expose();
        Ok(match url.engine() {
            Engine::Postgres => {
                let options: PgConnectOptions = text.parse()?;
                let host = bare(options.get_host()).to_owned();
                Self::Postgres(Box::new(options.host(&host).disable_statement_logging()))
            }
            Engine::MySql => {
                let options: MySqlConnectOptions = text.parse()?;
                let host = bare(options.get_host()).to_owned();
                Self::MySql(Box::new(options.host(&host).disable_statement_logging()))
            }
            Engine::Sqlite => Self::Sqlite(Box::new(sqlite_options(text)?)),
        })
    }

    /// A connection for requests' statements, which give up in time.
    pub(super) async fn open_session(&self) -> Result<Connection, sqlx::Error> {
        let mut connection = self.connect().await?;
        let session = match connection {
            Connection::Postgres(_) => POSTGRES_SESSION,
            Connection::MySql(_) => MYSQL_SESSION,
            Connection::Sqlite(_) => return Ok(connection),
        };
        connection.command(fixed(session)).await?;
        Ok(connection)
    }

    /// A connection as the server makes it: a migration may take its time.
    pub(super) async fn connect(&self) -> Result<Connection, sqlx::Error> {
        Ok(match self {
            Self::Postgres(options) => {
                Connection::Postgres(PgConnection::connect_with(options).await?)
            }
            Self::MySql(options) => {
                Connection::MySql(MySqlConnection::connect_with(options).await?)
            }
            Self::Sqlite(options) => {
                Connection::Sqlite(SqliteConnection::connect_with(options).await?)
            }
        })
    }

    /// `db.namespace`.
    pub(super) fn namespace(&self) -> String {
        let name = match self {
            Self::Postgres(options) => {
                // PostgreSQL's own rule: without a name the user's is taken.
                Some(options.get_database().unwrap_or_else(|| options.get_username()).to_owned())
            }
            Self::MySql(options) => options.get_database().map(ToOwned::to_owned),
            Self::Sqlite(options) => {
                options.get_filename().file_stem().map(|stem| stem.to_string_lossy().into_owned())
            }
        };
        name.unwrap_or_default()
    }

    /// `server.address` and `server.port`.
    pub(super) fn address(&self) -> Option<(String, u16)> {
        match self {
            Self::Postgres(options) => Some((options.get_host().to_owned(), options.get_port())),
            Self::MySql(options) => Some((options.get_host().to_owned(), options.get_port())),
            Self::Sqlite(_) => None,
        }
    }

    /// The file of an embedded database.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(options) => Some(options.get_filename()),
            Self::Postgres(_) | Self::MySql(_) => None,
        }
    }

    /// Connections held at most unless configured. On SQLite there is one writer anyway, and waiting for it in the pool's queue
    /// is fairer and quicker than SQLite's sleeping.
    pub(super) fn default_pool_size(&self) -> usize {
        match self {
            Self::Postgres(_) | Self::MySql(_) => 16,
            Self::Sqlite(_) => 1,
        }
    }
}

/// WAL, so readers and the writer do not wait for each other; NORMAL loses no commit when the process dies, only what the
/// machine had not written when it lost power.
fn sqlite_options(text: &str) -> Result<SqliteConnectOptions, sqlx::Error> {
    let options: SqliteConnectOptions = text.parse()?;
    Ok(options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(SQLITE_BUSY_TIMEOUT)
        .disable_statement_logging())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_is_connected_to_without_the_brackets_of_the_url() {
        for (url, port) in [("postgres://u:p@[::1]/d", 5432), ("mysql://u:p@[::1]:3307/d", 3307)] {
            let connector = Connector::new(&url.parse().unwrap()).unwrap();
            assert_eq!(connector.address(), Some(("::1".to_owned(), port)), "{url}");
        }
    }
}
