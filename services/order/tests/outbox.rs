//! The outbox on real databases: every record is claimed by one worker at a time until it is delivered or parked.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::HashSet;

use order_service::store::{Delivered, Store};
use shared::timestamp::now_micros;
use support::{connect, order, soon};
use testbed::{Database, Engine};
use tokio::task::JoinSet;
use uuid::Uuid;

const MINUTE: i64 = 60_000_000;

/// Writes each test once for each engine.
macro_rules! on_all_engines {
    ($(async fn $name:ident($database:ident: Database) $body:block)*) => {
        $(async fn $name($database: Database) $body)*
        on_all_engines!(mod mysql MySql $($name)*);
        on_all_engines!(mod mariadb MariaDb $($name)*);
        on_all_engines!(mod sqlite Sqlite $($name)*);
    };
    (mod $module:ident $engine:ident $($name:ident)*) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let engine = super::Engine::$engine;
                let Some(database) = crate::support::database(engine).await else { return };
                super::$name(database).await;
            })*
        }
    };
}

/// Claims what is due now, with a lease of a minute.
async fn claim(store: &Store, limit: u32) -> Vec<Uuid> {
    let now = now_micros();
    let due = store.claim_due(Uuid::new_v4(), limit, now, now + MINUTE, soon()).await.unwrap();
    due.into_iter().map(|due| due.order_id).collect()
}

async fn place(store: &Store, orders: usize) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for _ in 0..orders {
        let new = order(1);
        store.place_order(&new, soon()).await.unwrap();
        ids.push(new.id);
    }
    ids
}

