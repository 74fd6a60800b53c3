//! A request id whose order is gone: deleted, or known to audit-service alone.

use serde_json::json;
use testbed::{Received, Reply, Scrape};
use uuid::Uuid;

use crate::order_service::{Chain, ENGINES, SERVICE, purchase, recorded};

/// What audit-service says to a record of an order that is not the recorded one.
fn of_another_order(received: &Received) -> Reply {
    if received.path == "/health/live" {
        return Reply::json(200, &json!({}));
    }
    let problem = json!({"status": 409, "code": "conflict", "service": "audit-service"});
    Reply::body(409, "application/problem+json", problem.to_string())
}

/// Nothing is left of a refused request, and the advice that it got holds.
async fn assert_nothing_left(chain: &Chain) {
    assert!(chain.orders().await.is_empty(), "{:?}", chain.orders().await);
    let scrape = Scrape::of(&chain.order.url("")).await;
    assert_eq!(scrape.value("tracechain_outbox_parked"), 0.0);
    chain.audit.answer(recorded);
    chain.order.post_keyed("/process", Uuid::new_v4(), &purchase()).await.ok(200);
}

async fn assert_refused(chain: &Chain, id: Uuid) {
    let answer = chain.order.post_keyed("/process", id, &purchase()).await;
    let problem = answer.problem(409, "conflict", SERVICE);
    assert!(problem["detail"].as_str().unwrap().contains("new idempotency key"), "{problem}");
    assert_eq!(answer.header("idempotency-replayed"), None);
}

#[tokio::test]
async fn a_repeat_after_the_order_was_deleted_is_a_conflict_whether_audit_is_there_or_not() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let id = Uuid::new_v4();
        let shown = chain.order.post_keyed("/process", id, &purchase()).await.ok(200);
        let order = shown["order"]["id"].as_str().unwrap();
        chain.patch(order, "cancelled").await.ok(200);
        assert_eq!(chain.delete(order).await.status, 204, "{engine}");
        let calls = chain.calls().len();
        assert_refused(&chain, id).await;
        chain.audit.answer(|_| Reply::Close);
        assert_refused(&chain, id).await;
        assert_eq!(chain.calls().len(), calls, "{engine}: audit was asked");
        assert_nothing_left(&chain).await;
    }
}

#[tokio::test]
async fn an_order_whose_request_audit_knows_with_another_is_taken_back_and_a_conflict() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        chain.audit.answer(of_another_order);
        let id = Uuid::new_v4();
        assert_refused(&chain, id).await;
        assert_refused(&chain, id).await;
        assert_nothing_left(&chain).await;
    }
}

#[tokio::test]
async fn one_that_was_answered_already_is_kept_and_parked() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        chain.audit.answer(|_| Reply::Close);
        let id = Uuid::new_v4();
        chain.order.post_keyed("/process", id, &purchase()).await.ok(202);
        chain.audit.answer(of_another_order);
        for _ in 0..2 {
            let again = chain.order.post_keyed("/process", id, &purchase()).await.ok(202);
            assert_eq!(again["audit"], json!({"status": "parked"}), "{engine}");
        }
        assert_eq!(chain.orders().await[0]["audit"], "parked", "{engine}");
    }
}
