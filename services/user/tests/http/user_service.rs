//! A running user service and what stands in for the rest of the chain.

use serde_json::{Value, json};
use testbed::{Database, Engine, Program, Received, Reply, Running, Upstream};
use uuid::Uuid;

pub(crate) const SERVICE: &str = "user-service";
pub(crate) const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];
/// Where JSON numbers stop to be exact.
pub(crate) const TWO_TO_53: i64 = 1 << 53;

/// The service, its database, and the order-service that it calls.
pub(crate) struct Chain {
    pub(crate) user: Running,
    pub(crate) order: Upstream,
    pub(crate) database: Database,
}

impl Chain {
    /// On a fresh database; `None` for an engine that is listed as not to be had.
    pub(crate) async fn on(engine: Engine) -> Option<Self> {
        if engine.is_not_run() {
            return None;
        }
        let database = match engine {
            Engine::Postgres => testbed::postgres().await.database().await,
            _ => testbed::sqlite(),
        };
        let order = Upstream::start(placed).await;
        let program = Program::new(env!("CARGO_BIN_EXE_user-service"))
            .env("DATABASE_URL", &database.url)
            .env("NEXT_SERVICE_URL", order.url());
        Some(Self { user: Running::start(SERVICE, program).await, order, database })
    }

    pub(crate) async fn sqlite() -> Self {
        Self::on(Engine::Sqlite).await.unwrap()
    }

    /// What reached order-service, but for the probes of its health.
    pub(crate) fn calls(&self) -> Vec<Received> {
        let mut requests = self.order.requests();
        requests.retain(|request| request.path != "/health/live");
        requests
    }

    /// The users, newest first.
    pub(crate) async fn users(&self) -> Vec<Value> {
        testbed::conduct::walk(&self.user, "/users", 200).await
    }
}

/// What order-service answers: 200, an order whose id depends on the request's alone, and a member of its own.
pub(crate) fn placed(request: &Received) -> Reply {
    if request.path == "/health/live" {
        return Reply::json(200, &json!({}));
    }
    Reply::json(200, &chain_answer(request, "completed"))
}

/// The same while audit is down.
pub(crate) fn accepted(request: &Received) -> Reply {
    let mut answer = chain_answer(request, "accepted");
    answer["audit"] = json!({"status": "pending"});
    Reply::json(202, &answer)
}

fn chain_answer(request: &Received, status: &str) -> Value {
    let body = request.json();
    let id = testbed::request_id(&body);
    let trace_id = request.header("traceparent").unwrap().split('-').nth(1).unwrap();
    let entry = |service: &str| json!({"service": service, "trace_id": trace_id, "span_id": "00f067aa0ba902b7", "duration_ms": 1.5});
    json!({
        "status": status,
        "trace_id": trace_id,
        "request_id": id,
        "order": {"id": Uuid::new_v5(&id, b"order"), "status": "created", "total_cents": 999, "currency": "EUR", "items": []},
        "audit": {"id": Uuid::new_v5(&id, b"audit"), "recorded_at": "2026-11-21T12:00:00Z"},
        "further": {"from": "order-service", "numbers": [1, 1.5, null]},
        "chain": [entry("order-service"), entry("audit-service")],
    })
}

/// A request of a user.
pub(crate) fn purchase(user_id: i64) -> Value {
    json!({"user_id": user_id, "action": "purchase"})
}

/// A registration with this address.
pub(crate) fn registration(email: &str) -> Value {
    json!({"first_name": "Ada", "last_name": "Lovelace", "email": email})
}
