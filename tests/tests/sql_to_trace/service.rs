//! A service whose statements carry comments, and the viewer that it exports to.

use std::time::Duration;

use serde_json::json;
use testbed::{Answer, Database, Engine, Program, Running, SeenSpan, Sink, tracechain, until};
use uuid::Uuid;

use crate::comment::Comment;

const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Service {
    // The process before what it talks to.
    pub(crate) running: Running,
    sink: Sink,
}

impl Service {
    /// audit-service on Postgres, order-service on the others, with an audit that is not there.
    pub(crate) async fn on(database: &Database, variables: &[(&str, &str)]) -> Self {
        let (command, name) = match database.engine {
            Engine::Postgres => ("audit", "audit-service"),
            _ => ("order", "order-service"),
        };
        let sink = Sink::start().await;
        let program = Program::new(tracechain())
            .arg(command)
            .env("DATABASE_URL", &database.url)
            .env("DB_POOL_SIZE", "2")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", sink.endpoint());
        let program = match database.engine {
            Engine::Postgres => program,
            _ => program.env("NEXT_SERVICE_URL", "http://127.0.0.1:1"),
        };
        let program =
            variables.iter().fold(program, |program, (name, value)| program.env(name, value));
        Self { running: Running::exporting(name, program).await, sink }
    }

    /// A request within a trace of its own.
    pub(crate) async fn post(&self) -> Answer {
        let answer = self.running.post("/process", &body()).await;
        assert!(matches!(answer.status, 200 | 202), "{answer:?}");
        answer
    }

    /// A request within a trace that its caller does not record; its id.
    pub(crate) async fn post_unsampled(&self) -> String {
        let trace_id = Uuid::new_v4().simple().to_string();
        let traceparent = format!("00-{trace_id}-b7ad6b7169203331-00");
        let request = self.running.request(reqwest::Method::POST, "/process").json(&body());
        let answer = request.header("traceparent", traceparent).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
        trace_id
    }

    /// The comment leads to the span of just this statement.
    pub(crate) async fn leads_to_its_span(&self, comment: &Comment) {
        let span = self.leads_to(comment).await;
        assert_eq!(span.text("db.query.text").as_deref(), Some(comment.statement.as_str()));
    }

    /// The comment leads to a span of such a statement, whose own text is without it. (A log may have put the values in.)
    pub(crate) async fn leads_to(&self, comment: &Comment) -> SeenSpan {
        let found: Option<SeenSpan> = until(DEADLINE, async || {
            let mut spans = self.sink.spans(&comment.trace_id).into_iter();
            spans.find(|seen| seen.id == comment.span_id)
        })
        .await;
        let span = found.unwrap_or_else(|| panic!("{comment:?} leads nowhere"));
        let text = span.text("db.query.text").unwrap();
        let operation = span.name.split(' ').next().unwrap();
        assert!(comment.statement.starts_with(operation) && text.starts_with(operation));
        assert!(!text.contains("/*"), "{text}");
        assert_eq!(comment.flags, "01");
        span
    }
}

fn body() -> serde_json::Value {
    let order = json!({"id": Uuid::now_v7(), "total_cents": 1, "currency": "EUR"});
    json!({"request_id": Uuid::new_v4(), "user_id": 7, "action": "purchase", "order": order})
}
