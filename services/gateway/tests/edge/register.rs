//! `POST /api/v1/register` and its short form.

use serde_json::{Value, json};
use testbed::{Reply, Upstream};

use crate::gateway::{Gateway, calls, pointers, send};

fn ada() -> Value {
    json!({"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org", "newsletter": false})
}

#[tokio::test]
async fn both_paths_register_and_name_their_own_route() {
    let upstream = Upstream::start(|_| {
        Reply::json(201, &json!({"status": "success", "message": "registered"}))
    })
    .await;
    let gateway = Gateway::start(&upstream).await;
    for path in ["/api/v1/register", "/register"] {
        let answer = send(gateway.post(path, &ada())).await;
        let json = answer.json();
        assert_eq!((answer.status, &json["message"]), (201, &json!("registered")));
        assert_eq!(json["chain"][0]["service"], "gateway");
        let sent = calls(&upstream).pop().unwrap();
        assert_eq!((sent.path.as_str(), &sent.json()["newsletter"]), ("/register", &json!(false)));
        let spans = gateway.spans(&answer.trace().0, 2).await;
        assert!(spans.iter().any(|span| span["span"] == format!("POST {path}")), "{spans:#?}");
        assert!(
            !spans.iter().any(|span| span.to_string().contains("ada")),
            "nothing personal is in a span"
        );
    }
    let sample = "tracechain_registrations_total{outcome=\"completed\"}";
    assert_eq!(gateway.metric(sample).await, Some(2.0));
}

#[tokio::test]
async fn an_incomplete_registration_is_refused_with_its_fields() {
    let upstream = Upstream::start(|_| Reply::Close).await;
    let gateway = Gateway::start(&upstream).await;
    let body = json!({"first_name": "", "last_name": "x".repeat(101), "email": "nobody"});
    let problem = send(gateway.post("/register", &body)).await.problem(422, "invalid");
    assert_eq!(pointers(&problem), ["/email", "/first_name", "/last_name"]);
    let problem = send(gateway.post("/register", &json!({}))).await.problem(422, "invalid");
    assert_eq!(pointers(&problem), ["/first_name"]);
    assert!(calls(&upstream).is_empty());
}

#[tokio::test]
async fn anything_but_201_from_user_service_is_a_502() {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    let gateway = Gateway::start(&upstream).await;
    let problem = send(gateway.post("/register", &ada())).await.problem(502, "bad_gateway");
    assert_eq!(problem["service"], "user-service");
}
