//! What a chain is to be made of.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::database::{self, Database};
use crate::engine::Engine;
use crate::shared_server::{mariadb, mysql, postgres};

/// A service of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// audit-service, the last.
    Audit,
    /// order-service.
    Order,
    /// user-service.
    User,
    /// The edge.
    Gateway,
}

impl Service {
    /// All of them, in the order in which they are started.
    pub const ALL: [Self; 4] = [Self::Audit, Self::Order, Self::User, Self::Gateway];

    /// Its subcommand of `tracechain`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Order => "order",
            Self::User => "user",
            Self::Gateway => "gateway",
        }
    }

    /// The one that it calls.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        match self {
            Self::Audit => None,
            Self::Order => Some(Self::Audit),
            Self::User => Some(Self::Order),
            Self::Gateway => Some(Self::User),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a chain is to be made of; without more, everything on SQLite and no telemetry exported.
#[derive(Debug, Default)]
pub struct ChainOptions {
    engines: HashMap<Service, Engine>,
    databases: HashMap<Service, Database>,
    env: HashMap<Service, Vec<(String, String)>>,
    otlp_endpoint: Option<String>,
    proxied: HashSet<Service>,
    database_proxied: HashSet<Service>,
}

impl ChainOptions {
    /// Every service on a file.
    #[must_use]
    pub fn sqlite() -> Self {
        Self::default()
    }

    /// User and audit on Postgres, order on `orders`.
    #[must_use]
    pub fn servers(orders: Engine) -> Self {
        Self::sqlite()
            .on(Service::User, Engine::Postgres)
            .on(Service::Order, orders)
            .on(Service::Audit, Engine::Postgres)
    }

    /// Whether an engine of these has to be passed over ([`Engine::is_not_run`], which says so); the test then returns.
    #[must_use]
    pub fn is_not_run(&self) -> bool {
        self.engines.values().any(|engine| engine.is_not_run())
    }

    /// Puts a service on a fresh database of an engine.
    #[must_use]
    pub fn on(mut self, service: Service, engine: Engine) -> Self {
        self.engines.insert(service, engine);
        self
    }

    /// Puts a service on a given database, for instance one of a private server.
    #[must_use]
    pub fn on_database(mut self, service: Service, database: Database) -> Self {
        self.databases.insert(service, database);
        self
    }

    /// Sets a variable of one service; wins over what the chain itself sets.
    #[must_use]
    pub fn env(mut self, service: Service, name: &str, value: &str) -> Self {
        self.set_env(service, name, value);
        self
    }

    /// Sets a variable of every service.
    #[must_use]
    pub fn env_all(mut self, name: &str, value: &str) -> Self {
        for service in Service::ALL {
            self.set_env(service, name, value);
        }
        self
    }

    /// Where traces and logs go; without it they are not exported.
    #[must_use]
    pub fn otlp(mut self, endpoint: impl Into<String>) -> Self {
        self.otlp_endpoint = Some(endpoint.into());
        self
    }

    /// Puts a proxy between a service and the one that calls it: [`crate::Chain::proxy`].
    #[must_use]
    pub fn proxied(mut self, service: Service) -> Self {
        self.proxied.insert(service);
        self
    }

    /// Puts a proxy between a service and its database: [`crate::Chain::database_proxy`].
    #[must_use]
    pub fn database_proxied(mut self, service: Service) -> Self {
        self.database_proxied.insert(service);
        self
    }

    pub(crate) fn set_env(&mut self, service: Service, name: &str, value: &str) {
        self.env.entry(service).or_default().push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn is_proxied(&self, service: Service) -> bool {
        self.proxied.contains(&service)
    }

    pub(crate) fn is_database_proxied(&self, service: Service) -> bool {
        self.database_proxied.contains(&service)
    }

    pub(crate) fn env_of(&self, service: Service) -> impl Iterator<Item = (String, String)> {
        self.env.get(&service).into_iter().flatten().cloned()
    }

    /// The exporters' variables: without an endpoint nothing may go to whatever listens on the standard port.
    pub(crate) fn telemetry(&self) -> Vec<(String, String)> {
        let variables = match &self.otlp_endpoint {
            Some(endpoint) => vec![
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
                ("OTEL_LOGS_EXPORTER", "otlp"),
            ],
            None => vec![("OTEL_TRACES_EXPORTER", "none"), ("OTEL_LOGS_EXPORTER", "none")],
        };
        variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The given databases, and fresh ones for the rest.
    pub(crate) async fn make_databases(&mut self) -> HashMap<Service, Database> {
        let mut databases = std::mem::take(&mut self.databases);
        for service in [Service::Audit, Service::Order, Service::User] {
            if let Entry::Vacant(missing) = databases.entry(service) {
                let engine = self.engines.get(&service).copied().unwrap_or(Engine::Sqlite);
                missing.insert(fresh(engine).await);
            }
        }
        databases
    }
}

async fn fresh(engine: Engine) -> Database {
    match engine {
        Engine::Postgres => postgres().await.database().await,
        Engine::MySql => mysql().await.database().await,
        Engine::MariaDb => mariadb().await.database().await,
        Engine::Sqlite => database::sqlite(),
    }
}
