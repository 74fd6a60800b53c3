//! `tracechain migrate`: brings databases to the present schema and ends, for a deployment that does so once before its services start.
//!
//! Invariant: it does what a service does at its start, under the same lock, so it may race with services and with itself.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use shared::config::database::{DatabaseArgs, DatabaseUrl};
use shared::config::milliseconds;
use shared::db::{Database, DbStartError};

use crate::announcement::say;
use crate::failure::Failure;
use crate::services::Service;

/// Bring databases to the present schema and end.
#[derive(Debug, Parser)]
#[command(name = "tracechain migrate", long_about = ABOUT)]
struct Migrate {
    /// Whose database
    #[arg(value_enum, value_name = "SERVICE")]
    which: Which,
    /// user-service's database.
    #[arg(long, env, hide_env_values = true, value_parser = address)]
    user_database_url: Option<String>,
    /// order-service's database.
    #[arg(long, env, hide_env_values = true, value_parser = address)]
    order_database_url: Option<String>,
    /// audit-service's database.
    #[arg(long, env, hide_env_values = true, value_parser = address)]
    audit_database_url: Option<String>,
    /// The database of the one service that is named, as that service reads it.
    #[arg(long, env, hide_env_values = true, value_parser = address)]
    database_url: Option<String>,
    /// Milliseconds that each database may take to appear.
    #[arg(long, env, default_value = "60000", value_parser = milliseconds)]
    db_startup_timeout_ms: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    User,
    Order,
    Audit,
    All,
}

/// A service and the address of its database.
type Target = (Service, String);

/// Migrates what is named, one after another, and says with the exit code how it went.
pub(crate) fn main(flags: Vec<OsString>) -> ExitCode {
    if let Err(error) = shared::config::load_dotenv() {
        say(&error);
        return ExitCode::from(2);
    }
    let args = std::iter::once(OsString::from("tracechain migrate")).chain(flags);
    let given = match shared::config::parse::<Migrate>(args) {
        Ok(given) => given,
        Err(code) => return code,
    };
    let databases = match given.databases() {
        Ok(databases) => databases,
        Err(code) => return code,
    };
    ended(crate::single_threaded(async {
        for (service, args) in databases {
            migrate(service, &args).await?;
        }
        Ok(())
    }))
}

fn ended(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&failure.sentence);
            ExitCode::from(failure.exit_code)
        }
    }
}

impl Migrate {
    /// What each service would read. The exit code of what is wrong, which has been said.
    fn databases(&self) -> Result<Vec<(Service, DatabaseArgs)>, ExitCode> {
        let targets = self.targets().map_err(|failure| ended(Err(failure)))?;
        let within = self.db_startup_timeout_ms;
        targets.into_iter().map(|(service, url)| Ok((service, database(&url, within)?))).collect()
    }

    /// Refused before anything is touched where an address is missing.
    fn targets(&self) -> Result<Vec<Target>, Failure> {
        let services: &[Service] = match self.which {
            Which::User => &[Service::User],
            Which::Order => &[Service::Order],
            Which::Audit => &[Service::Audit],
            Which::All => &[Service::User, Service::Order, Service::Audit],
        };
        if self.which == Which::All && self.database_url.is_some() {
            return Err(Failure::refused(
                "DATABASE_URL is different for every service: with `migrate all` use \
                 USER_DATABASE_URL, ORDER_DATABASE_URL and AUDIT_DATABASE_URL",
            ));
        }
        services.iter().map(|service| Ok((*service, self.url(*service)?))).collect()
    }

    fn url(&self, service: Service) -> Result<String, Failure> {
        let own = match service {
            Service::User => &self.user_database_url,
            Service::Order => &self.order_database_url,
            _ => &self.audit_database_url,
        };
        own.as_ref().or(self.database_url.as_ref()).cloned().ok_or_else(|| {
            let prefix = service.prefix();
            Failure::refused(format!(
                "{prefix}DATABASE_URL is not set: give the address of {}-service's database, \
                 such as postgres://user:password@host:port/database",
                service.name()
            ))
        })
    }
}

async fn migrate(service: Service, args: &DatabaseArgs) -> Result<(), Failure> {
    say(&format!("{}: {}", service.name(), args.database_url));
    match service {
        Service::User => {
            up_to_date(user_service::store::Store::connect(args).await?.database()).await
        }
        Service::Order => {
            up_to_date(order_service::store::Store::connect(args).await?.database()).await
        }
        _ => up_to_date(audit_service::store::Store::connect(args).await?.database()).await,
    }
    Ok(())
}

async fn up_to_date(database: &Database) {
    say(&format!("{} ({}) has the present schema", database.name(), database.system()));
    database.close().await;
}

/// What a service would have read, but for the address.
fn database(url: &str, within: Duration) -> Result<DatabaseArgs, ExitCode> {
    #[derive(Parser)]
    struct Own {
        #[command(flatten)]
        database: DatabaseArgs,
    }
    let within = within.as_millis().to_string();
    let args = ["migrate", "--database-url", url, "--db-startup-timeout-ms", &within];
    shared::config::parse::<Own>(args.map(OsString::from)).map(|own| own.database)
}

/// The text itself, once it is seen to be an address.
fn address(text: &str) -> Result<String, String> {
    text.parse::<DatabaseUrl>().map(|_| text.to_owned())
}

impl From<DbStartError> for Failure {
    fn from(error: DbStartError) -> Self {
        let sentence = error.to_string();
        if error.is_configuration() { Self::refused(sentence) } else { Self::failed(sentence) }
    }
}

const ABOUT: &str = "\
Bring databases to the present schema and end: what the services do at their start, done once before any of them starts.

A lock lets one at a time do it, so this may run beside services, and beside itself. A database that is there already in its present \
schema is left as it is; one that does not answer yet is waited for.

Exit codes: 0 the schemas are there, 1 a database did not answer or could not be migrated, 2 the command line or a variable is wrong.";
