//! Reading and changing what the services have stored.

use reqwest::Method;
use serde_json::json;
use testbed::{Reply, Upstream};

use crate::gateway::{Gateway, calls, send};

const ID: &str = "018f4e6c-1a2b-7c3d-8e4f-5a6b7c8d9e0f";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
/// Cursors of a number and of a UUID, as the services make them.
const AFTER_NUMBER: &str = "MTIuNw";
const AFTER_UUID: &str = "MTIuMDE4ZjRlNmMtMWEyYi03YzNkLThlNGYtNWE2YjdjOGQ5ZTBm";

/// Each service answers its own name.
struct Services {
    users: Upstream,
    orders: Upstream,
    audit: Upstream,
}

impl Services {
    async fn start() -> Self {
        let start = |name: &'static str| {
            Upstream::start(move |_| {
                Reply::body(200, "application/json", format!("{{ \"b\": 1.0, \"a\": \"{name}\" }}"))
            })
        };
        Self {
            users: start("users").await,
            orders: start("orders").await,
            audit: start("audit").await,
        }
    }

    async fn gateway(&self) -> Gateway {
        let (users, orders, audit) = (self.users.url(), self.orders.url(), self.audit.url());
        let variables = [
            ("USER_SERVICE_URL", users.as_str()),
            ("ORDER_SERVICE_URL", orders.as_str()),
            ("AUDIT_SERVICE_URL", audit.as_str()),
        ];
        Gateway::with("http://127.0.0.1:9", &variables).await
    }

    fn of(&self, name: &str) -> &Upstream {
        match name {
            "users" => &self.users,
            "orders" => &self.orders,
            _ => &self.audit,
        }
    }
}

#[tokio::test]
async fn each_read_goes_straight_to_the_service_that_owns_the_data() {
    let services = Services::start().await;
    let gateway = services.gateway().await;
    for (asked, owner, expected, template) in reads() {
        let answer = gateway.get(&asked).await;
        assert_eq!(
            (answer.status, answer.text),
            (200, format!("{{ \"b\": 1.0, \"a\": \"{owner}\" }}")),
            "{asked}"
        );
        let sent = calls(services.of(owner)).pop().unwrap();
        assert_eq!((sent.method.as_str(), sent.path), ("GET", expected));
        let trace_id = sent.headers["traceparent"].to_str().unwrap()[3..35].to_owned();
        let spans = gateway.spans(&trace_id, 2).await;
        let client = spans.iter().find(|span| span["kind"] == "Client").unwrap();
        assert_eq!(client["span"], format!("GET {template}"));
        assert_eq!(client["attributes"]["url.template"], template);
        let peer = match owner {
            "users" => "user-service",
            "orders" => "order-service",
            _ => "audit-service",
        };
        assert_eq!(client["attributes"]["peer.service"], peer);
    }
}

/// What is asked, who has it, what that service is asked, and the template of its path.
fn reads() -> Vec<(String, &'static str, String, &'static str)> {
    vec![
        ("/api/v1/users".to_owned(), "users", "/users?limit=50".to_owned(), "/users"),
        (
            format!("/api/v1/users?limit=200&after={AFTER_NUMBER}"),
            "users",
            format!("/users?limit=200&after={AFTER_NUMBER}"),
            "/users",
        ),
        (
            "/api/v1/users/9007199254740991".to_owned(),
            "users",
            "/users/9007199254740991".to_owned(),
            "/users/{id}",
        ),
        (
            format!("/api/v1/orders?limit=1&after={AFTER_UUID}&request_id={ID}&unknown=x"),
            "orders",
            format!("/orders?limit=1&after={AFTER_UUID}&request_id={ID}"),
            "/orders",
        ),
        (
            format!("/api/v1/orders/{}", ID.to_uppercase()),
            "orders",
            format!("/orders/{ID}"),
            "/orders/{id}",
        ),
        (
            format!("/api/v1/audit?trace_id={TRACE}&request_id={ID}"),
            "audit",
            format!("/audit?limit=50&request_id={ID}&trace_id={TRACE}"),
            "/audit",
        ),
    ]
}

