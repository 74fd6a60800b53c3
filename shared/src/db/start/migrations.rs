//! A service's schemas.

use sqlx::migrate::Migrator;

use crate::db::Engine;

/// The schema of a service for each engine that it runs on, embedded by [`crate::db::migrator`]. An engine without migrations is
/// one the service does not run on.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    server: (Engine, &'static Migrator),
    sqlite: &'static Migrator,
}

impl Migrations {
    /// For a service on Postgres or SQLite.
    #[must_use]
    pub const fn postgres_or_sqlite(
        postgres: &'static Migrator,
        sqlite: &'static Migrator,
    ) -> Self {
        Self { server: (Engine::Postgres, postgres), sqlite }
    }

    /// For a service on MySQL (or MariaDB) or SQLite.
    #[must_use]
    pub const fn mysql_or_sqlite(mysql: &'static Migrator, sqlite: &'static Migrator) -> Self {
        Self { server: (Engine::MySql, mysql), sqlite }
    }

    /// The one that is no file.
    pub(super) fn server(&self) -> Engine {
        self.server.0
    }

    pub(super) fn of(&self, engine: Engine) -> Option<&'static Migrator> {
        match engine {
            Engine::Sqlite => Some(self.sqlite),
            engine => (engine == self.server.0).then_some(self.server.1),
        }
    }
}
