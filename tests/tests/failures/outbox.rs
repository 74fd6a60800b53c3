//! Audit is down, hangs, or refuses: the order is kept, the answer says so, and the record is delivered late in its own trace.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::{
    common::v1::any_value::Value::BoolValue,
    trace::v1::span::SpanKind::{Client, Server},
};
use serde_json::json;
use testbed::{Chain, ChainOptions, Engine, Reply, SeenSpan, Service, Sink, Upstream, until};

use crate::{
    asking::{self, Answer, DEADLINE, metric},
    rows::{self, Ids, audits, orders, pending},
    traces::{named, only, table, whole},
};

const PROCESS: &str = "POST /process";

fn assert_pending(answer: &Answer) {
    assert_eq!((answer.status, answer.text("status")), (202, "accepted"), "{answer:?}");
    assert_eq!(answer.body["audit"], json!({"status": "pending"}), "{answer:?}");
}

fn ids(answer: &Answer) -> Ids {
    let request_id = answer.text("request_id").parse().unwrap();
    Ids { request_id, trace_id: answer.text("trace_id").to_owned() }
}

async fn order_metric_becomes(chain: &Chain, name: &str, value: f64) {
    let url = chain.url(Service::Order);
    let seen =
        until(DEADLINE, async || (metric(&url, name, &[]).await == Some(value)).then_some(()));
    assert!(seen.await.is_some(), "{name} is {:?}, not {value}", metric(&url, name, &[]).await);
}

async fn a_record_is_delivered_when_audit_is_back(options: ChainOptions) {
    if options.is_not_run() {
        return;
    }
    let sink = Sink::start().await;
    let mut chain = Chain::start(options.otlp(sink.endpoint())).await;
    chain.stop(Service::Audit).await;

    let answer = asking::process(&chain, 7).await;

    assert_pending(&answer);
    assert_eq!((orders(&chain).await, pending(&chain).await), (vec![ids(&answer)], 1));
    order_metric_becomes(&chain, "tracechain_outbox_pending", 1.0).await;

    chain.restart(Service::Audit).await;

    order_metric_becomes(&chain, "tracechain_outbox_delivered_total", 1.0).await;
    order_metric_becomes(&chain, "tracechain_outbox_pending", 0.0).await;
    assert_eq!((audits(&chain).await, pending(&chain).await), (vec![ids(&answer)], 0));
    assert_late_trace(&sink, answer.text("trace_id")).await;
}

/// The trace of a late delivery is one tree, in which order's SERVER span is the parent of every try, the good one too.
async fn assert_late_trace(sink: &Sink, trace_id: &str) {
    let has_audit =
        |spans: &[SeenSpan]| !named(spans, "audit-service", Client, "INSERT audit_logs").is_empty();
    let spans = whole(sink, trace_id, has_audit).await;
    let order = only(&spans, "order-service", Server, PROCESS);
    assert_eq!(order.attribute("audit.pending"), Some(BoolValue(true)), "{}", table(&spans));
    assert!(!order.failed, "a 202 is no error: {}", table(&spans));
    let tries = named(&spans, "order-service", Client, PROCESS);
    assert!(tries.iter().all(|seen| seen.parent == order.id), "{}", table(&spans));
    let audit = only(&spans, "audit-service", Server, PROCESS);
    let good: Vec<_> = tries.iter().filter(|seen| !seen.failed).collect();
    assert_eq!((good.len(), &good[0].id), (1, &audit.parent), "{}", table(&spans));
    let insert = only(&spans, "audit-service", Client, "INSERT audit_logs");
    assert_eq!(insert.parent, audit.id, "{}", table(&spans));
}

#[tokio::test]
async fn a_record_is_delivered_when_audit_is_back_on_files() {
    a_record_is_delivered_when_audit_is_back(ChainOptions::sqlite()).await;
}

#[tokio::test]
async fn a_record_is_delivered_when_audit_is_back_on_postgres_and_mysql() {
    a_record_is_delivered_when_audit_is_back(ChainOptions::servers(Engine::MySql)).await;
}

#[tokio::test]
async fn a_record_is_delivered_when_audit_is_back_on_postgres_and_mariadb() {
    a_record_is_delivered_when_audit_is_back(ChainOptions::servers(Engine::MariaDb)).await;
}

