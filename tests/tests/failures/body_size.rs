//! What the edge takes goes through the whole chain, however much of it there is.

use serde_json::json;
use testbed::{Chain, ChainOptions, Service};

use crate::{asking, rows};

#[tokio::test]
async fn a_body_as_large_as_the_edge_takes_is_audited() {
    let chain = Chain::start(ChainOptions::sqlite()).await;
    let url = format!("{}{}", chain.url(Service::Gateway), asking::PROCESS);
    let body = |size: usize| {
        let empty = json!({"user_id": 7, "action": "a", "x": ""}).to_string().len();
        json!({"user_id": 7, "action": "a", "x": "y".repeat(size - empty)})
    };

    let largest = asking::send(&url, &[], &body(65_536)).await.unwrap();
    let larger = asking::send(&url, &[], &body(65_537)).await.unwrap();

    assert!(largest.is_accepted(), "{largest:?}");
    larger.assert_problem(413, "body_too_large", "gateway");
    let order = chain.database(Service::Order);
    assert_eq!(rows::count(order, "orders WHERE parked_at IS NOT NULL").await, 0);
    assert_eq!(rows::count(order, "orders").await, 1);
}
