//! Getting a database ready at start: waited for until it is there, then brought to the present schema.
//!
//! Invariant: of several processes that start at once on one database, one migrates and the others wait. Postgres and MySQL
//! have locks for that (sqlx takes them); beside a SQLite file lies a lock file.

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sqlx::{
    migrate::{MigrateError, Migrator},
    sqlite::SqliteError,
};

mod error;
mod migrations;

pub use self::{error::DbStartError, migrations::Migrations};

use super::{
    connect::Connector,
    engine::{Connection, fixed},
    error::DbError,
};
use crate::config::database::DatabaseArgs;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// One try to connect: a host that swallows packets must not use up the whole time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const LOCK_POLL: Duration = Duration::from_millis(20);

/// One start, with all that its steps need.
pub(super) struct Start<'a> {
    name: &'static str,
    args: &'a DatabaseArgs,
    connector: &'a Connector,
    migrator: &'static Migrator,
    deadline: Instant,
}

/// Why one try failed.
enum TryError {
    /// Worth another try.
    NotYet(String),
    Final(DbStartError),
}

impl<'a> Start<'a> {
    pub(super) fn new(
        args: &'a DatabaseArgs,
        name: &'static str,
        migrations: &Migrations,
        connector: &'a Connector,
    ) -> Result<Self, DbStartError> {
        let url = &args.database_url;
        let migrator = migrations.of(url.engine()).ok_or_else(|| DbStartError::WrongEngine {
            name,
            url: url.clone(),
            accepted: migrations.server(),
        })?;
        let deadline = Instant::now() + args.db_startup_timeout_ms;
        Ok(Self { name, args, connector, migrator, deadline })
    }

    /// Tries with growing pauses until the schema is there; returns `db.system.name`.
    pub(super) async fn run(&self) -> Result<&'static str, DbStartError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let last = match self.try_in_time().await {
                Ok(system) => return Ok(system),
                Err(TryError::Final(error)) => return Err(error),
                Err(TryError::NotYet(error)) => error,
            };
            if Instant::now() + pause >= self.deadline {
                return Err(self.not_ready(last));
            }
            tracing::warn!(
                database = self.name,
                url = %self.args.database_url,
                error = last,
                next_try_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX),
                "Database is not ready, trying again"
            );
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_in_time(&self) -> Result<&'static str, TryError> {
        tokio::time::timeout_at(self.deadline.into(), self.try_once()).await.unwrap_or_else(|_| {
            Err(TryError::NotYet("another process holds the migration lock".to_owned()))
        })
    }

    async fn try_once(&self) -> Result<&'static str, TryError> {
        // Held until the schema is there: switching a new file to WAL is not safe from two sides either.
        let _lock = match self.connector.file() {
            Some(file) => Some(self.lock_beside(file).await?),
            None => None,
        };
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, self.connector.connect());
        let mut connection = match connecting.await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(self.not_connected(error)),
            Err(_) => return Err(TryError::NotYet("no answer to the connection".to_owned())),
        };
        self.migrate(&mut connection).await?;
        let system = system_name(&mut connection).await;
        // A farewell that fails costs nothing: the work is done.
        let _ = connection.close().await;
        system.map_err(|error| TryError::NotYet(error.to_string()))
    }

    async fn migrate(&self, connection: &mut Connection) -> Result<(), TryError> {
        // `run` over a borrowed connection makes a future that cannot be spawned (`Acquire` is not general enough); sqlx has
        // `run_direct` for this.
        let migrated = match connection {
            Connection::Postgres(connection) => {
                self.migrator.run_direct(None, connection, false).await
            }
            Connection::MySql(connection) => {
                self.migrator.run_direct(None, connection, false).await
            }
            Connection::Sqlite(connection) => {
                self.migrator.run_direct(None, connection, false).await
            }
        };
        migrated.map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
                if is_passing(self.name, &error) =>
            {
                self.not_connected(error)
            }
            cause => TryError::Final(DbStartError::Migration {
                name: self.name,
                url: self.args.database_url.clone(),
                cause,
            }),
        })
    }

    /// Worth another try, unless it is a file that stays as it is. A server's wrong password or unknown database is worth one:
    /// a container answers so while it sets itself up.
    fn not_connected(&self, error: sqlx::Error) -> TryError {
        match (self.connector.file(), advice(&error, self.connector.file())) {
            (Some(path), Some(advice)) => TryError::Final(DbStartError::BrokenFile {
                name: self.name,
                url: self.args.database_url.clone(),
                path: path.to_owned(),
                why: format!("{error}; {advice}"),
            }),
            _ => TryError::NotYet(error.to_string()),
        }
    }

    /// Makes the folder of an embedded database and takes the lock file beside it.
    async fn lock_beside(&self, file: &Path) -> Result<File, TryError> {
        let path = PathBuf::from(format!("{}.lock", file.display()));
        let lock = create_with_parent(&path).map_err(|cause| {
            TryError::Final(DbStartError::File {
                url: self.args.database_url.clone(),
                path: path.clone(),
                cause,
            })
        })?;
        // Polled, for a blocked thread could not be given up at the deadline.
        while let Err(error) = lock.try_lock() {
            if let std::fs::TryLockError::Error(error) = error {
                return Err(TryError::NotYet(format!("{}: {error}", path.display())));
            }
            tokio::time::sleep(LOCK_POLL).await;
        }
        Ok(lock)
    }

    fn not_ready(&self, last: String) -> DbStartError {
        DbStartError::NotReady {
            name: self.name,
            url: self.args.database_url.clone(),
            within: self.args.db_startup_timeout_ms,
            last,
        }
    }
}

fn create_with_parent(path: &Path) -> std::io::Result<File> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    File::options().create(true).truncate(false).write(true).open(path)
}

fn is_passing(name: &'static str, error: &sqlx::Error) -> bool {
    DbError::kind_only(name, error).is_unavailable()
}

/// What to do about a SQLite file that another try would find the same; `None` for every other error.
fn advice(error: &sqlx::Error, file: Option<&Path>) -> Option<&'static str> {
    let error = error.as_database_error()?;
    error.try_downcast_ref::<SqliteError>()?;
    let code: i32 = error.code()?.parse().ok()?;
    // An extended code of READONLY may be passing, such as a recovery that another process has to do.
    match (code, code & 0xff) {
        _ if file.is_some_and(Path::is_dir) => Some("it is a folder; give the path of a file"),
        (8, _) => Some("let this user write the file and its folder, or give another path"),
        (_, 11 | 26) => {
            Some("restore it from a backup, or move it away to begin with an empty one")
        }
        (_, 14) => {
            Some("let this user read and write the file and its folder, or give another path")
        }
        _ => None,
    }
}

/// `db.system.name`: MariaDB answers to `mysql://` too, and says so in its version only.
async fn system_name(connection: &mut Connection) -> Result<&'static str, sqlx::Error> {
    match connection {
        Connection::Postgres(_) => Ok("postgresql"),
        Connection::Sqlite(_) => Ok("sqlite"),
        Connection::MySql(_) => {
            let rows = connection.fetch(fixed("SELECT VERSION()"), &[], false).await?;
            let version: String = rows.first().map_or(Ok(String::new()), |row| row.get(0))?;
            Ok(if version.contains("MariaDB") { "mariadb" } else { "mysql" })
        }
    }
}
