//! What the store's tests share.

use std::time::{Duration, Instant};

use order_service::store::{Continuation, NewOrder, OrderItem, Store};
use shared::{config::database::DatabaseArgs, timestamp::now_micros};
use testbed::{Database, Engine};
use uuid::Uuid;

/// A database of the test's own; `None` for an engine that is listed as not to be had.
pub(crate) async fn database(engine: Engine) -> Option<Database> {
    if engine.is_not_run() {
        return None;
    }
    Some(match engine {
        Engine::MySql => testbed::mysql().await.database().await,
        Engine::MariaDb => testbed::mariadb().await.database().await,
        Engine::Sqlite => testbed::sqlite(),
        Engine::Postgres => panic!("the order service does not run on Postgres"),
    })
}

/// Connects as one process does.
pub(crate) async fn connect(url: &str) -> Store {
    let args = DatabaseArgs {
        database_url: url.parse().unwrap(),
        // More than one on SQLite too: its writers have to get in each other's way.
        db_pool_size: std::num::NonZeroUsize::new(4),
        db_startup_timeout_ms: Duration::from_secs(30),
        db_comments: false,
    };
    Store::connect(&args).await.unwrap()
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// An order of `items` lines whose audit record is due at once.
pub(crate) fn order(items: i64) -> NewOrder {
    let now = now_micros();
    let item = |number| OrderItem {
        sku: format!("sku-{number}"),
        quantity: number + 1,
        unit_price_cents: 100,
    };
    NewOrder {
        id: Uuid::now_v7(),
        request_id: Uuid::new_v4(),
        user_id: 1001,
        action: "purchase".to_owned(),
        items: (0..items).map(item).collect(),
        total_cents: 100 * items * (items + 1) / 2,
        currency: "EUR".to_owned(),
        created_at: now,
        trace_id: Uuid::new_v4().simple().to_string(),
        next_attempt_at: now,
        audit_body: b"{\"user_id\":1001}".to_vec(),
        continuation: Continuation {
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            tracestate: Some("vendor=a b".to_owned()),
            baggage: None,
        },
    }
}
