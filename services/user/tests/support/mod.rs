//! What the store's tests share.

use std::time::{Duration, Instant};

use shared::config::database::DatabaseArgs;
use testbed::{Database, Engine};
use user_service::store::Store;
use uuid::Uuid;

/// A database of the test's own; `None` for an engine that is listed as not to be had.
pub(crate) async fn database(engine: Engine) -> Option<Database> {
    if engine.is_not_run() {
        return None;
    }
    Some(match engine {
        Engine::Postgres => testbed::postgres().await.database().await,
        Engine::Sqlite => testbed::sqlite(),
        other => panic!("the user service does not run on {other}"),
    })
}

pub(crate) fn args(url: &str) -> DatabaseArgs {
    DatabaseArgs {
        database_url: url.parse().unwrap(),
        // More than one on SQLite too: its writers have to get in each other's way.
        db_pool_size: std::num::NonZeroUsize::new(4),
        db_startup_timeout_ms: Duration::from_secs(30),
        db_comments: false,
    }
}

pub(crate) async fn connect(url: &str) -> Store {
    Store::connect(&args(url)).await.unwrap()
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

pub(crate) fn trace_id() -> String {
    Uuid::new_v4().simple().to_string()
}