#[tokio::test]
async fn a_hanging_audit_costs_its_share_of_the_deadline() {
    let mut chain = Chain::start(ChainOptions::sqlite().proxied(Service::Audit)).await;
    asking::hold(chain.proxy(Service::Audit)).await;
    let url = format!("{}{}", chain.url(Service::Gateway), asking::PROCESS);
    let timed = async |headers: &[(&'static str, &str)]| {
        let started = Instant::now();
        assert_pending(&asking::send(&url, headers, &asking::purchase(7)).await.unwrap());
        started.elapsed().as_secs_f64()
    };

    let of_the_second = timed(&[]).await;
    let of_the_deadline = timed(&[("x-deadline-ms", "1000")]).await;
    chain.set_env(Service::Order, "REQUEST_TIMEOUT_MS", "1000");
    chain.restart(Service::Order).await;
    let of_the_timeout = timed(&[]).await;

    assert!((1.0..1.8).contains(&of_the_second), "{of_the_second} s of one second");
    assert!((0.3..1.0).contains(&of_the_deadline), "{of_the_deadline} s of half a second");
    assert!((0.3..1.0).contains(&of_the_timeout), "{of_the_timeout} s of half a second");
    assert_eq!(pending(&chain).await, 3);
}

#[tokio::test]
async fn a_record_that_audit_refuses_is_parked_and_not_sent_again() {
    let upstream = Upstream::start(|_| Reply::json(422, &json!({"code": "invalid"}))).await;
    let options = ChainOptions::sqlite().env(Service::Order, "NEXT_SERVICE_URL", &upstream.url());
    let chain = Chain::start(options).await;

    let refused = asking::process(&chain, 7).await;

    assert_eq!((refused.status, &refused.body["audit"]), (202, &json!({"status": "parked"})));
    let order = chain.database(Service::Order);
    assert_eq!(rows::count(order, "orders WHERE parked_at IS NOT NULL").await, 1);
    assert_eq!(pending(&chain).await, 0);
    order_metric_becomes(&chain, "tracechain_outbox_parked", 1.0).await;
    order_metric_becomes(&chain, "tracechain_outbox_pending", 0.0).await;

    // A later record that is tried again shows that the relay has passed the parked one over.
    upstream.answer(|_| Reply::json(503, &json!({})));
    let later = asking::process(&chain, 7).await;
    assert_pending(&later);
    let deliveries = |answer: &Answer| {
        let id = answer.text("request_id").to_owned();
        upstream
            .requests()
            .iter()
            .filter(|received| received.json()["request_id"] == id.as_str())
            .count()
    };
    let again = until(DEADLINE, async || (deliveries(&later) >= 3).then_some(())).await;
    assert!(again.is_some(), "the later record was sent {} times", deliveries(&later));
    assert_eq!(deliveries(&refused), 1, "a parked record was sent again");
}

#[tokio::test]
async fn a_repeat_that_reaches_audit_first_leaves_one_trace_id_on_both_rows() {
    let mut chain = Chain::start(ChainOptions::sqlite()).await;
    let url = format!("{}{}", chain.url(Service::Gateway), asking::PROCESS);
    let key = [("idempotency-key", "once-and-again")];
    chain.stop(Service::Audit).await;
    let first = asking::send(&url, &key, &asking::purchase(7)).await.unwrap();
    assert_pending(&first);
    chain.restart(Service::Audit).await;

    let again = asking::send(&url, &key, &asking::purchase(7)).await.unwrap();

    assert_eq!((again.status, ids(&again)), (200, ids(&first)), "{again:?}");
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_ne!(
        again.body["chain"][0]["trace_id"],
        again.text("trace_id"),
        "it ran in its own trace"
    );
    assert_eq!(
        (orders(&chain).await, audits(&chain).await),
        (vec![ids(&first)], vec![ids(&first)])
    );
}

#[tokio::test]
async fn a_repeat_of_a_request_whose_order_was_deleted_leaves_no_second_order() {
    let chain = Chain::start(ChainOptions::sqlite()).await;
    let url = format!("{}{}", chain.url(Service::Gateway), asking::PROCESS);
    let key = [("idempotency-key", "bought, deleted and sent again")];
    let first = asking::send(&url, &key, &asking::purchase(7)).await.unwrap();
    assert_eq!(first.status, 200, "{first:?}");
    let id = first.body["order"]["id"].as_str().unwrap();
    let order = format!("{}/api/v1/orders/{id}", chain.url(Service::Gateway));
    let cancelled = testbed::http().patch(&order).json(&json!({"status": "cancelled"}));
    assert_eq!(cancelled.send().await.unwrap().status(), 200);
    assert_eq!(testbed::http().delete(&order).send().await.unwrap().status(), 204);

    let again = asking::send(&url, &key, &asking::purchase(7)).await.unwrap();

    again.assert_problem(409, "conflict", "order-service");
    assert!(again.text("detail").contains("new idempotency key"), "{again:?}");
    // What is left of the first order is its request id.
    let left = (orders(&chain).await, audits(&chain).await);
    assert_eq!(left, (vec![ids(&first)], vec![ids(&first)]));
    let shown = format!("{}/api/v1/orders", chain.url(Service::Gateway));
    let shown: serde_json::Value =
        testbed::http().get(shown).send().await.unwrap().json().await.unwrap();
    assert_eq!(shown["items"], json!([]));
}

#[tokio::test]
async fn the_first_lease_covers_the_first_call() {
    // Audit takes its time, yet answers in time: the relay must not send the record a second time meanwhile.
    let upstream = Upstream::start(|_| {
        let audit =
            json!({"audit": {"id": uuid::Uuid::nil(), "recorded_at": "2026-01-01T00:00:00Z"}});
        Reply::After(Duration::from_millis(400), Box::new(Reply::json(200, &audit)))
    })
    .await;
    let options = ChainOptions::sqlite().env(Service::Order, "NEXT_SERVICE_URL", &upstream.url());
    let chain = Chain::start(options).await;

    let answer = asking::process(&chain, 7).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    order_metric_becomes(&chain, "tracechain_outbox_delivered_total", 1.0).await;
    let calls = upstream.requests().iter().filter(|received| received.path == "/process").count();
    assert_eq!((calls, pending(&chain).await), (1, 0));
}
