//! `POST /register` of the user service.

use serde_json::json;
use testbed::request_id;

use crate::user_service::{Chain, ENGINES, SERVICE, TWO_TO_53, accepted, registration};

#[tokio::test]
async fn a_registration_makes_a_user_and_an_order_that_costs_nothing() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let mut body = registration("ada@example.org");
        body["newsletter"] = json!(true);
        let answer = chain.user.post("/register", &body).await;
        let shown = answer.ok(201);
        assert_eq!(
            (&shown["status"], &shown["trace_id"]),
            (&json!("success"), &json!(answer.trace_id))
        );
        let id = shown["user"]["id"].as_i64().unwrap();
        assert!((1 << 40) < id && id < TWO_TO_53, "{id}");
        assert_eq!(shown["message"], format!("user {id} is registered"));
        assert_eq!(shown["user"]["name"], "Ada Lovelace");
        assert_eq!(shown["user"]["email"], "ada@example.org");
        assert_eq!(shown["further"]["from"], "order-service");
        assert_eq!(shown["chain"][0]["service"], SERVICE);
        assert_eq!(shown["chain"].as_array().unwrap().len(), 3);
        // What is personal stays here.
        let expected = json!({
            "request_id": request_id(&shown), "user_id": id, "user": {"id": id}, "action": "register",
            "items": [{"sku": "registration", "quantity": 1}], "newsletter": true
        });
        assert_eq!(chain.calls()[0].json(), expected);
        assert_eq!(chain.user.get(&format!("/users/{id}")).await.ok(200), shown["user"]);
    }
}

#[tokio::test]
async fn an_address_is_registered_once_and_ids_are_random() {
    for engine in ENGINES {
        let Some(chain) = Chain::on(engine).await else { continue };
        let mut ids = Vec::new();
        for email in ["a@example.org", "b@example.org", "c@example.org"] {
            let shown = chain.user.post("/register", &registration(email)).await.ok(201);
            ids.push(shown["user"]["id"].as_i64().unwrap());
        }
        let answer = chain.user.post("/register", &registration("b@example.org")).await;
        answer.problem(409, "email_taken", SERVICE);
        let distances = [ids[1].abs_diff(ids[0]), ids[2].abs_diff(ids[1])];
        assert!(distances.iter().all(|distance| *distance > 1000), "{ids:?}");
        assert_eq!((chain.calls().len(), chain.users().await.len()), (3, 3), "{engine}");
    }
}

#[tokio::test]
async fn a_registration_whose_audit_is_pending_is_one_all_the_same() {
    let chain = Chain::sqlite().await;
    chain.order.answer(accepted);
    let shown = chain.user.post("/register", &registration("ada@example.org")).await.ok(201);
    assert_eq!(
        (&shown["status"], &shown["audit"]["status"]),
        (&json!("success"), &json!("pending"))
    );
}
