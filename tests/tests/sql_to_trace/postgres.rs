//! Postgres: `pg_stat_activity`, and the log of slow statements.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use testbed::{Database, Engine, PrivateServer, until};

use crate::{comment::Comment, service::Service};

const INSERT: &str = "INSERT INTO audit_logs";

/// A server that logs every statement that it executes, by its duration, as one logs slow ones.
async fn server() -> (PrivateServer, Database) {
    let server = testbed::Server::private(Engine::Postgres).await;
    let database = server.database().await;
    let mut administrator = PgConnection::connect(&database.url).await.unwrap();
    let name = &database.name;
    let statement = format!("ALTER DATABASE {name} SET log_min_duration_statement = 0");
    administrator.execute(AssertSqlSafe(statement)).await.unwrap();
    (server, database)
}

/// What the sessions of the database did last, as `pg_stat_activity` has it.
async fn last_statements(database: &Database) -> Vec<String> {
    let mut administrator = PgConnection::connect(&database.url).await.unwrap();
    let query = "SELECT query FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()";
    sqlx::query_scalar(query).bind(&database.name).fetch_all(&mut administrator).await.unwrap()
}

/// The statements of the log that were executed, with `execute <their name>` in front.
fn logged(server: &PrivateServer) -> Vec<String> {
    let log = std::fs::read(server.folder().join("log")).unwrap();
    let log = String::from_utf8_lossy(&log).into_owned();
    let executed = |line: &str| Some(line.split_once(" ms  execute ")?.1.to_owned());
    log.lines().filter_map(executed).filter(|line| line.contains(INSERT)).collect()
}

#[tokio::test]
async fn a_statement_in_postgres_leads_to_its_span() {
    if Engine::Postgres.is_not_run() {
        return;
    }
    let (server, database) = server().await;
    let service = Service::on(&database, &[("DB_COMMENTS", "on")]).await;

    let answer = service.post().await;

    let last = last_statements(&database).await;
    let comment = last.iter().filter_map(|text| Comment::read(text)).next().unwrap();
    assert!(comment.statement.starts_with(INSERT), "{comment:?}");
    assert_eq!(comment.trace_id, answer.trace_id);
    service.leads_to_its_span(&comment).await;

    let line = until(Duration::from_secs(10), async || logged(&server).pop()).await.unwrap();
    let (name, statement) = line.split_once(": ").unwrap();
    assert_eq!(name, "<unnamed>", "a name would be kept in the server, one for each request");
    assert_eq!(Comment::read(statement), Some(comment));
}

#[tokio::test]
async fn a_statement_of_a_trace_that_is_not_recorded_says_so() {
    if Engine::Postgres.is_not_run() {
        return;
    }
    let database = testbed::postgres().await.database().await;
    let service = Service::on(&database, &[("DB_COMMENTS", "on")]).await;

    let trace_id = service.post_unsampled().await;

    let last = last_statements(&database).await;
    let comment = last.iter().filter_map(|text| Comment::read(text)).next().unwrap();
    assert_eq!((comment.trace_id, comment.flags.as_str()), (trace_id, "00"));
}

#[tokio::test]
async fn without_being_asked_statements_are_as_they_are_and_kept_prepared() {
    if Engine::Postgres.is_not_run() {
        return;
    }
    let (server, database) = server().await;
    let service = Service::on(&database, &[]).await;

    service.post().await;

    let last = last_statements(&database).await;
    assert!(last.iter().any(|text| text.starts_with(INSERT)), "{last:?}");
    assert!(last.iter().all(|text| !text.contains("traceparent")), "{last:?}");
    let line = until(Duration::from_secs(10), async || logged(&server).pop()).await.unwrap();
    assert!(line.starts_with("sqlx_s_"), "{line}");
}
