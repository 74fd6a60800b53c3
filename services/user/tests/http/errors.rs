//! What the user service refuses by itself: every status of its own, on every route.

use http::Method;
use serde_json::{Value, json};
use testbed::conduct::{self, BodyRoute};

use crate::user_service::{Chain, ENGINES, SERVICE, TWO_TO_53, purchase, registration};

fn body_routes() -> [BodyRoute; 2] {
    // A registration is repeated under one request id, so that its address stays its own.
    let mut register = registration("ada@example.org");
    register["request_id"] = json!("018f3a1e-0000-7000-8000-000000000001");
    [BodyRoute::post("/process", purchase(1001)), BodyRoute::post("/register", register)]
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let chain = Chain::sqlite().await;
    for route in body_routes() {
        conduct::refuses_what_is_no_json_object(&chain.user, &route).await;
    }
}

#[tokio::test]
async fn bodies_are_bounded_and_refused_requests_named() {
    let chain = Chain::sqlite().await;
    for route in body_routes() {
        conduct::bounds_bodies(&chain.user, &route).await;
        conduct::names_refused_requests(&chain.user, &route).await;
    }
}

#[tokio::test]
async fn a_route_or_method_that_is_not_there_is_said_so() {
    let chain = Chain::sqlite().await;
    let others = [
        (Method::GET, "/process", "POST"),
        (Method::PUT, "/register", "POST"),
        (Method::POST, "/users", "GET,HEAD"),
        (Method::DELETE, "/users/1", "GET,HEAD"),
    ];
    conduct::refuses_other_routes(&chain.user, &others).await;
}

#[tokio::test]
async fn a_user_that_is_not_accepted_is_refused_field_by_field() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        for (fault, pointers) in faults_of_users() {
            let mut body = purchase(1001);
            body.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
            body.as_object_mut().unwrap().retain(|_, value| value != "absent");
            chain.user.post("/process", &body).await.refuses(SERVICE, pointers);
        }
        assert!(chain.calls().is_empty() && chain.users().await.is_empty(), "{engine}");
    }
}

fn faults_of_users() -> Vec<(Value, &'static [&'static str])> {
    let long_email = format!("{}@example.org", "a".repeat(243));
    vec![
        (json!({"user_id": "absent"}), &["/user_id"]),
        (json!({"user_id": 0}), &["/user_id"]),
        (json!({"user_id": -1}), &["/user_id"]),
        (json!({"user_id": TWO_TO_53}), &["/user_id"]),
        (json!({"user_id": u64::MAX}), &["/user_id"]),
        (json!({"user_id": 1.5}), &["/user_id"]),
        (json!({"user_id": 1e300}), &["/user_id"]),
        (json!({"user_id": "1001"}), &["/user_id"]),
        (json!({"user_id": null}), &["/user_id"]),
        (json!({"user_id": [1]}), &["/user_id"]),
        (json!({"user_name": ""}), &["/user_name"]),
        (json!({"user_name": "n".repeat(201)}), &["/user_name"]),
        (json!({"user_name": "A\0da"}), &["/user_name"]),
        (json!({"user_name": 1}), &["/user_name"]),
        (json!({"user_email": ""}), &["/user_email"]),
        (json!({"user_email": "ada"}), &["/user_email"]),
        (json!({"user_email": "ada@example"}), &["/user_email"]),
        (json!({"user_email": "a@b@example.org"}), &["/user_email"]),
        (json!({"user_email": "a da@example.org"}), &["/user_email"]),
        (json!({"user_email": "ada\0@example.org"}), &["/user_email"]),
        (json!({"user_email": long_email}), &["/user_email"]),
        (json!({"request_id": "mine"}), &["/request_id"]),
        (
            json!({"user_id": 0, "user_name": "", "user_email": "x"}),
            &["/user_email", "/user_id", "/user_name"],
        ),
    ]
}

#[tokio::test]
async fn a_registration_that_is_not_accepted_is_refused_field_by_field() {
    let faults: [(Value, &[&str]); 12] = [
        (json!({"last_name": "L", "email": "ada@example.org"}), &["/first_name"]),
        (json!({"first_name": "A", "email": "ada@example.org"}), &["/last_name"]),
        (json!({"first_name": "A", "last_name": "L"}), &["/email"]),
        (json!({"first_name": "", "last_name": "L", "email": "ada@example.org"}), &["/first_name"]),
        (json!({"first_name": "A", "last_name": "", "email": "ada@example.org"}), &["/last_name"]),
        (
            json!({"first_name": "ä".repeat(101), "last_name": "L", "email": "a@b.c"}),
            &["/first_name"],
        ),
        (
            json!({"first_name": "A", "last_name": "L".repeat(101), "email": "a@b.c"}),
            &["/last_name"],
        ),
        (json!({"first_name": "A\0", "last_name": "L", "email": "a@b.c"}), &["/first_name"]),
        (json!({"first_name": "A", "last_name": "\0", "email": "a@b.c"}), &["/last_name"]),
        (json!({"first_name": "A", "last_name": "L", "email": "a@b"}), &["/email"]),
        (json!({"first_name": null, "last_name": "L", "email": "a@b.c"}), &["/first_name"]),
        (
            json!({"first_name": "", "last_name": "", "email": ""}),
            &["/email", "/first_name", "/last_name"],
        ),
    ];
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        for (body, pointers) in &faults {
            chain.user.post("/register", body).await.refuses(SERVICE, pointers);
        }
        assert!(chain.calls().is_empty() && chain.users().await.is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn the_longest_values_that_are_accepted_are_stored_as_they_came() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let (name, email) = ("\u{1f980}".repeat(200), format!("{}@example.org", "a".repeat(242)));
        let id = TWO_TO_53 - 1;
        let body = json!({"user_id": id, "action": "a", "user_name": name, "user_email": email});
        chain.user.post("/process", &body).await.ok(200);
        let user = chain.user.get(&format!("/users/{id}")).await.ok(200);
        assert_eq!((&user["name"], &user["email"]), (&json!(name), &json!(email)));
        let body = json!({"first_name": "ß".repeat(100), "last_name": "\u{1f980}".repeat(100), "email": "a@b.c"});
        chain.user.post("/register", &body).await.ok(201);
    }
}

#[tokio::test]
async fn half_a_surrogate_pair_and_endless_nesting_are_refused_where_nobody_reads_them_too() {
    let chain = Chain::sqlite().await;
    let nested = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    for unknown in [r#""\ud800""#, &nested] {
        let body = format!(r#"{{"user_id": 1, "action": "a", "unknown": {unknown}}}"#);
        let request = chain.user.request(Method::POST, "/process");
        let answer =
            chain.user.ask(request.header("content-type", "application/json").body(body)).await;
        answer.refuses(SERVICE, &[""]);
    }
    assert!(chain.calls().is_empty() && chain.users().await.is_empty());
}
