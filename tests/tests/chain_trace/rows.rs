//! What the databases hold, read past the services.

use sqlx::{
    AssertSqlSafe, Connection as _, Error, Executor as _, MySqlConnection, PgConnection, Row as _,
    SqliteConnection,
};
use testbed::{Database, Engine};

/// The first column of every row, as text; NULL is empty.
pub(crate) async fn texts(database: &Database, query: &str) -> Vec<String> {
    let texts = match database.engine {
        Engine::Postgres => postgres(&database.url, query).await,
        Engine::Sqlite => sqlite(&database.url, query).await,
        Engine::MySql | Engine::MariaDb => mysql(&database.url, query).await,
    };
    let texts = texts.unwrap_or_else(|error| panic!("{query}: {error}"));
    texts.into_iter().map(Option::unwrap_or_default).collect()
}

async fn postgres(url: &str, query: &str) -> Result<Vec<Option<String>>, Error> {
    let rows = PgConnection::connect(url).await?.fetch_all(AssertSqlSafe(query.to_owned())).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

async fn mysql(url: &str, query: &str) -> Result<Vec<Option<String>>, Error> {
    let mut connection = MySqlConnection::connect(url).await?;
    let rows = connection.fetch_all(AssertSqlSafe(query.to_owned())).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

async fn sqlite(url: &str, query: &str) -> Result<Vec<Option<String>>, Error> {
    let mut connection = SqliteConnection::connect(url).await?;
    let rows = connection.fetch_all(AssertSqlSafe(query.to_owned())).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}
