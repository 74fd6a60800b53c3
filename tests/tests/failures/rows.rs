//! What the databases hold, asked of them and not of the services.

use sqlx::{
    AssertSqlSafe, Connection as _, MySqlConnection, PgConnection, Row as _, SqliteConnection,
};
use testbed::{Chain, Database, Engine, Service, until};
use uuid::Uuid;

use crate::asking::DEADLINE;

/// The two ids by which rows, answers and traces are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Ids {
    pub(crate) request_id: Uuid,
    pub(crate) trace_id: String,
}

macro_rules! fetch {
    ($database:expr, $query:expr, $read:expr) => {{
        let query = || sqlx::raw_sql(AssertSqlSafe($query));
        let url = &$database.url;
        match $database.engine {
            Engine::Postgres => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                query().fetch_all(&mut connection).await.unwrap().iter().map($read).collect()
            }
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(url).await.unwrap();
                query().fetch_all(&mut connection).await.unwrap().iter().map($read).collect()
            }
            Engine::MySql | Engine::MariaDb => {
                let mut connection = MySqlConnection::connect(url).await.unwrap();
                query().fetch_all(&mut connection).await.unwrap().iter().map($read).collect()
            }
        }
    }};
}

/// The rows of a table, in the order of their ids.
pub(crate) async fn rows(database: &Database, table: &str) -> Vec<Ids> {
    let query = format!("SELECT request_id, trace_id FROM {table}");
    let mut rows: Vec<Ids> =
        fetch!(database, query.clone(), |row| Ids { request_id: row.get(0), trace_id: row.get(1) });
    rows.sort();
    rows
}

/// The rows of `orders`.
pub(crate) async fn orders(chain: &Chain) -> Vec<Ids> {
    rows(chain.database(Service::Order), "orders").await
}

/// The rows of `audit_logs`.
pub(crate) async fn audits(chain: &Chain) -> Vec<Ids> {
    rows(chain.database(Service::Audit), "audit_logs").await
}

/// How many rows there are; `of` is a table with or without a condition.
pub(crate) async fn count(database: &Database, of: &str) -> i64 {
    let query = format!("SELECT COUNT(*) FROM {of}");
    let counted: Vec<i64> = fetch!(database, query.clone(), |row| row.get(0));
    counted[0]
}

/// Audit records that are still to be delivered.
pub(crate) async fn pending(chain: &Chain) -> i64 {
    count(chain.database(Service::Order), "orders WHERE next_attempt_at IS NOT NULL").await
}

/// Waits until every audit record is delivered.
pub(crate) async fn nothing_is_pending(chain: &Chain) {
    let delivered = until(DEADLINE, async || (pending(chain).await == 0).then_some(())).await;
    assert!(delivered.is_some(), "{} audit records are still pending", pending(chain).await);
}
