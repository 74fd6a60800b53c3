//! Transactions on a real Postgres whose connection goes in the middle.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use shared::{
    config::database::DatabaseArgs,
    db::{Database, Migrations, Statement},
};
use sqlx::migrate::Migrator;
use testbed::Engine;

const CREATE: Statement =
    Statement::new("CREATE notes", "CREATE TABLE notes (id BIGINT PRIMARY KEY)");
const INSERT: Statement = Statement::new("INSERT notes", "INSERT INTO notes (id) VALUES ($1)");
const SELECT: Statement = Statement::new("SELECT notes", "SELECT id FROM notes");
const HANG_UP: Statement =
    Statement::new("SELECT backend", "SELECT pg_terminate_backend(pg_backend_pid())");

async fn connect(url: &str) -> Database {
    let none: &'static Migrator = Box::leak(Box::new(Migrator::with_migrations(Vec::new())));
    let args = DatabaseArgs {
        database_url: url.parse().unwrap(),
        db_pool_size: None,
        db_startup_timeout_ms: Duration::from_secs(30),
        db_comments: false,
    };
    Database::connect(&args, "notes-db", &Migrations::postgres_or_sqlite(none, none)).await.unwrap()
}

#[tokio::test]
async fn nothing_follows_in_a_transaction_that_lost_its_connection() {
    if Engine::Postgres.is_not_run() {
        return;
    }
    let database = testbed::postgres().await.database().await;
    let db = connect(&database.url).await;
    db.execute(&CREATE, &[]).await.unwrap();
    let mut transaction = db.begin(1);
    transaction.execute(&INSERT, &[1.into()]).await.unwrap();
    let lost = transaction.fetch(&HANG_UP, &[]).await.unwrap_err();
    assert!(lost.is_unavailable(), "{lost:?}");
    // On a connection of its own this would be half of what was meant.
    assert!(transaction.execute(&INSERT, &[2.into()]).await.unwrap_err().is_unavailable());
    assert!(transaction.commit().await.unwrap_err().is_unavailable());
    assert!(db.fetch(&SELECT, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        if engine.is_not_run() {
            continue;
        }
        let database = match engine {
            Engine::Postgres => testbed::postgres().await.database().await,
            _ => testbed::sqlite(),
        };
        let db = connect(&database.url).await;
        db.execute(&CREATE, &[]).await.unwrap();
        let mut dropped = db.begin(1);
        dropped.execute(&INSERT, &[1.into()]).await.unwrap();
        drop(dropped);
        let mut rolled_back = db.begin(1);
        rolled_back.execute(&INSERT, &[1.into()]).await.unwrap();
        rolled_back.rollback().await;
        assert!(db.fetch(&SELECT, &[]).await.unwrap().is_empty(), "{engine}");
        let mut kept = db.begin(1);
        kept.execute(&INSERT, &[1.into()]).await.unwrap();
        kept.commit().await.unwrap();
        assert_eq!(db.fetch(&SELECT, &[]).await.unwrap().len(), 1, "{engine}");
    }
}
