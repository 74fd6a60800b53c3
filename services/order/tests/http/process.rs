//! `POST /process` of the order service.

use serde_json::{Value, json};
use testbed::request_id;
use uuid::Uuid;

use crate::order_service::{Chain, ENGINES, SERVICE, of_items, purchase};

#[tokio::test]
async fn an_order_is_priced_placed_and_audited() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let items = json!([{"sku": "mouse", "quantity": 2}, {"sku": "default", "quantity": 1}, {"sku": "mouse", "quantity": 1}]);
        let mut body = of_items(items);
        body["user"] = json!({"id": 1001});
        body["user_name"] = json!("Ada");
        body["user_email"] = json!("ada@example.org");
        body["unknown"] = json!({"deep": [1, 2.5, null, "ü"]});
        let answer = chain.order.post("/process", &body).await;
        let shown = answer.ok(200);
        let line = |sku: &str, quantity: u32, price: u32| json!({"sku": sku, "quantity": quantity, "unit_price_cents": price});
        let expected = json!({
            "id": shown["order"]["id"], "status": "created", "total_cents": 3 * 3450 + 999, "currency": "EUR",
            "items": [line("mouse", 2, 3450), line("default", 1, 999), line("mouse", 1, 3450)]
        });
        assert_eq!(shown["order"], expected, "{engine}");
        assert_shown(&shown, &answer.trace_id, &answer.span_id());
        assert_audited(&chain, &body, &shown, &answer.trace_id);
        assert_stored(&chain, &shown).await;
    }
}

fn assert_shown(shown: &Value, trace_id: &str, span_id: &str) {
    let members: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["audit", "chain", "further", "order", "request_id", "status", "trace_id"]);
    assert_eq!((&shown["status"], &shown["trace_id"]), (&json!("completed"), &json!(trace_id)));
    let audit = json!({"id": Uuid::new_v5(&request_id(shown), b"audit"), "recorded_at": "2026-11-21T12:00:00Z"});
    assert_eq!((&shown["audit"], &shown["further"]["from"]), (&audit, &json!("audit-service")));
    assert_eq!(shown["chain"][1]["service"], "audit-service");
    let own = &shown["chain"][0];
    assert_eq!((&own["service"], &own["span_id"]), (&json!(SERVICE), &json!(span_id)));
    assert_eq!((&own["trace_id"], shown["chain"].as_array().unwrap().len()), (&json!(trace_id), 2));
    let id: Uuid = shown["order"]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(id.get_version_num(), 7);
}

/// Audit got the caller's members but for what is personal, the request's id, and of the order what it needs.
fn assert_audited(chain: &Chain, body: &Value, shown: &Value, trace_id: &str) {
    let calls = chain.calls();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    let mut expected = body.clone();
    for personal in ["user_name", "user_email"] {
        expected.as_object_mut().unwrap().remove(personal);
    }
    expected["request_id"] = shown["request_id"].clone();
    let order = &shown["order"];
    expected["order"] = json!({"id": order["id"], "total_cents": order["total_cents"], "currency": order["currency"], "trace_id": trace_id});
    assert_eq!(call.json(), expected);
    assert_eq!(call.header("x-request-id"), shown["request_id"].as_str());
    assert_eq!(call.header("traceparent").unwrap().split('-').nth(1), Some(trace_id));
    let left: u64 = call.header("x-deadline-ms").unwrap().parse().unwrap();
    assert!(left <= 1000, "audit gets a second at most: {left}");
}

async fn assert_stored(chain: &Chain, shown: &Value) {
    let path = format!("/orders/{}", shown["order"]["id"].as_str().unwrap());
    let audited = testbed::until(std::time::Duration::from_secs(10), async || {
        Some(chain.order.get(&path).await.ok(200)).filter(|order| order["audit_pending"] == false)
    });
    let stored = audited.await.expect("the acknowledgement is written");
    for same in ["id", "status", "total_cents", "currency", "items"] {
        assert_eq!(stored[same], shown["order"][same], "{same}");
    }
    assert_eq!((&stored["user_id"], &stored["action"]), (&json!(1001), &json!("purchase")));
    assert_eq!(
        (&stored["trace_id"], &stored["request_id"]),
        (&shown["trace_id"], &shown["request_id"])
    );
    assert_eq!(stored["audit_id"], shown["audit"]["id"]);
    assert_eq!(stored["created_at"], stored["updated_at"]);
}

