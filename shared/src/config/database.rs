//! Where a service's database is and how many connections it gets.
//!
//! Invariant: the password in `DATABASE_URL` is never printed, neither by `Debug` nor by `Display`.

use std::{fmt, num::NonZeroUsize, str::FromStr, time::Duration};

use clap::{ArgAction, Args};

use super::{milliseconds, whole_number};
use crate::db::Engine;

/// A service's own database.
#[derive(Args, Clone, Debug)]
pub struct DatabaseArgs {
    /// The database: `postgres://`, `mysql://` or `sqlite:`, whichever of them the service runs on.
    #[arg(long, env, hide_env_values = true, help_heading = "Database")]
    pub database_url: DatabaseUrl,
    /// Connections held at most. Default: 16, and 1 on SQLite, where writers only queue for each other.
    #[arg(long, env, value_parser = whole_number::<1000>, help_heading = "Database")]
    pub db_pool_size: Option<NonZeroUsize>,
    /// Milliseconds that the database may take to appear at start, while the connection is tried again.
    #[arg(long, env, default_value = "60000", value_parser = milliseconds, help_heading = "Database")]
    pub db_startup_timeout_ms: Duration,
    /// on: statements on Postgres and MySQL carry the ids of their span as a comment (sqlcommenter), so that a slow query's line leads to
    /// its trace; each costs one more round trip. off: they do not.
    #[arg(long, env, value_parser = on_or_off, action = ArgAction::Set, default_value = "off", help_heading = "Database")]
    pub db_comments: bool,
}

fn on_or_off(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("accepted: on, off".to_owned()),
    }
}

/// A database's address with a scheme that some service accepts.
#[derive(Clone)]
pub struct DatabaseUrl {
    engine: Engine,
    text: String,
}

impl DatabaseUrl {
    /// The engine that the scheme stands for.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The whole address, password included: for the driver only.
    pub(crate) fn expose(&self) -> &str {
        &self.text
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let engine = match text.split_once(':') {
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => Engine::Postgres,
            Some(("mysql" | "mariadb", rest)) if rest.starts_with("//") => Engine::MySql,
            Some(("sqlite", path)) if is_file(path) => Engine::Sqlite,
            _ => {
                return Err("accepted: postgres://user:password@host:port/database, \
                    mysql://user:password@host:port/database or sqlite:path/to/file.db"
                    .to_owned());
            }
        };
        Ok(Self { engine, text: text.to_owned() })
    }
}

/// A database in memory is gone with its connection, and a pool closes connections.
fn is_file(path: &str) -> bool {
    let path = path.trim_start_matches('/');
    !path.is_empty() && !path.starts_with(['?', ':']) && !path.contains("mode=memory")
}

impl fmt::Display for DatabaseUrl {
    /// Without the password, and without the query, which may hold one too. Where a password that is not percent-encoded leaves open which
    /// part is which, only the scheme is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.text.split('?').next().unwrap_or_default();
        let Some((scheme, rest)) = self.text.split_once("://") else { return f.write_str(shown) };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if path.contains('@') {
            return write!(f, "{scheme}://***");
        }
        let Some((user, host)) = authority.rsplit_once('@') else { return f.write_str(shown) };
        let name = user.split(':').next().unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        write!(f, "{scheme}://{name}:***@{host}{path}")
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_on_or_off_and_nothing_else() {
        assert_eq!((on_or_off("on"), on_or_off("OFF")), (Ok(true), Ok(false)));
        for refused in ["", "true", "1", "yes", "on "] {
            assert_eq!(on_or_off(refused).unwrap_err(), "accepted: on, off", "{refused}");
        }
    }

    #[test]
    fn each_scheme_names_its_engine() {
        let engine = |text: &str| text.parse::<DatabaseUrl>().unwrap().engine();
        assert_eq!(engine("postgres://u:p@h/d"), Engine::Postgres);
        assert_eq!(engine("postgresql://h/d"), Engine::Postgres);
        assert_eq!(engine("mysql://u:p@h:3306/d"), Engine::MySql);
        assert_eq!(engine("sqlite:data/users.db"), Engine::Sqlite);
        assert_eq!(engine("sqlite:///var/lib/users.db"), Engine::Sqlite);
    }

    #[test]
    fn another_scheme_is_told_what_is_accepted() {
        let in_memory = ["sqlite::memory:", "sqlite://users?mode=memory"];
        let others =
            ["", "users.db", "http://h/d", "postgres:h", "sqlite:", "sqlite://", "oracle://h/d"];
        for text in others.into_iter().chain(in_memory) {
            let error = text.parse::<DatabaseUrl>().unwrap_err();
            assert!(error.contains("mysql://") && error.contains("sqlite:"), "{text}: {error}");
        }
    }

    #[test]
    fn the_password_is_never_printed() {
        for (text, shown) in [
            ("postgres://app:s3cret@db:5432/users", "postgres://app:***@db:5432/users"),
            ("mysql://app:s3@cret@db/orders?ssl-mode=REQUIRED", "mysql://app:***@db/orders"),
            ("postgres://db/users?password=s3cret", "postgres://db/users"),
            ("postgres://db/users?password=s3@cret", "postgres://***"),
            ("postgres://app:s3?cret@db:5432/users", "postgres://***"),
            ("mysql://app:s3/cret@db", "mysql://***"),
            ("sqlite:data/users.db", "sqlite:data/users.db"),
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
        }
    }
}
