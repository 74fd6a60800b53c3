//! The database engines, and what to say about one that is not here.

use std::fmt;

use crate::installation::Installation;
use crate::not_run;

/// A database engine that the services run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Engine {
    /// Debian's Postgres.
    Postgres,
    /// A real MySQL, from the cache folder or `/usr/sbin/mysqld`.
    MySql,
    /// Debian's MariaDB.
    MariaDb,
    /// A file; always here.
    Sqlite,
}

impl Engine {
    /// The name as `TRACECHAIN_NOT_RUN` and folders have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
            Self::MariaDb => "mariadb",
            Self::Sqlite => "sqlite",
        }
    }

    /// Whether a test has to pass over this engine, because `TRACECHAIN_NOT_RUN` lists it and it is really not here.
    ///
    /// Says so, by the name of the test, on stdout and in the report of `infra/test.sh`: nothing is skipped in silence.
    /// An engine that is missing without being listed is a failure: starting it panics with what to install.
    #[must_use]
    pub fn is_not_run(self) -> bool {
        let is_here = || self == Self::Sqlite || Installation::find(self).is_ok();
        not_run::is_passed_over(self.name(), &self.to_string(), is_here)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Postgres => "Postgres",
            Self::MySql => "MySQL",
            Self::MariaDb => "MariaDB",
            Self::Sqlite => "SQLite",
        })
    }
}
