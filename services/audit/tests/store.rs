//! The audit service's store on real databases.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::{Duration, Instant};

use audit_service::store::{AuditLog, Filter, Store};
use shared::{config::database::DatabaseArgs, timestamp::now_micros};
use testbed::{Database, Engine};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Writes each test once for Postgres and once for SQLite.
macro_rules! on_both_engines {
    ($(async fn $name:ident($database:ident: Database) $body:block)*) => {
        $(async fn $name($database: Database) $body)*
        on_both_engines!(mod postgres Postgres $($name)*);
        on_both_engines!(mod sqlite Sqlite $($name)*);
    };
    (mod $module:ident $engine:ident $($name:ident)*) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let Some(database) = super::database(super::Engine::$engine).await else { return };
                super::$name(database).await;
            })*
        }
    };
}

async fn database(engine: Engine) -> Option<Database> {
    match engine {
        engine if engine.is_not_run() => None,
        Engine::Postgres => Some(testbed::postgres().await.database().await),
        Engine::Sqlite => Some(testbed::sqlite()),
        other => panic!("the audit service does not run on {other}"),
    }
}

async fn connect(database: &Database) -> Store {
    let args = DatabaseArgs {
        database_url: database.url.parse().unwrap(),
        db_pool_size: std::num::NonZeroUsize::new(4),
        db_startup_timeout_ms: Duration::from_secs(30),
        db_comments: false,
    };
    Store::connect(&args).await.unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn log() -> AuditLog {
    AuditLog {
        id: Uuid::now_v7(),
        request_id: Uuid::new_v4(),
        order_id: Uuid::now_v7(),
        user_id: 1001,
        action: "purchase \u{1f6d2} '; --".to_owned(),
        total_cents: 999,
        currency: "EUR".to_owned(),
        recorded_at: now_micros(),
        trace_id: Uuid::new_v4().simple().to_string(),
    }
}

on_both_engines! {
    async fn a_record_is_read_as_it_was_written(database: Database) {
        let store = connect(&database).await;
        let new = log();
        let recorded = store.insert_audit(&new, soon()).await.unwrap();
        assert!(!recorded.replayed);
        assert_eq!(recorded.log, new);
        assert_eq!(store.list_audit(10, Filter::default()).await.unwrap(), [new]);
    }

    async fn a_repeated_delivery_gets_the_first_record(database: Database) {
        let store = connect(&database).await;
        let first = log();
        store.insert_audit(&first, soon()).await.unwrap();
        let second = AuditLog { request_id: first.request_id, ..log() };
        let recorded = store.insert_audit(&second, soon()).await.unwrap();
        assert!(recorded.replayed);
        assert_eq!(recorded.log, first);
        assert_eq!(store.list_audit(10, Filter::default()).await.unwrap(), [first]);
    }

    async fn deliveries_at_once_are_one_record(database: Database) {
        let request_id = Uuid::new_v4();
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let store = connect(&database).await;
            tasks.spawn(async move {
                let new = AuditLog { request_id, ..log() };
                store.insert_audit(&new, soon()).await.unwrap()
            });
        }
        let recorded = tasks.join_all().await;
        assert_eq!(recorded.iter().filter(|recorded| !recorded.replayed).count(), 1);
        assert!(recorded.iter().all(|other| other.log == recorded[0].log));
        let store = connect(&database).await;
        assert_eq!(store.list_audit(10, Filter::default()).await.unwrap().len(), 1);
    }

    async fn a_nul_in_an_action_is_no_error(database: Database) {
        let store = connect(&database).await;
        let new = AuditLog { action: "a\0b".to_owned(), ..log() };
        let stored = store.insert_audit(&new, soon()).await.unwrap().log.action;
        let expected = if database.engine == Engine::Postgres { "a\u{2400}b" } else { "a\0b" };
        assert_eq!(stored, expected);
    }

    async fn records_are_listed_newest_first_page_by_page(database: Database) {
        let store = connect(&database).await;
        let mut logs = Vec::new();
        for number in 1..=7 {
            // Pairs share their time, so that the id decides.
            let new = AuditLog { recorded_at: 1000 + number / 2, ..log() };
            store.insert_audit(&new, soon()).await.unwrap();
            logs.push(new);
        }
        logs.sort_by_key(|log| std::cmp::Reverse((log.recorded_at, log.id)));
        let (mut seen, mut filter) = (Vec::new(), Filter::default());
        loop {
            let page = store.list_audit(3, filter).await.unwrap();
            let Some(last) = page.last() else { break };
            filter.after = Some((last.recorded_at, last.id));
            seen.extend(page);
        }
        assert_eq!(seen, logs);
    }

    async fn a_list_can_be_of_one_request_or_one_trace(database: Database) {
        let store = connect(&database).await;
        let (first, second) = (log(), log());
        let third = AuditLog { trace_id: first.trace_id.clone(), recorded_at: first.recorded_at + 1, ..log() };
        for log in [&first, &second, &third] {
            store.insert_audit(log, soon()).await.unwrap();
        }
        let list = async |filter: Filter<'_>| store.list_audit(10, filter).await.unwrap();
        let request_id = Some(second.request_id);
        let trace_id = Some(first.trace_id.as_str());
        assert_eq!(list(Filter { request_id, ..Filter::default() }).await, std::slice::from_ref(&second));
        let of_trace = list(Filter { trace_id, ..Filter::default() }).await;
        assert_eq!(of_trace, [third.clone(), first.clone()]);
        let behind = Some((third.recorded_at, third.id));
        assert_eq!(list(Filter { trace_id, after: behind, ..Filter::default() }).await, std::slice::from_ref(&first));
        assert!(list(Filter { request_id, trace_id, after: None }).await.is_empty());
        let request_id = Some(first.request_id);
        assert_eq!(list(Filter { request_id, trace_id, after: None }).await, [first]);
    }
}
