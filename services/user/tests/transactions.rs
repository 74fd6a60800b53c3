//! Transactions on real databases: one whose connection goes in the middle, two that meet, and how they are isolated.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::{Duration, Instant};

use shared::{
    config::database::DatabaseArgs,
    db::{Attempts, Database, DbErrorKind, Migrations, Statement},
};
use sqlx::migrate::Migrator;
use testbed::Engine;

const CREATE: Statement =
    Statement::new("CREATE notes", "CREATE TABLE notes (id BIGINT PRIMARY KEY)");
const INSERT: Statement = Statement::new("INSERT notes", "INSERT INTO notes (id) VALUES ($1)");
const SELECT: Statement = Statement::new("SELECT notes", "SELECT id FROM notes");
const HANG_UP: Statement =
    Statement::new("SELECT backend", "SELECT pg_terminate_backend(pg_backend_pid())");

/// In two rows, which two transactions change in opposite order.
const CREATE_COUNTERS: Statement = Statement::new(
    "CREATE counters",
    "CREATE TABLE counters (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)",
);
const FILL_COUNTERS: Statement =
    Statement::new("INSERT counters", "INSERT INTO counters (id, n) VALUES (1, 0), (2, 0)");
const COUNT: [Statement; 2] = [
    Statement::new("UPDATE counters", "UPDATE counters SET n = n + 1 WHERE id = 1"),
    Statement::new("UPDATE counters", "UPDATE counters SET n = n + 1 WHERE id = 2"),
];
const COUNTED: Statement = Statement::new("SELECT counters", "SELECT n FROM counters ORDER BY id");
const SERIALIZABLE: Statement = Statement::new(
    "ALTER DATABASE",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', \
     current_database()); END $$",
);
const SETTINGS: Statement = Statement::new(
    "SELECT settings",
    "SELECT current_setting('transaction_isolation') || ', ' || current_setting('lock_timeout') \
     || ', ' || current_setting('statement_timeout')",
);

async fn connect(url: &str) -> Database {
    let none: &'static Migrator = Box::leak(Box::new(Migrator::with_migrations(Vec::new())));
    let args = DatabaseArgs {
        database_url: url.parse().unwrap(),
        db_pool_size: None,
        db_startup_timeout_ms: Duration::from_secs(30),
        db_comments: false,
    };
    let migrations = if url.starts_with("mysql") {
        Migrations::mysql_or_sqlite(none, none)
    } else {
        Migrations::postgres_or_sqlite(none, none)
    };
    Database::connect(&args, "notes-db", &migrations).await.unwrap()
}

async fn fresh(engine: Engine) -> testbed::Database {
    match engine {
        Engine::Postgres => testbed::postgres().await.database().await,
        Engine::MySql => testbed::mysql().await.database().await,
        Engine::MariaDb => testbed::mariadb().await.database().await,
        Engine::Sqlite => testbed::sqlite(),
    }
}

/// Changes both rows, the `first` before the other; waits in between until the other transaction has its first, too.
async fn count(db: &Database, first: usize, met: &tokio::sync::Barrier) -> u32 {
    let mut attempts = Attempts::until(Instant::now() + Duration::from_secs(20));
    loop {
        let mut transaction = db.begin(attempts.number());
        let counted = async {
            transaction.execute(&COUNT[first], &[]).await?;
            if attempts.number() == 1 {
                met.wait().await;
            }
            transaction.execute(&COUNT[1 - first], &[]).await
        };
        let counted = counted.await;
        let error = match counted {
            Ok(_) => match transaction.commit().await {
                Ok(()) => return attempts.number(),
                Err(error) => error,
            },
            Err(error) => {
                transaction.rollback().await;
                error
            }
        };
        assert_eq!(error.kind(), &DbErrorKind::Contention, "{error:?}");
        assert!(["40P01", "1213", "1205"].contains(&error.code().unwrap()), "{error:?}");
        assert!(attempts.may_repeat(&error).await, "{error:?}");
    }
}

#[tokio::test]
async fn two_transactions_that_lock_each_other_out_are_both_done_in_the_end_and_once() {
    for engine in [Engine::Postgres, Engine::MySql, Engine::MariaDb] {
        if engine.is_not_run() {
            continue;
        }
        let database = fresh(engine).await;
        let db = connect(&database.url).await;
        for statement in [&CREATE_COUNTERS, &FILL_COUNTERS] {
            db.execute(statement, &[]).await.unwrap();
        }
        let met = tokio::sync::Barrier::new(2);

        let (one, other) = tokio::join!(count(&db, 0, &met), count(&db, 1, &met));

        assert_eq!(one + other, 3, "{engine}: one of them was the victim, once");
        let rows = db.fetch(&COUNTED, &[]).await.unwrap();
        let counted: Vec<i64> = rows.iter().map(|row| row.get(0).unwrap()).collect();
        assert_eq!(counted, [2, 2], "{engine}");
    }
}

#[tokio::test]
async fn transactions_are_read_committed_and_give_up_locks_whatever_the_server_is_set_to() {
    if Engine::Postgres.is_not_run() {
        return;
    }
    let database = fresh(Engine::Postgres).await;
    connect(&database.url).await.execute(&SERIALIZABLE, &[]).await.unwrap();
    let db = connect(&database.url).await;
    let mut transaction = db.begin(1);

    let rows = transaction.fetch(&SETTINGS, &[]).await.unwrap();

    assert_eq!(rows[0].get::<String>(0).unwrap(), "read committed, 3s, 6s");
    transaction.rollback().await;
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
        let database = fresh(engine).await;
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
