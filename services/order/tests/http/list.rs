//! `GET /orders`.

use serde_json::json;
use testbed::conduct;
use uuid::Uuid;

use crate::order_service::{Chain, ENGINES, of_items, purchase};

#[tokio::test]
async fn a_walk_sees_every_order_once_and_the_newest_first() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        assert!(chain.orders().await.is_empty());
        let mut placed = Vec::new();
        for _ in 0..5 {
            // Several items: the limit counts orders, not rows.
            let items = json!([{"sku": "mouse", "quantity": 1}, {"sku": "headset", "quantity": 1}]);
            let shown = chain.order.post("/process", &of_items(items)).await.ok(200);
            placed.insert(0, shown["order"]["id"].clone());
        }
        for limit in [1, 2, 3, 5, 200] {
            let orders = conduct::walk(&chain.order, "/orders", limit).await;
            let seen: Vec<_> = orders.iter().map(|order| order["id"].clone()).collect();
            assert_eq!(seen, placed, "{engine}");
            assert!(orders.iter().all(|order| order["items"].as_array().unwrap().len() == 2));
        }
        // A last page may be full.
        for limit in [5, 6] {
            let page = chain.order.get(&format!("/orders?limit={limit}&unknown=1")).await.ok(200);
            assert_eq!(page["items"].as_array().unwrap().len(), 5);
            assert!(page.get("next").is_none(), "{engine} {limit}");
        }
    }
}

#[tokio::test]
async fn a_request_finds_its_order() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let ids = [Uuid::new_v4(), Uuid::new_v4()];
        for id in ids {
            chain.order.post_keyed("/process", id, &purchase()).await.ok(200);
        }
        for id in ids {
            for limit in [1, 50] {
                let path = format!("/orders?request_id={id}");
                let orders = conduct::walk(&chain.order, &path, limit).await;
                assert_eq!((orders.len(), &orders[0]["request_id"]), (1, &json!(id)), "{engine}");
            }
        }
        let path = format!("/orders?request_id={}", Uuid::new_v4());
        assert!(conduct::walk(&chain.order, &path, 50).await.is_empty());
    }
}