on_all_engines! {
    async fn a_due_record_is_claimed_with_all_that_a_delivery_needs(database: Database) {
        let store = connect(&database.url).await;
        let new = order(1);
        store.place_order(&new, soon()).await.unwrap();
        let (worker, now) = (Uuid::new_v4(), now_micros());
        let due = store.claim_due(worker, 10, now, now + 1, soon()).await.unwrap();
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].order_id, due[0].request_id), (new.id, new.request_id));
        assert_eq!((&due[0].audit_body, &due[0].continuation), (&new.audit_body, &new.continuation));
        assert_eq!((&due[0].trace_id, due[0].attempts), (&new.trace_id, 1));
        // The lease is over: whoever comes next gets it.
        let again = store.claim_due(Uuid::new_v4(), 10, now + 1, now + MINUTE, soon()).await.unwrap();
        assert_eq!((again.len(), again[0].attempts), (1, 2));
        assert!(claim(&store, 10).await.is_empty());
    }

    async fn a_record_is_not_due_before_its_time(database: Database) {
        let store = connect(&database.url).await;
        let mut new = order(1);
        new.next_attempt_at = now_micros() + MINUTE;
        store.place_order(&new, soon()).await.unwrap();
        assert!(claim(&store, 10).await.is_empty());
        assert_eq!(store.pending_count().await.unwrap(), 1);
    }

    async fn several_workers_never_get_the_same_record(database: Database) {
        let first = connect(&database.url).await;
        let placed: HashSet<Uuid> = place(&first, 60).await.into_iter().collect();
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            // A pool of its own each, as processes have.
            let store = connect(&database.url).await;
            tasks.spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let claimed = claim(&store, 7).await;
                    if claimed.is_empty() {
                        return mine;
                    }
                    mine.extend(claimed);
                }
            });
        }
        let claimed: Vec<Uuid> = tasks.join_all().await.into_iter().flatten().collect();
        let distinct: HashSet<Uuid> = claimed.iter().copied().collect();
        assert_eq!(claimed.len(), distinct.len(), "a record was claimed twice");
        let left = placed.difference(&distinct).count();
        // A worker that met only rows taken under it stops early; the rest is still there to be claimed.
        assert_eq!(claim(&first, 100).await.len(), left);
    }

    async fn claims_acknowledgements_and_new_orders_at_once_lose_nothing(database: Database) {
        let store = connect(&database.url).await;
        let mut tasks = JoinSet::new();
        for _ in 0..2 {
            let store = connect(&database.url).await;
            tasks.spawn(async move { drop(place(&store, 30).await) });
        }
        let (first, second) = (connect(&database.url).await, connect(&database.url).await);
        let relay = async |store: &Store| {
            let delivered = |order_id| Delivered { order_id, audit_id: order_id, recorded_at: 1 };
            testbed::until(std::time::Duration::from_secs(60), async || {
                let batch: Vec<_> = claim(store, 9).await.into_iter().map(delivered).collect();
                store.acknowledge(&batch, soon()).await.unwrap();
                let placed = store.list_orders(100, None, None).await.unwrap().len();
                (placed == 60 && store.pending_count().await.unwrap() == 0).then_some(())
            })
            .await
        };
        let delivered = tokio::join!(relay(&store), relay(&first), relay(&second));
        assert_eq!(delivered, (Some(()), Some(()), Some(())), "not all were delivered");
        tasks.join_all().await;
        let orders = store.list_orders(100, None, None).await.unwrap();
        assert!(orders.iter().all(|order| order.audit_id == Some(order.id)));
    }

    async fn an_acknowledged_record_has_its_audit_and_is_due_no_more(database: Database) {
        let store = connect(&database.url).await;
        for size in [1, 2, 3, 70] {
            let ids = place(&store, size).await;
            let batch: Vec<_> = (1..).zip(&ids).map(|(recorded_at, id)| {
                Delivered { order_id: *id, audit_id: Uuid::now_v7(), recorded_at }
            }).collect();
            let noted = store.acknowledge(&batch, soon()).await.unwrap();
            assert_eq!(noted, u64::try_from(size).unwrap());
            for one in &batch {
                let order = store.find_order(one.order_id).await.unwrap().unwrap();
                assert_eq!((order.audit_id, order.audited_at), (Some(one.audit_id), Some(one.recorded_at)));
                assert!(!order.audit_pending);
            }
            assert_eq!(store.acknowledge(&batch, soon()).await.unwrap(), 0, "noted once");
        }
        assert_eq!(store.pending_count().await.unwrap(), 0);
        assert!(claim(&store, 100).await.is_empty());
        assert_eq!(store.acknowledge(&[], soon()).await.unwrap(), 0);
    }

    async fn a_parked_record_is_counted_and_left_alone(database: Database) {
        let store = connect(&database.url).await;
        let ids = place(&store, 2).await;
        let reason = "422 \u{1f6d2} ".repeat(100);
        assert!(store.park(ids[0], &reason, now_micros()).await.unwrap());
        assert!(!store.park(ids[0], "again", now_micros()).await.unwrap());
        assert_eq!(store.parked_count().await.unwrap(), 1);
        assert_eq!(store.pending_count().await.unwrap(), 1);
        assert_eq!(claim(&store, 10).await, [ids[1]]);
        assert!(!store.find_order(ids[0]).await.unwrap().unwrap().audit_pending);
    }

    async fn a_postponed_record_is_due_at_its_new_time(database: Database) {
        let store = connect(&database.url).await;
        let ids = place(&store, 1).await;
        let now = now_micros();
        assert!(store.postpone(ids[0], now + MINUTE).await.unwrap());
        assert!(claim(&store, 10).await.is_empty());
        let later = now + 2 * MINUTE;
        let due = store.claim_due(Uuid::new_v4(), 10, later, later + MINUTE, soon()).await.unwrap();
        assert_eq!(due.len(), 1);
        let one = Delivered { order_id: ids[0], audit_id: Uuid::now_v7(), recorded_at: 1 };
        store.acknowledge(&[one], soon()).await.unwrap();
        assert!(!store.postpone(ids[0], now).await.unwrap(), "a delivered record is not due again");
    }

    async fn what_a_clock_that_was_ahead_has_put_off_is_due_now_and_nothing_else_is(database: Database) {
        let store = connect(&database.url).await;
        let ids = place(&store, 3).await;
        let now = now_micros();
        assert!(store.postpone(ids[0], now + 60 * MINUTE).await.unwrap());
        assert!(store.postpone(ids[1], now + MINUTE).await.unwrap());
        let one = Delivered { order_id: ids[2], audit_id: Uuid::now_v7(), recorded_at: 1 };
        store.acknowledge(&[one], soon()).await.unwrap();
        assert_eq!(store.recall(now, now + 2 * MINUTE, soon()).await.unwrap(), 1);
        assert_eq!(claim(&store, 10).await, [ids[0]]);
        assert_eq!(store.recall(now, now + 2 * MINUTE, soon()).await.unwrap(), 0);
    }
}