#[tokio::test]
async fn what_is_malformed_in_path_or_query_is_a_400_at_the_edge() {
    let services = Services::start().await;
    let gateway = services.gateway().await;
    for path in [
        "/api/v1/users/0",
        "/api/v1/users/-1",
        "/api/v1/users/+1",
        "/api/v1/users/9007199254740992",
        "/api/v1/users/ada",
        "/api/v1/users/%FF",
        "/api/v1/orders/42",
        "/api/v1/users?limit=0",
        "/api/v1/users?limit=201",
        "/api/v1/users?limit=many",
        "/api/v1/users?limit=1&limit=2",
        "/api/v1/orders?after=here",
        "/api/v1/orders?request_id=1",
        "/api/v1/audit?request_id=1",
        "/api/v1/audit?trace_id=1",
        "/api/v1/audit?after=",
    ] {
        gateway.get(path).await.problem(400, "bad_request");
    }
    send(gateway.request(Method::DELETE, "/api/v1/orders/42")).await.problem(400, "bad_request");
    for name in ["users", "orders", "audit"] {
        assert!(calls(services.of(name)).is_empty());
    }
}

#[tokio::test]
async fn an_order_is_changed_with_the_callers_body_as_it_is() {
    let services = Services::start().await;
    let gateway = services.gateway().await;
    let path = format!("/api/v1/orders/{ID}");
    let body = json!({"status": "completed", "reason": "done"});
    assert_eq!(send(gateway.request(Method::PATCH, &path).json(&body)).await.status, 200);
    let sent = calls(&services.orders).pop().unwrap();
    assert_eq!(
        (sent.method.as_str(), sent.path.as_str(), sent.json()),
        ("PATCH", &path[7..], body)
    );
    for refused in [json!({"status": "created"}), json!({}), json!({"status": 1})] {
        send(gateway.request(Method::PATCH, &path).json(&refused)).await.problem(422, "invalid");
    }
    assert_eq!(calls(&services.orders).len(), 1);
}

#[tokio::test]
async fn a_deleted_order_is_a_204_and_one_that_must_stay_a_409() {
    let services = Services::start().await;
    let gateway = services.gateway().await;
    let path = format!("/api/v1/orders/{ID}");
    services.orders.answer(|_| Reply::body(204, "text/plain", ""));
    let answer = send(gateway.request(Method::DELETE, &path)).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    services
        .orders
        .answer(|_| Reply::body(409, "application/problem+json", "{\"code\":\"conflict\"}"));
    let answer = send(gateway.request(Method::DELETE, &path)).await;
    assert_eq!((answer.status, answer.text.as_str()), (409, "{\"code\":\"conflict\"}"));
    services.orders.answer(|_| Reply::json(200, &json!({})));
    let answer = send(gateway.request(Method::DELETE, &path)).await;
    assert_eq!(answer.problem(502, "bad_gateway")["service"], "order-service");
}

#[tokio::test]
async fn a_404_is_passed_up_and_a_service_that_fails_is_named() {
    let services = Services::start().await;
    let gateway = services.gateway().await;
    services
        .users
        .answer(|_| Reply::body(404, "application/problem+json", "{\"service\":\"user-service\"}"));
    assert_eq!(gateway.get("/api/v1/users/5").await.status, 404);
    services.audit.answer(|_| Reply::Close);
    assert_eq!(
        gateway.get("/api/v1/audit").await.problem(502, "bad_gateway")["service"],
        "audit-service"
    );
    services.orders.answer(|_| Reply::body(200, "application/json", "[]"));
    assert_eq!(
        gateway.get("/api/v1/orders").await.problem(502, "bad_gateway")["service"],
        "order-service"
    );
}
