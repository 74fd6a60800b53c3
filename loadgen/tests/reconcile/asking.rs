//! Sends requests as the load does, and tells their outcomes.

use std::time::{Duration, Instant};

use loadgen::{
    outcome::{Answer, End, Outcome, Root, Said, Sent},
    reconcile::{Reconciler, Summary},
};
use opentelemetry::trace::{SpanId, TraceId};
use serde_json::{Value, json};
use testbed::{Chain, Service, http};
use uuid::Uuid;

/// Longer than anything here takes on a loaded machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) async fn reconciler(chain: &Chain) -> Reconciler {
    let target = chain.url(Service::Gateway).parse().unwrap();
    Reconciler::start(&target, None).await.unwrap()
}

pub(crate) async fn finish(reconciler: &Reconciler) -> Summary {
    reconciler.finish(DEADLINE, |_| {}).await
}

/// A purchase under a key of its own.
pub(crate) async fn purchase(chain: &Chain) -> Outcome {
    let body = json!({"user_id": 1001, "action": "purchase"});
    post(chain, "/api/v1/process", Uuid::new_v4(), &body).await
}

/// What a POST with this key came to.
pub(crate) async fn post(chain: &Chain, path: &str, key: Uuid, body: &Value) -> Outcome {
    let trace_id = TraceId::from(Uuid::new_v4().as_u128());
    let span_id = SpanId::from(7);
    let url = format!("{}{path}", chain.url(Service::Gateway));
    let request = http().post(url).json(body).header("idempotency-key", key.to_string());
    let traceparent = format!("00-{trace_id}-{span_id}-01");
    let answer = request.header("traceparent", traceparent).send().await.unwrap();
    let (status, replayed) =
        (answer.status().as_u16(), answer.headers().contains_key("idempotency-replayed"));
    let body: Value = answer.json().await.unwrap();
    let text = |key| body[key].as_str();
    let said = Said {
        trace_id: text("trace_id").and_then(|id| TraceId::from_hex(id).ok()),
        code: text("code").map(str::to_owned),
        replayed,
        ..Said::default()
    };
    let answer = Answer { status, expected: status < 300, bytes: 0, said: Some(Box::new(said)) };
    let root = Some(Root { trace_id, span_id, sampled: true });
    outcome(Sent { root, request_id: Some(key) }, End::Answered(answer))
}

pub(crate) fn outcome(sent: Sent, end: End) -> Outcome {
    Outcome { step: 0, warm_up: false, sent, latency: Duration::ZERO, at: Instant::now(), end }
}

pub(crate) fn id(outcome: &Outcome) -> Uuid {
    outcome.sent.request_id.unwrap()
}

pub(crate) fn status(outcome: &Outcome) -> u16 {
    match &outcome.end {
        End::Answered(answer) => answer.status,
        other => panic!("no answer: {other:?}"),
    }
}

/// The same request as if it had been answered with another status.
pub(crate) fn as_if(outcome: &Outcome, status: u16) -> Outcome {
    let answer = Answer { status, expected: false, bytes: 0, said: None };
    self::outcome(outcome.sent, End::Answered(answer))
}
