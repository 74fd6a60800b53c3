//! Against the real chain, and what is done to its rows behind its back.

use std::sync::Mutex;
use std::time::Duration;

use loadgen::outcome::{End, NoAnswer};
use loadgen::reconcile::{Kind, Rows, Stage, Summary};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use testbed::{Chain, ChainOptions, Reply, Service, Upstream};
use uuid::Uuid;

use crate::asking::{DEADLINE, as_if, finish, id, outcome, post, purchase, reconciler, status};

async fn chain() -> Chain {
    Chain::start(ChainOptions::sqlite()).await
}

async fn execute(chain: &Chain, service: Service, sql: &str) -> u64 {
    let url = &chain.database(service).url;
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap().rows_affected()
}

fn literal(id: Uuid) -> String {
    format!("x'{}'", id.simple())
}

fn kinds(summary: &Summary) -> Vec<(Kind, Vec<Uuid>)> {
    let mismatches = summary.mismatches.iter();
    mismatches.map(|mismatch| (mismatch.kind, mismatch.request_ids.clone())).collect()
}

#[tokio::test]
async fn every_answer_has_its_rows() {
    let chain = chain().await;
    purchase(&chain).await;
    let reconciler = reconciler(&chain).await;
    for _ in 0..250 {
        reconciler.note(&purchase(&chain).await);
    }
    let person = json!({"first_name": "Ada", "last_name": "L", "email": "ada@example.org"});
    let registered = post(&chain, "/api/v1/register", Uuid::new_v4(), &person).await;
    let refused = post(&chain, "/api/v1/process", Uuid::new_v4(), &json!({"user_id": 0})).await;
    assert_eq!((status(&registered), status(&refused)), (201, 422));
    let lost = outcome(purchase(&chain).await.sent, End::Failed(NoAnswer::Broken));
    [registered, refused, lost].iter().for_each(|outcome| reconciler.note(outcome));

    let summary = finish(&reconciler).await;

    let expected = "\
251 answers, 251 orders, 251 audit records
  1 refused: 0 orders, 0 audit records
  1 indeterminate: 1 orders, 1 audit records";
    assert_eq!(summary.to_string(), expected);
    assert!(summary.agrees());
}

#[tokio::test]
async fn a_repeat_of_an_older_runs_keys_finds_the_older_rows() {
    let chain = chain().await;
    let first = purchase(&chain).await;
    // Long before the run, so that the lists are not read so far.
    execute(&chain, Service::Order, "UPDATE orders SET created_at = created_at - 3600000000").await;
    execute(&chain, Service::Audit, "UPDATE audit_logs SET recorded_at = recorded_at - 3600000000")
        .await;
    purchase(&chain).await;
    let reconciler = reconciler(&chain).await;
    let body = json!({"user_id": 1001, "action": "purchase"});
    let repeat = post(&chain, "/api/v1/process", id(&first), &body).await;
    assert_ne!(repeat.sent.root, first.sent.root);
    reconciler.note(&repeat);

    let summary = finish(&reconciler).await;

    assert_eq!(summary.to_string(), "1 answers, 1 orders, 1 audit records");
}

#[tokio::test]
async fn rows_that_are_gone_or_doubled_are_found() {
    let chain = chain().await;
    let reconciler = reconciler(&chain).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        let outcome = purchase(&chain).await;
        ids.push(id(&outcome));
        reconciler.note(&outcome);
    }
    let [good, unaudited, doubled, unordered] = ids[..] else { unreachable!() };
    let without =
        |table: &str, id| format!("DELETE FROM {table} WHERE request_id = {}", literal(id));
    let gone = execute(&chain, Service::Audit, &without("audit_logs", unaudited)).await;
    let gone_order = execute(&chain, Service::Order, &without("orders", unordered)).await;
    assert_eq!((gone, gone_order), (1, 1));
    // Without the constraint that forbids it.
    let twice = format!(
        "CREATE TABLE loose AS SELECT * FROM audit_logs;
         INSERT INTO loose SELECT randomblob(16), request_id, order_id, user_id, action, total_cents, currency, \
         recorded_at, trace_id FROM audit_logs WHERE request_id = {};
         DROP TABLE audit_logs; ALTER TABLE loose RENAME TO audit_logs",
        literal(doubled)
    );
    execute(&chain, Service::Audit, &twice).await;

    let summary = finish(&reconciler).await;

    let expected = vec![
        (Kind::OrderMissing, vec![unordered]),
        (Kind::AuditMissing, vec![unaudited]),
        (Kind::AuditDuplicated, vec![doubled]),
    ];
    assert_eq!(kinds(&summary), expected, "{good} is good: {summary}");
    assert_eq!(summary.done, Rows { requests: 4, orders: 3, audit_records: 4 });
    assert!(!summary.agrees());
}

