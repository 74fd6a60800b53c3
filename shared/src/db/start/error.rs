//! Why a service cannot start on its database, and what to do about it.

use std::{path::PathBuf, time::Duration};

use sqlx::migrate::MigrateError;

use crate::{config::database::DatabaseUrl, db::engine::Engine};

/// Why a service cannot start on its database. Each text is whole: the cause is in it, and is no `source` that would be
/// printed a second time.
#[derive(Debug, thiserror::Error)]
pub enum DbStartError {
    /// The service does not run on this engine.
    #[error(
        "DATABASE_URL is {url}, but {name} runs on {accepted} or sqlite: only; give it such an address"
    )]
    WrongEngine {
        /// The database's name.
        name: &'static str,
        /// What was given.
        url: DatabaseUrl,
        /// The other engine that is accepted.
        accepted: Engine,
    },
    /// The address has the right scheme and cannot be read all the same.
    #[error(
        "DATABASE_URL is {url}, which cannot be read: {cause}; accepted: {engine}..., percent-encoded"
    )]
    Address {
        /// What was given.
        url: DatabaseUrl,
        /// The engine of its scheme.
        engine: Engine,
        /// What the driver makes of it.
        cause: sqlx::Error,
    },
    /// The folder of the SQLite file or its lock file cannot be written.
    #[error("{} for DATABASE_URL {url} cannot be written: {cause}; give a path that can be", path.display())]
    File {
        /// What was given.
        url: DatabaseUrl,
        /// The folder or lock file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The SQLite file is there and no database, or cannot be opened: waiting would not mend it.
    #[error("{} for DATABASE_URL {url} cannot be used as {name}: {why}", path.display())]
    BrokenFile {
        /// The database's name.
        name: &'static str,
        /// What was given.
        url: DatabaseUrl,
        /// The file.
        path: PathBuf,
        /// What SQLite says, and what to do.
        why: String,
    },
    /// It did not appear in time.
    #[error(
        "{name} at {url} was not ready within {} s: {last}; start it, correct DATABASE_URL, or raise DB_STARTUP_TIMEOUT_MS",
        within.as_secs_f64()
    )]
    NotReady {
        /// The database's name.
        name: &'static str,
        /// What was given.
        url: DatabaseUrl,
        /// How long it was tried.
        within: Duration,
        /// The last failure.
        last: String,
    },
    /// The schema cannot be brought up to date.
    #[error(
        "the schema of {name} at {url} cannot be migrated: {cause}; run the version of the program that made it, or repair it"
    )]
    Migration {
        /// The database's name.
        name: &'static str,
        /// What was given.
        url: DatabaseUrl,
        /// What went wrong.
        cause: MigrateError,
    },
}

impl DbStartError {
    /// Whether `DATABASE_URL` itself is what has to change: another engine's, one that cannot be read, or a database with
    /// another schema than this service's.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        use MigrateError::{VersionMismatch, VersionMissing};
        match self {
            Self::WrongEngine { .. } | Self::Address { .. } => true,
            Self::Migration { cause, .. } => {
                matches!(cause, VersionMissing(_) | VersionMismatch(_))
            }
            Self::File { .. } | Self::BrokenFile { .. } | Self::NotReady { .. } => false,
        }
    }
}
