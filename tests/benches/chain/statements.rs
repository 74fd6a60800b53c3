//! The statements of a request without the services: the stores called by as many workers as the load has connections. It is
//! what the databases and the drivers allow.

use std::time::{Duration, Instant};

use clap::Parser;
use shared::{config::database::DatabaseArgs, timestamp::now_micros};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::system::Databases;

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Clone)]
struct Stores {
    users: user_service::store::Store,
    orders: order_service::store::Store,
    audit: audit_service::store::Store,
}

const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";

/// Requests' worth of statements per second.
pub(crate) async fn per_second(databases: &Databases, workers: usize, duration: Duration) -> f64 {
    let Some([users, orders, audit]) = &databases.servers else { return 0.0 };
    let stores = Stores {
        users: user_service::store::Store::connect(&args(&users.url))
            .await
            .expect("users-db is there"),
        orders: order_service::store::Store::connect(&args(&orders.url))
            .await
            .expect("orders-db is there"),
        audit: audit_service::store::Store::connect(&args(&audit.url))
            .await
            .expect("audit-db is there"),
    };
    let end = Instant::now() + duration;
    let mut tasks = JoinSet::new();
    for worker in 0..workers {
        tasks.spawn(work(stores.clone(), worker as i64, end));
    }
    let done: u32 = tasks.join_all().await.into_iter().sum();
    f64::from(done) / duration.as_secs_f64()
}

fn args(url: &str) -> DatabaseArgs {
    Args::parse_from(["bench", "--database-url", url]).database
}

async fn work(stores: Stores, worker: i64, end: Instant) -> u32 {
    let mut done = 0;
    while Instant::now() < end {
        request(&stores, 1 + worker * 100 + i64::from(done) % 100).await;
        done += 1;
    }
    done
}

async fn request(stores: &Stores, user_id: i64) {
    let (request_id, created_at) = (Uuid::now_v7(), now_micros());
    let deadline = Instant::now() + Duration::from_secs(8);
    let user = user_service::store::NewUser {
        id: user_id,
        name: None,
        email: None,
        created_at,
        request_id,
        trace_id: TRACE_ID,
    };
    stores.users.upsert_user(user, deadline).await.expect("the user is written");
    let products = stores.orders.find_products(&["default"]).await.expect("the product is found");
    let order = order(user_id, request_id, created_at, &products[0]);
    stores.orders.place_order(&order, deadline).await.expect("the order is placed");
    let log = audit_service::store::AuditLog {
        id: Uuid::now_v7(),
        request_id,
        order_id: order.id,
        user_id,
        action: order.action,
        total_cents: order.total_cents,
        currency: order.currency,
        recorded_at: now_micros(),
        trace_id: TRACE_ID.to_owned(),
    };
    stores.audit.insert_audit(&log, deadline).await.expect("the record is written");
}

fn order(
    user_id: i64,
    request_id: Uuid,
    created_at: i64,
    product: &order_service::store::Product,
) -> order_service::store::NewOrder {
    order_service::store::NewOrder {
        id: Uuid::now_v7(),
        request_id,
        user_id,
        action: "bench".to_owned(),
        items: vec![order_service::store::OrderItem {
            sku: product.sku.clone(),
            quantity: 1,
            unit_price_cents: product.price_cents,
        }],
        total_cents: product.price_cents,
        currency: product.currency.clone(),
        created_at,
        trace_id: TRACE_ID.to_owned(),
        next_attempt_at: created_at + 3_600_000_000,
        audit_body: br#"{"user_id":1,"action":"bench"}"#.to_vec(),
        continuation: order_service::store::Continuation::default(),
    }
}