#[tokio::test]
async fn rows_of_another_trace_or_of_a_refused_request_are_found() {
    let chain = chain().await;
    let reconciler = reconciler(&chain).await;
    let (moved, refused) = (purchase(&chain).await, purchase(&chain).await);
    reconciler.note(&moved);
    reconciler.note(&as_if(&refused, 422));
    let other = format!(
        "UPDATE audit_logs SET trace_id = '{}' WHERE request_id = {}",
        "ab".repeat(16),
        literal(id(&moved))
    );
    assert_eq!(execute(&chain, Service::Audit, &other).await, 1);

    let summary = finish(&reconciler).await;

    let expected = vec![
        (Kind::OrderUnexpected, vec![id(&refused)]),
        (Kind::AuditUnexpected, vec![id(&refused)]),
        (Kind::AuditInAnotherTrace, vec![id(&moved)]),
    ];
    assert_eq!(kinds(&summary), expected, "{summary}");
}

#[tokio::test]
async fn what_is_pending_is_waited_for() {
    let mut chain = chain().await;
    let reconciler = reconciler(&chain).await;
    chain.stop(Service::Audit).await;
    for _ in 0..3 {
        let outcome = purchase(&chain).await;
        assert_eq!(status(&outcome), 202);
        reconciler.note(&outcome);
    }
    chain.restart(Service::Audit).await;
    let stages = Mutex::new(Vec::new());

    let summary = reconciler.finish(DEADLINE, |stage| stages.lock().unwrap().push(stage)).await;

    assert_eq!(summary.to_string(), "3 answers, 3 orders, 3 audit records");
    let stages = stages.into_inner().unwrap();
    assert!(stages.contains(&Stage::Reading { orders: 3, audit_records: 0 }), "{stages:?}");
}

#[tokio::test]
async fn what_stays_pending_is_told_when_the_patience_is_over() {
    let mut chain = Chain::start(ChainOptions::sqlite().proxied(Service::Audit)).await;
    let reconciler = reconciler(&chain).await;
    chain.proxy(Service::Audit).set(testbed::Mode::Refuse).await;
    let outcome = purchase(&chain).await;
    assert_eq!(status(&outcome), 202);
    reconciler.note(&outcome);

    let stages = Mutex::new(Vec::new());
    let patience = Duration::from_millis(300);
    let summary = reconciler.finish(patience, |stage| stages.lock().unwrap().push(stage)).await;

    assert_eq!(kinds(&summary), vec![(Kind::AuditPending, vec![id(&outcome)])], "{summary}");
    assert!(stages.lock().unwrap().contains(&Stage::Waiting { requests: 1 }));
    chain.stop(Service::Gateway).await;
}

#[tokio::test]
async fn a_parked_record_is_told_by_its_name() {
    let audit = Upstream::start(|_| Reply::json(422, &json!({"code": "invalid"}))).await;
    let options = ChainOptions::sqlite().env(Service::Order, "NEXT_SERVICE_URL", &audit.url());
    let chain = Chain::start(options).await;
    let reconciler = reconciler(&chain).await;
    let outcome = purchase(&chain).await;
    reconciler.note(&outcome);

    let summary = finish(&reconciler).await;

    assert_eq!(kinds(&summary), vec![(Kind::AuditParked, vec![id(&outcome)])], "{summary}");
}

#[tokio::test]
async fn lists_that_cannot_be_read_any_more_are_an_error() {
    let mut chain = chain().await;
    let reconciler = reconciler(&chain).await;
    reconciler.note(&purchase(&chain).await);
    chain.stop(Service::Gateway).await;

    let summary = finish(&reconciler).await;

    let error = summary.error.clone().unwrap();
    assert!(error.contains("/api/v1/orders?limit=200 got no answer"), "{error}");
    assert!(!summary.agrees());
}
