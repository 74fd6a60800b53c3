//! A database server that is up: where it is, and fresh databases on it.

use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, PgConnection};

use crate::database::Database;
use crate::engine::Engine;
use crate::installation::USER;

/// The address of a running server, and the right to make databases on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Server {
    engine: Engine,
    port: u16,
    password: String,
}

impl Server {
    pub(crate) fn new(engine: Engine, port: u16, password: String) -> Self {
        Self { engine, port, password }
    }

    /// What runs here.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database that nobody else knows; it goes away with the value.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn database(&self) -> Database {
        let database = self.lasting_database().await;
        database.dropped_on(self.clone())
    }

    /// A database that goes away only with the server's folder.
    pub(crate) async fn lasting_database(&self) -> Database {
        let name = format!("t_{}", uuid::Uuid::new_v4().simple());
        let result = self.execute(format!("CREATE DATABASE {name}")).await;
        result.unwrap_or_else(|error| {
            panic!("cannot make a database on {} at port {}: {error}", self.engine, self.port)
        });
        Database::new(self.engine, self.url(&name), name)
    }

    /// Whether the server lets us in; the error says why not.
    pub(crate) async fn answers(&self) -> Result<(), sqlx::Error> {
        self.execute("SELECT 1".to_owned()).await
    }

    /// Removes a database, whoever is still connected to it.
    pub(crate) async fn drop_database(&self, name: &str) -> Result<(), sqlx::Error> {
        let force = if self.engine == Engine::Postgres { " WITH (FORCE)" } else { "" };
        self.execute(format!("DROP DATABASE IF EXISTS {name}{force}")).await
    }

    /// Runs one statement in the administrative database. The text is ours alone, never a test's input.
    async fn execute(&self, statement: String) -> Result<(), sqlx::Error> {
        if self.engine == Engine::Postgres {
            let mut connection = PgConnection::connect(&self.url("postgres")).await?;
            connection.execute(AssertSqlSafe(statement)).await?;
            connection.close().await
        } else {
            let mut connection = MySqlConnection::connect(&self.url("mysql")).await?;
            connection.execute(AssertSqlSafe(statement)).await?;
            connection.close().await
        }
    }

    fn url(&self, database: &str) -> String {
        let scheme = if self.engine == Engine::Postgres { "postgres" } else { "mysql" };
        format!("{scheme}://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }
}
