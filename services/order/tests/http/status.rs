//! `PATCH` and `DELETE /orders/{id}`: which changes of an order there are, and how they are counted.

use std::time::Duration;

use testbed::{Reply, Scrape, until};

use crate::order_service::{Chain, ENGINES, SERVICE, purchase, recorded};

#[tokio::test]
async fn an_order_is_settled_once_and_a_repeat_changes_and_counts_nothing() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        for (status, other) in [("completed", "cancelled"), ("cancelled", "completed")] {
            let id = chain.place().await;
            let changed = chain.patch(&id, status).await.ok(200);
            assert_eq!(
                (changed["status"].as_str(), changed["id"].as_str()),
                (Some(status), Some(&*id))
            );
            assert_ne!(changed["updated_at"], changed["created_at"]);
            for _ in 0..2 {
                let again = chain.patch(&id, status).await.ok(200);
                assert_eq!(again["updated_at"], changed["updated_at"], "{engine}");
                chain.patch(&id, other).await.problem(409, "conflict", SERVICE);
            }
            assert_eq!(chain.order.get(&format!("/orders/{id}")).await.ok(200)["status"], status);
        }
        let scrape = Scrape::of(&chain.order.url("")).await;
        for (status, orders) in [("created", 2.0), ("completed", 1.0), ("cancelled", 1.0)] {
            let labels = format!("{{currency=\"EUR\",status=\"{status}\"}}");
            assert_eq!(
                scrape.value(&format!("tracechain_orders_total{labels}")),
                orders,
                "{engine} {status}"
            );
            let cents = scrape.value(&format!("tracechain_order_value_cents_total{labels}"));
            assert_eq!(cents, orders * 999.0, "{engine} {status}");
        }
    }
}

#[tokio::test]
async fn only_a_cancelled_order_is_deleted() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let [created, completed, cancelled] =
            [chain.place().await, chain.place().await, chain.place().await];
        chain.patch(&completed, "completed").await.ok(200);
        chain.patch(&cancelled, "cancelled").await.ok(200);
        for id in [&created, &completed] {
            chain.delete(id).await.problem(409, "conflict", SERVICE);
        }
        let deleted = chain.delete(&cancelled).await;
        assert_eq!(deleted.status, 204, "{deleted:?}");
        assert!(deleted.text.is_empty() && deleted.span_id().len() == 16);
        chain.delete(&cancelled).await.problem(404, "not_found", SERVICE);
        chain.patch(&cancelled, "cancelled").await.problem(404, "not_found", SERVICE);
        chain.order.get(&format!("/orders/{cancelled}")).await.problem(404, "not_found", SERVICE);
        assert_eq!(chain.orders().await.len(), 2, "{engine}");
    }
}

#[tokio::test]
async fn an_order_is_deleted_as_soon_as_its_audit_was_answered() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        for _ in 0..10 {
            let shown = chain.order.post("/process", &purchase()).await.ok(200);
            let id = shown["order"]["id"].as_str().unwrap();
            chain.patch(id, "cancelled").await.ok(200);
            let deleted = chain.delete(id).await;
            assert_eq!(deleted.status, 204, "{engine}: {deleted:?}");
        }
    }
}

#[tokio::test]
async fn an_order_whose_audit_is_pending_is_not_deleted_until_it_is_delivered() {
    let chain = Chain::sqlite().await;
    chain.audit.answer(|_| Reply::Close);
    let shown = chain.order.post("/process", &purchase()).await.ok(202);
    let id = shown["order"]["id"].as_str().unwrap();
    let cancelled = chain.patch(id, "cancelled").await.ok(200);
    assert_eq!(
        (&cancelled["audit"], &cancelled["audit_pending"]),
        (&"pending".into(), &true.into())
    );
    let problem = chain.delete(id).await.problem(409, "conflict", SERVICE);
    assert!(problem["detail"].as_str().unwrap().contains("audit"), "{problem}");
    chain.audit.answer(recorded);
    let deleted = until(Duration::from_secs(30), async || {
        (chain.delete(id).await.status == 204).then_some(())
    });
    assert!(deleted.await.is_some());
}

#[tokio::test]
async fn an_order_whose_audit_record_is_refused_shows_it_and_is_kept_until_audit_takes_it() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        for status in [400, 409, 413, 415, 422] {
            let request_id = uuid::Uuid::new_v4();
            chain.audit.answer(move |_| Reply::json(status, &serde_json::json!({})));
            // The first answer and a repeat's say the same, whether the repeat is refused again or audit is down by then.
            let shown = chain.order.post_keyed("/process", request_id, &purchase()).await.ok(202);
            let id = shown["order"]["id"].as_str().unwrap();
            chain.order.post_keyed("/process", request_id, &purchase()).await.ok(202);
            chain.audit.answer(|_| Reply::Close);
            let again = chain.order.post_keyed("/process", request_id, &purchase()).await.ok(202);
            for answer in [&shown, &again] {
                let expected = (&"accepted".into(), &"parked".into());
                assert_eq!((&answer["status"], &answer["audit"]["status"]), expected, "{engine}");
            }
            let parked = chain.patch(id, "cancelled").await.ok(200);
            assert_eq!(
                (&parked["audit"], &parked["audit_pending"]),
                (&"parked".into(), &false.into())
            );
            let problem = chain.delete(id).await.problem(409, "conflict", SERVICE);
            assert!(problem["detail"].as_str().unwrap().contains("refused"), "{problem}");
            chain.audit.answer(recorded);
            chain.order.post_keyed("/process", request_id, &purchase()).await.ok(200);
            let path = format!("/orders/{id}");
            let order = until(Duration::from_secs(10), async || {
                Some(chain.order.get(&path).await.ok(200))
                    .filter(|order| order["audit"] != "parked")
            });
            assert_eq!(order.await.expect("audit has it")["audit"], "recorded", "{engine}");
            assert_eq!(chain.delete(id).await.status, 204, "{engine} {status}");
        }
    }
}
