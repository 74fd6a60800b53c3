//! A request id whose order was deleted: audit-service has a record of that order and takes no other under the same id.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::{Received, Reply, Scrape, until};
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

#[tokio::test]
async fn a_repeat_after_the_order_was_deleted_is_a_conflict_that_leaves_nothing() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let id = deleted_order_of_a_request(&chain).await;
        chain.audit.answer(of_another_order);
        for _ in 0..2 {
            let answer = chain.order.post_keyed("/process", id, &purchase()).await;
            let problem = answer.problem(409, "conflict", SERVICE);
            assert!(problem["detail"].as_str().unwrap().contains("new idempotency key"));
            assert_eq!(answer.header("idempotency-replayed"), None, "{engine}");
        }
        assert!(chain.orders().await.is_empty(), "{engine}");
        let scrape = Scrape::of(&chain.order.url("")).await;
        for (metric, value) in [
            ("tracechain_outbox_parked", 0.0),
            ("tracechain_orders_total{currency=\"EUR\",status=\"created\"}", 1.0),
        ] {
            assert_eq!(scrape.value(metric), value, "{engine} {metric}");
        }
        // The advice holds.
        chain.audit.answer(recorded);
        chain.order.post_keyed("/process", Uuid::new_v4(), &purchase()).await.ok(200);
    }
}

#[tokio::test]
async fn an_order_placed_so_while_audit_was_down_is_taken_back_when_audit_is_there_again() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let id = deleted_order_of_a_request(&chain).await;
        chain.audit.answer(|_| Reply::Close);
        chain.order.post_keyed("/process", id, &purchase()).await.ok(202);
        chain.audit.answer(of_another_order);
        let gone =
            until(Duration::from_secs(30), async || chain.orders().await.is_empty().then_some(()));
        assert!(gone.await.is_some(), "{engine}: {:?}", chain.orders().await);
        chain.order.post_keyed("/process", id, &purchase()).await.problem(409, "conflict", SERVICE);
    }
}

/// Places an order, audited, and deletes it; gives the request's id.
async fn deleted_order_of_a_request(chain: &Chain) -> Uuid {
    let id = Uuid::new_v4();
    let shown: Value = chain.order.post_keyed("/process", id, &purchase()).await.ok(200);
    let order = shown["order"]["id"].as_str().unwrap();
    chain.patch(order, "cancelled").await.ok(200);
    assert_eq!(chain.delete(order).await.status, 204);
    id
}
