//! A running order service and what stands in for audit-service.

use serde_json::{Value, json};
use testbed::{Database, Engine, Program, Received, Reply, Running, Upstream};
use uuid::Uuid;

pub(crate) const SERVICE: &str = "order-service";
pub(crate) const ENGINES: [Engine; 3] = [Engine::Sqlite, Engine::MySql, Engine::MariaDb];

/// The service, its database, and the audit-service that it calls.
pub(crate) struct Chain {
    pub(crate) order: Running,
    pub(crate) audit: Upstream,
    pub(crate) database: Database,
}

impl Chain {
    /// On a fresh database; `None` for an engine that is listed as not to be had.
    pub(crate) async fn on(engine: Engine) -> Option<Self> {
        if engine.is_not_run() {
            return None;
        }
        let database = match engine {
            Engine::MySql => testbed::mysql().await.database().await,
            Engine::MariaDb => testbed::mariadb().await.database().await,
            _ => testbed::sqlite(),
        };
        let audit = Upstream::start(recorded).await;
        let program = Program::new(env!("CARGO_BIN_EXE_order-service"))
            .env("DATABASE_URL", &database.url)
            .env("NEXT_SERVICE_URL", audit.url());
        Some(Self { order: Running::start(SERVICE, program).await, audit, database })
    }

    pub(crate) async fn sqlite() -> Self {
        Self::on(Engine::Sqlite).await.unwrap()
    }

    /// What reached audit-service, but for the probes of its health.
    pub(crate) fn calls(&self) -> Vec<Received> {
        let mut requests = self.audit.requests();
        requests.retain(|request| request.path != "/health/live");
        requests
    }

    /// Places an order of the default product and gives its id.
    pub(crate) async fn place(&self) -> String {
        let answer = self.order.post("/process", &purchase()).await.json();
        answer["order"]["id"].as_str().unwrap().to_owned()
    }

    /// Asks for another status of an order.
    pub(crate) async fn patch(&self, id: &str, status: &str) -> testbed::Answer {
        let request = self.order.request(http::Method::PATCH, &format!("/orders/{id}"));
        self.order.ask(request.json(&json!({"status": status}))).await
    }

    pub(crate) async fn delete(&self, id: &str) -> testbed::Answer {
        self.order.ask(self.order.request(http::Method::DELETE, &format!("/orders/{id}"))).await
    }

    /// The orders, newest first.
    pub(crate) async fn orders(&self) -> Vec<Value> {
        testbed::conduct::walk(&self.order, "/orders", 200).await
    }
}

/// What audit-service answers: a record whose id depends on the request's alone, and a member of its own.
pub(crate) fn recorded(request: &Received) -> Reply {
    if request.path == "/health/live" {
        return Reply::json(200, &json!({}));
    }
    let body = request.json();
    let id = testbed::request_id(&body);
    let trace_id = request.header("traceparent").unwrap().split('-').nth(1).unwrap();
    let answer = json!({
        "status": "completed",
        "trace_id": trace_id,
        "request_id": id,
        "audit": {"id": Uuid::new_v5(&id, b"audit"), "recorded_at": "2026-11-21T12:00:00Z"},
        "further": {"from": "audit-service"},
        "chain": [{"service": "audit-service", "trace_id": trace_id, "span_id": "00f067aa0ba902b7", "duration_ms": 1.5}],
    });
    Reply::json(200, &answer)
}

/// The common request.
pub(crate) fn purchase() -> Value {
    json!({"user_id": 1001, "action": "purchase"})
}

/// A request for these items.
pub(crate) fn of_items(items: Value) -> Value {
    json!({"user_id": 1001, "action": "purchase", "items": items})
}
