//! A running audit service.

use serde_json::{Value, json};
use testbed::{Database, Engine, Program, Running};

pub(crate) const SERVICE: &str = "audit-service";
pub(crate) const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// The service and its database.
pub(crate) struct Audit {
    pub(crate) service: Running,
    pub(crate) database: Database,
}

impl Audit {
    /// On a fresh database; `None` for an engine that is listed as not to be had.
    pub(crate) async fn on(engine: Engine) -> Option<Self> {
        if engine.is_not_run() {
            return None;
        }
        let database = match engine {
            Engine::Postgres => testbed::postgres().await.database().await,
            _ => testbed::sqlite(),
        };
        let program = Program::new(env!("CARGO_BIN_EXE_audit-service"));
        let program = program.env("DATABASE_URL", &database.url);
        Some(Self { service: Running::start(SERVICE, program).await, database })
    }

    pub(crate) async fn sqlite() -> Self {
        Self::on(Engine::Sqlite).await.unwrap()
    }

    /// The records, newest first.
    pub(crate) async fn records(&self) -> Vec<Value> {
        testbed::conduct::walk(&self.service, "/audit", 200).await
    }
}

/// What order-service sends.
pub(crate) fn record() -> Value {
    json!({
        "user_id": 1001, "action": "purchase",
        "order": {"id": "018f3a1e-0000-7000-8000-000000000001", "total_cents": 999, "currency": "EUR"}
    })
}
