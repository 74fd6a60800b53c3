//! The store while its database starts, stops and hangs: Postgres, and a SQLite file that several open at once.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use support::{args, connect, soon, trace_id};
use testbed::{Engine, Mode, Proxy, Server, until};
use user_service::store::{NewUser, Store};
use uuid::Uuid;

const DEADLINE: Duration = Duration::from_secs(30);

fn user(id: i64) -> NewUser<'static> {
    NewUser {
        id,
        name: None,
        email: None,
        created_at: 1,
        request_id: Uuid::new_v4(),
        trace_id: "0af7651916cd43dd8448eb211c80319c",
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_yet_is_waited_for() {
    if Engine::Postgres.is_not_run() {
        return;
    }
    let server = testbed::postgres().await;
    let database = server.database().await;
    let proxy = Proxy::to(server.port()).await;
    proxy.set(Mode::Close).await;
    let args = args(&database.url_through(proxy.port()));
    let connecting = tokio::spawn(async move { Store::connect(&args).await });
    let tried_again = until(DEADLINE, async || (proxy.accepted() >= 3).then_some(())).await;
    assert!(tried_again.is_some() && !connecting.is_finished());
    proxy.set(Mode::Pass).await;
    let store = connecting.await.unwrap().unwrap();
    store.upsert_user(user(1), soon()).await.unwrap();
}

#[tokio::test]
async fn a_database_that_never_comes_is_an_error_that_names_it() {
    let port = testbed::Port::reserve();
    let url = format!("postgres://app:s3cret@127.0.0.1:{}/users", port.number());
    let mut args = args(&url);
    args.db_startup_timeout_ms = Duration::from_millis(300);
    let error = Store::connect(&args).await.err().unwrap().to_string();
    assert!(error.contains("users-db") && error.contains("DB_STARTUP_TIMEOUT_MS"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}

#[tokio::test]
async fn an_engine_that_the_service_does_not_run_on_is_refused_at_once() {
    let started = Instant::now();
    let error = Store::connect(&args("mysql://app:s3cret@127.0.0.1:1/users")).await.err().unwrap();
    let error = error.to_string();
    assert!(error.contains("postgres://") && error.contains("sqlite:"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_stopped_database_is_unavailable_and_serves_again_after_its_return() {
    if Engine::Postgres.is_not_run() {
        return;
    }
    let mut server = Server::private(Engine::Postgres).await;
    let store = connect(&server.database().await.url).await;
    store.upsert_user(user(1), soon()).await.unwrap();
    server.stop().await;
    let error = store.find_user(1).await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    assert_eq!(error.database(), "users-db");
    assert!(store.database().ping(Duration::from_secs(1)).await.is_err());
    server.start().await;
    assert!(store.find_user(1).await.unwrap().is_some());
    store.database().ping(Duration::from_secs(1)).await.unwrap();
}

#[tokio::test]
async fn a_restart_between_two_requests_is_not_noticed_by_reads_and_transactions() {
    if Engine::Postgres.is_not_run() {
        return;
    }
    let mut server = Server::private(Engine::Postgres).await;
    let store = connect(&server.database().await.url).await;
    store.upsert_user(user(1), soon()).await.unwrap();
    server.stop().await;
    server.start().await;
    assert!(store.find_user(1).await.unwrap().is_some());
    server.stop().await;
    server.start().await;
    let new = user_service::store::NewRegistration {
        user_id: 1 << 41,
        first_name: "Ada",
        last_name: "Lovelace",
        email: "ada@example.org",
        created_at: 1,
        request_id: Uuid::new_v4(),
        trace_id: &trace_id(),
    };
    assert!(!store.register(new, soon()).await.unwrap().replayed);
}

#[tokio::test]
async fn a_database_that_hangs_is_given_up_and_serves_again() {
    if Engine::Postgres.is_not_run() {
        return;
    }
    let server = Server::private(Engine::Postgres).await;
    let store = connect(&server.database().await.url).await;
    store.upsert_user(user(1), soon()).await.unwrap();
    server.pause();
    let started = Instant::now();
    let error = store.find_user(1).await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(7));
    assert!(store.database().ping(Duration::from_millis(200)).await.is_err());
    server.resume();
    let back = until(DEADLINE, async || store.find_user(1).await.ok()).await;
    assert!(back.unwrap().is_some());
}

#[tokio::test]
async fn processes_that_start_at_once_migrate_once() {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let Some(database) = support::database(engine).await else { continue };
        let connecting: Vec<_> = (0..6)
            .map(|_| {
                let url = database.url.clone();
                tokio::spawn(async move { Store::connect(&args(&url)).await })
            })
            .collect();
        for store in connecting {
            store.await.unwrap().unwrap().upsert_user(user(1), soon()).await.ok();
        }
    }
}

#[tokio::test]
async fn a_sqlite_file_gets_its_folder_and_keeps_its_rows() {
    let folder = testbed::sqlite();
    let url = folder.url.replace(".db", "/deeper/users.db");
    connect(&url).await.upsert_user(user(1), soon()).await.unwrap();
    assert!(connect(&url).await.find_user(1).await.unwrap().is_some());
}

#[tokio::test]
async fn a_sqlite_folder_that_cannot_be_is_a_clear_error() {
    let file = testbed::sqlite();
    connect(&file.url).await;
    let url = file.url.replace(".db", ".db/users.db");
    let error = Store::connect(&args(&url)).await.err().unwrap().to_string();
    assert!(error.contains("cannot be written") && error.contains("give a path"), "{error}");
}

#[tokio::test]
async fn a_sqlite_file_that_no_waiting_mends_is_told_at_once_with_what_to_do() {
    let healthy = testbed::sqlite();
    connect(&healthy.url).await.database().close().await;
    let path = |database: &testbed::Database| {
        PathBuf::from(database.url.trim_start_matches("sqlite://").split('?').next().unwrap())
    };
    let mut corrupt = std::fs::read(path(&healthy)).unwrap();
    // The header stays, what it leads to does not.
    corrupt[100..].fill(0xa5);
    for (content, why, advice) in [
        (Some(b"this is a letter and no database".repeat(100)), "not a database", "backup"),
        (Some(corrupt), "malformed", "backup"),
        (None, "unable to open", "is a folder"),
    ] {
        let database = testbed::sqlite();
        match content {
            Some(content) => std::fs::write(path(&database), content).unwrap(),
            None => std::fs::create_dir(path(&database)).unwrap(),
        }
        let started = Instant::now();

        let error = Store::connect(&args(&database.url)).await.err().unwrap();

        assert!(started.elapsed() < Duration::from_secs(5), "{error}");
        assert!(!error.is_configuration());
        let error = error.to_string();
        assert!(error.contains(path(&database).to_str().unwrap()), "{error}");
        assert!(error.contains(why) && error.contains(advice), "{error}");
    }
}