#[tokio::test]
async fn no_items_mean_one_unit_of_the_default_product_whatever_the_action() {
    let chain = Chain::sqlite().await;
    for body in [
        purchase(),
        of_items(json!([])),
        of_items(Value::Null),
        json!({"user_id": 1, "action": "¿qué?"}),
    ] {
        let order = chain.order.post("/process", &body).await.ok(200)["order"].clone();
        assert_eq!(
            order["items"],
            json!([{"sku": "default", "quantity": 1, "unit_price_cents": 999}])
        );
        assert_eq!(order["total_cents"], 999);
    }
    let items = json!([{"sku": "mouse", "quantity": 3}]);
    let body = json!({"user_id": 1, "action": "¿qué?", "items": items});
    let order = chain.order.post("/process", &body).await.ok(200)["order"].clone();
    assert_eq!(order["total_cents"], 3 * 3450, "items are ordered under any action");
}

#[tokio::test]
async fn any_characters_make_an_action_and_fifty_items_an_order() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        for action in ["\u{1f980}".repeat(64), "a\0b".to_owned(), " \u{7}\n'\"; --".to_owned()] {
            let shown = chain
                .order
                .post("/process", &json!({"user_id": 1, "action": action}))
                .await
                .ok(200);
            let path = format!("/orders/{}", shown["order"]["id"].as_str().unwrap());
            assert_eq!(chain.order.get(&path).await.ok(200)["action"], json!(action), "{engine}");
            assert_eq!(chain.calls().last().unwrap().json()["action"], json!(action));
        }
        let items = vec![json!({"sku": "monitor-27", "quantity": 1_000_000}); 50];
        let order =
            chain.order.post("/process", &of_items(json!(items))).await.ok(200)["order"].clone();
        assert_eq!(
            (&order["total_cents"], order["items"].as_array().unwrap().len()),
            (&json!(50 * 31_900_000_000_i64), 50)
        );
        let nothing = of_items(json!([{"sku": "registration", "quantity": 1}]));
        assert_eq!(chain.order.post("/process", &nothing).await.ok(200)["order"]["total_cents"], 0);
    }
}

#[tokio::test]
async fn a_request_id_that_comes_with_another_user_or_action_is_a_conflict() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let id = Uuid::new_v4();
        let first = chain.order.post_keyed("/process", id, &purchase()).await.ok(200);
        for (member, other) in [("user_id", json!(1002)), ("action", json!("Purchase"))] {
            let mut body = purchase();
            body[member] = other;
            let answer = chain.order.post_keyed("/process", id, &body).await;
            let problem = answer.problem(409, "conflict", SERVICE);
            assert!(problem["detail"].as_str().unwrap().contains("request id"), "{problem}");
        }
        assert_eq!((chain.calls().len(), chain.orders().await.len()), (1, 1), "{engine}");
        let again = chain.order.post_keyed("/process", id, &purchase()).await.ok(200);
        assert_eq!((&again["order"], &again["audit"]), (&first["order"], &first["audit"]));
    }
}

#[tokio::test]
async fn the_same_request_again_gets_the_order_that_is_there() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let id = Uuid::new_v4();
        let body =
            of_items(json!([{"sku": "mouse", "quantity": 2}, {"sku": "headset", "quantity": 1}]));
        let first = chain.order.post_keyed("/process", id, &body).await;
        let again = chain.order.post_keyed("/process", id, &body).await;
        let (shown, repeated) = (first.ok(200), again.ok(200));
        assert_eq!(
            (first.header("idempotency-replayed"), again.header("idempotency-replayed")),
            (None, Some("true"))
        );
        for same in ["request_id", "order", "audit", "trace_id"] {
            assert_eq!(shown[same], repeated[same], "{engine} {same}");
        }
        assert_eq!(repeated["trace_id"], first.trace_id);
        assert_eq!(repeated["chain"][0]["trace_id"], again.trace_id);
        assert_eq!((chain.calls().len(), chain.orders().await.len()), (2, 1), "{engine}");
        let scrape = testbed::Scrape::of(&chain.order.url("")).await;
        assert_eq!(
            scrape.value("tracechain_orders_total{currency=\"EUR\",status=\"created\"}"),
            1.0
        );
    }
}
