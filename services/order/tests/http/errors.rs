//! What the order service refuses by itself: every status of its own, on every route.

use http::Method;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};
use testbed::conduct::{self, BodyRoute};

use crate::order_service::{Chain, ENGINES, SERVICE, of_items, purchase};

async fn body_routes(chain: &Chain) -> [BodyRoute; 2] {
    let path = format!("/orders/{}", chain.place().await);
    let change = BodyRoute { method: Method::PATCH, path, good: json!({"status": "completed"}) };
    [BodyRoute::post("/process", purchase()), change]
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let chain = Chain::sqlite().await;
    for route in body_routes(&chain).await {
        conduct::refuses_what_is_no_json_object(&chain.order, &route).await;
    }
}

#[tokio::test]
async fn bodies_are_bounded_refused_requests_named_and_deadlines_kept() {
    let chain = Chain::sqlite().await;
    for route in body_routes(&chain).await {
        conduct::bounds_bodies(&chain.order, &route).await;
        conduct::names_refused_requests(&chain.order, &route).await;
        conduct::keeps_deadlines(&chain.order, &route).await;
    }
}

#[tokio::test]
async fn a_route_or_method_that_is_not_there_is_said_so() {
    let chain = Chain::sqlite().await;
    let others = [
        (Method::GET, "/process", "POST"),
        (Method::POST, "/orders", "GET,HEAD"),
        (Method::PUT, "/orders/x", "GET,HEAD,PATCH,DELETE"),
    ];
    conduct::refuses_other_routes(&chain.order, &others).await;
}

#[tokio::test]
async fn an_order_that_is_not_accepted_is_refused_field_by_field() {
    let item = |sku: Value, quantity: Value| of_items(json!([{"sku": sku, "quantity": quantity}]));
    let with = |member: &str, value: Value| {
        let mut body = purchase();
        body[member] = value;
        body
    };
    let many = vec![json!({"sku": "mouse", "quantity": 1}); 51];
    let cases: Vec<(Value, &[&str])> = vec![
        (json!({"action": "a"}), &["/user_id"]),
        (json!({"user_id": 1}), &["/action"]),
        (with("user_id", json!(0)), &["/user_id"]),
        (with("user_id", json!(-1)), &["/user_id"]),
        (with("user_id", json!(1_i64 << 53)), &["/user_id"]),
        (with("user_id", json!(1.5)), &["/user_id"]),
        (with("user_id", json!("1")), &["/user_id"]),
        (with("action", json!("")), &["/action"]),
        (with("action", json!("ä".repeat(65))), &["/action"]),
        (with("action", json!(1)), &["/action"]),
        (with("request_id", json!("mine")), &["/request_id"]),
        (with("items", json!({})), &["/items"]),
        (with("items", json!(many)), &["/items"]),
        (with("items", json!([1])), &["/items/0"]),
        (of_items(json!([{"quantity": 1}])), &["/items/0/sku"]),
        (of_items(json!([{"sku": "mouse"}])), &["/items/0/quantity"]),
        (item(json!(""), json!(1)), &["/items/0/sku"]),
        (item(json!("s".repeat(65)), json!(1)), &["/items/0/sku"]),
        (item(json!(1), json!(1)), &["/items/0/sku"]),
        (item(json!("mouse"), json!(0)), &["/items/0/quantity"]),
        (item(json!("mouse"), json!(-1)), &["/items/0/quantity"]),
        (item(json!("mouse"), json!(1_000_001)), &["/items/0/quantity"]),
        (item(json!("mouse"), json!(i64::MAX)), &["/items/0/quantity"]),
        (item(json!("mouse"), json!(u64::MAX)), &["/items/0/quantity"]),
        (item(json!("mouse"), json!(1e300)), &["/items/0/quantity"]),
        (item(json!("mouse"), json!("1")), &["/items/0/quantity"]),
        (
            json!({"user_id": 0, "action": "", "items": [{"sku": "mouse", "quantity": 1}, {"sku": "", "quantity": 0}]}),
            &["/action", "/items/1/quantity", "/items/1/sku", "/user_id"],
        ),
    ];
    let chain = Chain::sqlite().await;
    for (body, pointers) in cases {
        chain.order.post("/process", &body).await.refuses(SERVICE, pointers);
    }
    assert!(chain.calls().is_empty() && chain.orders().await.is_empty());
}

#[tokio::test]
async fn every_item_with_an_unknown_product_is_told() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        // A database may find what only looks alike.
        let skus =
            ["mouse", "nothing", "keyboard", "Mouse", "mouse ", "mouse\0", "möuse", "\u{1f400}"];
        let items: Vec<_> = skus.iter().map(|sku| json!({"sku": sku, "quantity": 1})).collect();
        let answer = chain.order.post("/process", &of_items(json!(items))).await;
        let unknown = [1, 3, 4, 5, 6, 7].map(|index| format!("/items/{index}/sku"));
        answer.refuses(SERVICE, &unknown.each_ref().map(String::as_str));
        assert!(chain.calls().is_empty() && chain.orders().await.is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn a_total_that_does_not_fit_is_refused() {
    let chain = Chain::sqlite().await;
    let mut connection = SqliteConnection::connect(&chain.database.url).await.unwrap();
    let dear = "INSERT INTO products (sku, name, price_cents, currency) VALUES ('dear', 'Dear', 4611686018427387904, 'EUR')";
    connection.execute(dear).await.unwrap();
    let item = |sku: &str, quantity: u32| json!({"sku": sku, "quantity": quantity});
    for items in
        [json!([item("dear", 2)]), json!([item("dear", 1), item("mouse", 1), item("dear", 1)])]
    {
        chain.order.post("/process", &of_items(items)).await.refuses(SERVICE, &["/items"]);
    }
    assert!(chain.orders().await.is_empty());
    let shown = chain.order.post("/process", &of_items(json!([item("dear", 1)]))).await.ok(200);
    assert_eq!(shown["order"]["total_cents"], 1_i64 << 62);
}

#[tokio::test]
async fn queries_ids_and_statuses_that_are_not_accepted_are_refused() {
    let chain = Chain::sqlite().await;
    let filters = ["request_id=", "request_id=x", "request_id=1&request_id=2"];
    conduct::refuses_bad_queries(&chain.order, "/orders", &filters).await;
    for id in ["1", "x", "%ff", "%20", "018f3a1e-0000-7000-8000-00000000000g"] {
        let path = format!("/orders/{id}");
        chain.order.get(&path).await.problem(400, "bad_request", SERVICE);
        chain.patch(id, "completed").await.problem(400, "bad_request", SERVICE);
        chain.delete(id).await.problem(400, "bad_request", SERVICE);
    }
    let unknown = "018f3a1e-0000-7000-8000-000000000000";
    chain.order.get(&format!("/orders/{unknown}")).await.problem(404, "not_found", SERVICE);
    chain.patch(unknown, "completed").await.problem(404, "not_found", SERVICE);
    chain.delete(unknown).await.problem(404, "not_found", SERVICE);
    let path = format!("/orders/{}", chain.place().await);
    for body in [
        json!({}),
        json!({"status": null}),
        json!({"status": "created"}),
        json!({"status": "Completed"}),
        json!({"status": 1}),
    ] {
        let request = chain.order.request(Method::PATCH, &path).json(&body);
        chain.order.ask(request).await.refuses(SERVICE, &["/status"]);
    }
    assert_eq!(chain.order.get(&path).await.ok(200)["status"], "created");
}
