//! The database engines, and what to say about one that is not here.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;

use crate::environment;
use crate::installation::Installation;

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
        if self == Self::Sqlite
            || !environment::listed_as_not_run(self.name())
            || Installation::find(self).is_ok()
        {
            return false;
        }
        let thread = std::thread::current();
        let line = format!("not run: {self}: {}", thread.name().unwrap_or("a test"));
        println!("{line}");
        if let Some(report) = environment::not_run_report() {
            report_line(&report, &line)
                .unwrap_or_else(|error| panic!("cannot write {}: {error}", report.display()));
        }
        true
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

fn report_line(report: &std::path::Path, line: &str) -> std::io::Result<()> {
    // One write per line, so that lines of several test processes do not mix.
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(report)?
        .write_all(format!("{line}\n").as_bytes())
}
