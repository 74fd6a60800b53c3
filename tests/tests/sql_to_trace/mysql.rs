//! MySQL and MariaDB: the slow query log.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, Row as _};
use testbed::{Database, Engine, PrivateServer, until};

use crate::{comment::Comment, service::Service};

/// More than the sessions have room for, if each statement were kept.
const REQUESTS: usize = 60;
/// Two sessions, each with the few statements of the relay.
const FEW: i64 = 16;

struct Server {
    administrator: MySqlConnection,
    database: Database,
    _server: PrivateServer,
}

impl Server {
    /// Every statement is a slow one, logged where it can be asked for.
    async fn start(engine: Engine) -> Self {
        let server = testbed::Server::private(engine).await;
        let database = server.database().await;
        let mut administrator = MySqlConnection::connect(&database.url).await.unwrap();
        for setting in ["log_output = 'TABLE'", "long_query_time = 0", "slow_query_log = ON"] {
            let statement = AssertSqlSafe(format!("SET GLOBAL {setting}"));
            administrator.execute(statement).await.unwrap();
        }
        Self { administrator, database, _server: server }
    }

    /// The logged statements that carry a comment.
    async fn logged(&mut self) -> Vec<Comment> {
        // The ids in it are bytes.
        let query = "SELECT CAST(sql_text AS BINARY) FROM mysql.slow_log WHERE db = '";
        let query = format!("{query}{}' ORDER BY start_time DESC", self.database.name);
        let rows = sqlx::raw_sql(AssertSqlSafe(query)).fetch_all(&mut self.administrator).await;
        let texts = rows.unwrap().into_iter().map(|row| row.get::<Vec<u8>, _>(0));
        texts.filter_map(|text| Comment::read(&String::from_utf8_lossy(&text))).collect()
    }

    /// Prepared statements that the server holds for all its sessions.
    async fn prepared(&mut self) -> i64 {
        let status = sqlx::raw_sql("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'");
        let row = status.fetch_one(&mut self.administrator).await.unwrap();
        row.get::<String, _>(1).parse().unwrap()
    }
}

/// A logged statement has its values in the place of its placeholders.
fn says(comment: &Comment, summary: &str) -> bool {
    comment.statement.starts_with(summary)
}

async fn the_log_leads_to_spans(engine: Engine) {
    if engine.is_not_run() {
        return;
    }
    let mut server = Server::start(engine).await;
    let service = Service::on(&server.database, &[("DB_COMMENTS", "on")]).await;

    let answer = service.post().await;

    let logged = until(Duration::from_secs(10), async || {
        let logged = server.logged().await;
        logged.iter().any(|comment| says(comment, "COMMIT")).then_some(logged)
    });
    let logged = logged.await.unwrap();
    for summary in ["SELECT", "INSERT INTO orders ", "INSERT INTO order_items ", "COMMIT"] {
        let comment = logged.iter().find(|comment| says(comment, summary));
        let comment = comment.unwrap_or_else(|| panic!("{summary} is not in {logged:?}"));
        assert_eq!(comment.trace_id, answer.trace_id, "{comment:?}");
        service.leads_to(comment).await;
    }
    assert!(logged.iter().all(|comment| !says(comment, "UPDATE")), "the relay has no spans");

    for _ in 0..REQUESTS {
        service.post().await;
    }
    let prepared = server.prepared().await;
    assert!(prepared <= FEW, "{prepared} prepared statements after {REQUESTS} requests");
}

#[tokio::test]
async fn the_slow_query_log_of_mysql_leads_to_spans() {
    the_log_leads_to_spans(Engine::MySql).await;
}

#[tokio::test]
async fn the_slow_query_log_of_mariadb_leads_to_spans() {
    the_log_leads_to_spans(Engine::MariaDb).await;
}
