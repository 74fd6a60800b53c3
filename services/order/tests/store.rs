//! The order service's store on real databases: orders and products.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use order_service::store::{Change, Deletion, Delivered, OrderItem, Placed, Status, Store};
use shared::timestamp::now_micros;
use support::{order, soon};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Writes each test once for each engine.
macro_rules! on_all_engines {
    ($(async fn $name:ident($store:ident: Store) $body:block)*) => {
        $(async fn $name($store: Store) $body)*
        on_all_engines!(mod mysql MySql $($name)*);
        on_all_engines!(mod mariadb MariaDb $($name)*);
        on_all_engines!(mod sqlite Sqlite $($name)*);
    };
    (mod $module:ident $engine:ident $($name:ident)*) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let engine = testbed::Engine::$engine;
                let Some(database) = crate::support::database(engine).await else { return };
                super::$name(crate::support::connect(&database.url).await).await;
            })*
        }
    };
}

async fn deliver(store: &Store, order_id: Uuid) {
    let one = Delivered { order_id, audit_id: Uuid::now_v7(), recorded_at: 5 };
    assert_eq!(store.acknowledge(&[one], soon()).await.unwrap(), 1);
}

on_all_engines! {
    async fn an_order_is_read_as_it_was_placed(store: Store) {
        for items in [1, 3, 9, 50] {
            let new = order(items);
            let placed = store.place_order(&new, soon()).await.unwrap();
            assert!(!placed.replayed && placed.order.audit_pending);
            assert_eq!(placed.order.items, new.items);
            assert_eq!(store.find_order(new.id).await.unwrap(), Some(placed.order.clone()));
            let found = store.find_order_of_request(new.request_id).await.unwrap();
            assert_eq!(found, Some(placed.order));
        }
        assert_eq!(store.find_order(Uuid::new_v4()).await.unwrap(), None);
    }

    async fn an_action_may_hold_any_character(store: Store) {
        for action in ["kaufen \u{1f6d2} \"x\" '; --", "trailing  ", "nul\0nul", "\u{10ffff}\u{fffd}"] {
            let mut new = order(1);
            new.action = action.to_owned();
            store.place_order(&new, soon()).await.unwrap();
            let found = store.find_order(new.id).await.unwrap().unwrap();
            assert_eq!(found.action, action);
        }
        let mut new = order(1);
        new.action = "\u{1f6d2}".repeat(64);
        store.place_order(&new, soon()).await.unwrap();
    }

    async fn a_repeated_request_gets_the_first_order(store: Store) {
        let first = order(2);
        let placed = store.place_order(&first, soon()).await.unwrap();
        let mut second = order(1);
        second.request_id = first.request_id;
        let replay = store.place_order(&second, soon()).await.unwrap();
        assert!(replay.replayed);
        assert_eq!(replay.order, placed.order);
        assert_eq!(store.find_order(second.id).await.unwrap(), None);
    }

    async fn the_same_request_at_once_is_one_order(store: Store) {
        for _ in 0..5 {
            let request_id = Uuid::new_v4();
            let mut tasks = JoinSet::new();
            for items in 1..=8 {
                let (store, mut new) = (store.clone(), order(items));
                new.request_id = request_id;
                tasks.spawn(async move { store.place_order(&new, soon()).await.unwrap() });
            }
            let placed = tasks.join_all().await;
            assert_eq!(placed.iter().filter(|placed| !placed.replayed).count(), 1);
            assert!(placed.iter().all(|other| other.order == placed[0].order));
        }
        assert_eq!(store.list_orders(50, None, None).await.unwrap().len(), 5);
        assert_eq!(store.pending_count().await.unwrap(), 5);
    }

    async fn many_orders_at_once_are_all_placed(store: Store) {
        let mut tasks = JoinSet::new();
        for items in 1..=40 {
            let store = store.clone();
            tasks.spawn(async move { store.place_order(&order(items), soon()).await.unwrap() });
        }
        assert!(tasks.join_all().await.iter().all(|placed| !placed.replayed));
        assert_eq!(store.list_orders(50, None, None).await.unwrap().len(), 40);
    }

    async fn an_order_that_is_given_up_is_whole_or_absent(store: Store) {
        let orders: Vec<_> = (0..40).map(|_| order(3)).collect();
        for (number, new) in (0_u32..).zip(&orders) {
            let limit = std::time::Duration::from_micros(100) * number;
            // Some end in time and some do not: what matters is that none is found halfway.
            let _ = tokio::time::timeout(limit, store.place_order(new, soon())).await;
        }
        for new in orders {
            let placed = store.place_order(&new, soon()).await.unwrap();
            assert_eq!(placed.order.items.len(), 3);
        }
        assert_eq!(store.list_orders(50, None, None).await.unwrap().len(), 40);
    }

    async fn only_a_created_order_changes_its_status(store: Store) {
        let new = order(1);
        store.place_order(&new, soon()).await.unwrap();
        let set = async |status| store.set_status(new.id, status, new.created_at + 7).await.unwrap();
        let Change::Done(completed) = set(Status::Completed).await else { panic!("not done") };
        assert_eq!((completed.status, completed.updated_at), (Status::Completed, new.created_at + 7));
        assert_eq!(completed.items, new.items);
        assert_eq!(set(Status::Completed).await, Change::Done(completed));
        assert_eq!(set(Status::Cancelled).await, Change::Settled(Status::Completed));
        let unknown = store.set_status(Uuid::new_v4(), Status::Cancelled, 1).await.unwrap();
        assert_eq!(unknown, Change::NotFound);
    }

    async fn only_a_cancelled_and_audited_order_is_deleted(store: Store) {
        let new = order(2);
        store.place_order(&new, soon()).await.unwrap();
        let delete = async || store.delete_order(new.id).await.unwrap();
        assert_eq!(delete().await, Deletion::NotCancelled(Status::Created));
        store.set_status(new.id, Status::Cancelled, 1).await.unwrap();
        assert_eq!(delete().await, Deletion::AuditPending);
        assert!(store.park(new.id, "422", now_micros()).await.unwrap());
        assert_eq!(delete().await, Deletion::AuditParked);
        deliver(&store, new.id).await;
        assert_eq!(delete().await, Deletion::Done);
        assert_eq!(delete().await, Deletion::NotFound);
        assert!(store.list_orders(10, None, None).await.unwrap().is_empty());
        assert!(store.list_orders(10, None, Some(new.request_id)).await.unwrap().is_empty());
        // Its request places no other.
        let mut repeat = order(2);
        repeat.request_id = new.request_id;
        let Placed { order, replayed } = store.place_order(&repeat, soon()).await.unwrap();
        assert_eq!((order.id, order.status, replayed), (new.id, Status::Deleted, true));
        assert!(order.items.is_empty() && order.action.is_empty());
    }

    async fn orders_are_listed_newest_first_page_by_page(store: Store) {
        let mut orders: Vec<_> = (1..=7).map(|number| {
            let mut new = order(number % 3 + 1);
            // Pairs share their time, so that the id decides.
            new.created_at = 1000 + number / 2;
            new
        }).collect();
        for new in &orders {
            store.place_order(new, soon()).await.unwrap();
        }
        orders.sort_by_key(|new| std::cmp::Reverse((new.created_at, new.id)));
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.list_orders(3, after, None).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.created_at, last.id));
            seen.extend(page.into_iter().map(|order| (order.id, order.items)));
        }
        assert_eq!(seen, orders.iter().map(|new| (new.id, new.items.clone())).collect::<Vec<_>>());
        let of_request = store.list_orders(3, None, Some(orders[4].request_id)).await.unwrap();
        assert_eq!(of_request.len(), 1);
        assert_eq!(of_request[0].id, orders[4].id);
        let behind = Some((of_request[0].created_at, of_request[0].id));
        assert!(store.list_orders(3, behind, Some(orders[4].request_id)).await.unwrap().is_empty());
    }

    async fn products_are_found_by_their_exact_skus(store: Store) {
        let one = store.find_products(&["default"]).await.unwrap();
        assert_eq!((one.len(), one[0].sku.as_str()), (1, "default"));
        assert!(one[0].price_cents > 0);
        let some = store.find_products(&["registration", "nothing", "mouse"]).await.unwrap();
        let mut skus: Vec<_> = some.iter().map(|product| product.sku.as_str()).collect();
        skus.sort_unstable();
        assert_eq!(skus, ["mouse", "registration"]);
        let free = some.iter().find(|product| product.sku == "registration").unwrap();
        assert_eq!(free.price_cents, 0);
        assert!(store.find_products(&["DEFAULT"]).await.unwrap().is_empty());
        assert!(store.find_products(&[]).await.unwrap().is_empty());
        let unknown: Vec<String> = (0..50).map(|number| format!("sku-{number}")).collect();
        let mut many: Vec<&str> = unknown.iter().map(String::as_str).collect();
        many[49] = "desk-lamp";
        assert_eq!(store.find_products(&many).await.unwrap().len(), 1);
    }

    async fn an_order_may_hold_the_largest_numbers(store: Store) {
        let mut new = order(1);
        new.items = vec![OrderItem { sku: "x".into(), quantity: i64::MAX, unit_price_cents: i64::MAX }];
        (new.total_cents, new.user_id) = (i64::MAX, i64::MAX);
        new.created_at = now_micros();
        let placed = store.place_order(&new, soon()).await.unwrap().order;
        assert_eq!(store.find_order(new.id).await.unwrap(), Some(placed));
    }
}
