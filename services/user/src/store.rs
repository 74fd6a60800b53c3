//! All SQL of the user service, on Postgres and SQLite: users, registrations and requests.
//!
//! Invariant: every write is one statement or one transaction, under a unique `request_id`; what a repeat finds is what the
//! first one wrote.

mod registrations;
mod requests;
mod users;

use std::sync::LazyLock;

use include_dir::include_dir;
use shared::{
    config::database::DatabaseArgs,
    db::{Database, DbError, DbStartError, Migrations, migrator},
    names,
};
use sqlx::migrate::Migrator;

pub use self::{
    registrations::{NewRegistration, Registration},
    requests::Claim,
    users::{NewUser, Position, User},
};

static POSTGRES: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(const { &include_dir!("$CARGO_MANIFEST_DIR/../../db/user/postgres") })
});
static SQLITE: LazyLock<Migrator> =
    LazyLock::new(|| migrator(const { &include_dir!("$CARGO_MANIFEST_DIR/../../db/user/sqlite") }));

/// The user service's database.
#[derive(Clone)]
pub struct Store {
    db: Database,
}

/// Why a user or a registration was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The e-mail address belongs to another user.
    #[error("the e-mail address belongs to another user")]
    EmailTaken,
    /// The request id has already created another user.
    #[error("the request id has already created another user")]
    RequestReused,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Store {
    /// Connects, waiting for the database, and brings its schema up to date.
    pub async fn connect(args: &DatabaseArgs) -> Result<Self, DbStartError> {
        let migrations = Migrations::postgres_or_sqlite(&POSTGRES, &SQLITE);
        let db = Database::connect(args, names::database::USERS, &migrations).await?;
        Ok(Self { db })
    }

    /// The database itself, for health checks and closing.
    pub fn database(&self) -> &Database {
        &self.db
    }
}
