//! The user service with a stand-in for order-service, its faults changed while it runs.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testbed::{
    Answer, Database, Program, Received, Reply, Running, Scrape, Upstream, request_id, tracechain,
    until,
};

pub(crate) const SERVICE: &str = "user-service";
const DEADLINE: Duration = Duration::from_secs(20);

/// The running service and what it talks to.
pub(crate) struct User {
    // The process before what it talks to.
    pub(crate) user: Running,
    pub(crate) order: Upstream,
    _database: Database,
}

impl User {
    /// With these variables.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        let (database, order) = (testbed::sqlite(), Upstream::start(placed).await);
        let program = Program::new(tracechain())
            .arg("user")
            .env("DATABASE_URL", &database.url)
            .env("NEXT_SERVICE_URL", order.url());
        let program =
            variables.iter().fold(program, |program, (name, value)| program.env(name, value));
        Self { user: Running::start(SERVICE, program).await, order, _database: database }
    }

    /// With faults that can be changed, and none at the start.
    pub(crate) async fn laboratory() -> Self {
        Self::with(&[("LAB", "true")]).await
    }

    /// Changes the faults.
    pub(crate) async fn set(&self, faults: &str) {
        let answer = self.put(&json!({ "faults": faults })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    pub(crate) async fn put(&self, body: &Value) -> Answer {
        self.user.ask(self.user.request(Method::PUT, "/faults").json(body)).await
    }

    /// The common request, still to be sent.
    pub(crate) fn purchase(&self) -> RequestBuilder {
        self.user
            .request(Method::POST, "/process")
            .json(&json!({"user_id": 1, "action": "purchase"}))
    }

    pub(crate) async fn process(&self) -> Answer {
        self.user.ask(self.purchase()).await
    }

    /// What reached order-service, but for the probes of its health.
    pub(crate) fn calls(&self) -> Vec<Received> {
        let mut requests = self.order.requests();
        requests.retain(|request| request.path != "/health/live");
        requests
    }

    pub(crate) async fn metric(&self, sample: &str) -> f64 {
        Scrape::of(&self.user.url("")).await.value(sample)
    }

    /// How often this fault has struck.
    pub(crate) async fn struck(&self, fault: &str) -> f64 {
        self.metric(&format!("tracechain_faults_injected_total{{fault=\"{fault}\"}}")).await
    }

    /// The span of this name and kind in the trace, as soon as it was written.
    pub(crate) async fn span(&self, trace_id: &str, kind: &str, name: &str) -> Value {
        let found = until(DEADLINE, async || {
            let mut lines = self.user.process.json_lines().into_iter();
            lines.find(|line| {
                line["span"] == name && line["kind"] == kind && line["trace_id"] == trace_id
            })
        });
        found
            .await
            .unwrap_or_else(|| panic!("no {kind} {name}:\n{}", self.user.process.last_output()))
    }
}

/// How long a span took.
pub(crate) fn duration(span: &Value) -> Duration {
    let at = |key: &str| span[key].as_u64().unwrap();
    Duration::from_nanos(at("end_unix_nano") - at("start_unix_nano"))
}

fn placed(request: &Received) -> Reply {
    if request.path == "/health/live" {
        return Reply::json(200, &json!({}));
    }
    let id = request_id(&request.json());
    Reply::json(
        200,
        &json!({"status": "completed", "request_id": id, "order": {"id": id}, "chain": []}),
    )
}
