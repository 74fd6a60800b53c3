//! `Idempotency-Key` at the edge.

use reqwest::Method;
use serde_json::json;
use testbed::{Reply, Upstream};

use crate::gateway::{Gateway, calls, completed, send};

const KEY: &str = "018f4e6c-1a2b-7c3d-8e4f-5a6b7c8d9e0f";

#[tokio::test]
async fn a_uuid_is_the_request_id_and_the_key_goes_on_as_it_came() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    for key in [KEY.to_owned(), KEY.to_uppercase(), KEY.replace('-', ""), format!("\"{KEY}\"")] {
        let answer = send(gateway.process().header("idempotency-key", &key)).await;
        assert_eq!(answer.json()["request_id"], KEY, "{key}");
        let sent = calls(&upstream).pop().unwrap();
        assert_eq!(
            (sent.json()["request_id"].as_str(), sent.header("idempotency-key")),
            (Some(KEY), Some(&*key))
        );
    }
}

#[tokio::test]
async fn any_other_key_stands_for_one_request_id_and_another_for_another() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    let mut ids = Vec::new();
    for key in ["order 42", "\"order 42\"", "order 43"] {
        let answer = send(gateway.process().header("idempotency-key", key)).await;
        ids.push(answer.json()["request_id"].as_str().unwrap().to_owned());
    }
    assert!(ids[0] == ids[1] && ids[0] != ids[2], "{ids:?}");
    assert_eq!(ids[0].parse::<uuid::Uuid>().unwrap().get_version_num(), 5);
}

#[tokio::test]
async fn errors_carry_the_keys_request_id_also_of_a_body_that_is_not_json() {
    let upstream = Upstream::start(|_| Reply::Close).await;
    let gateway = Gateway::start(&upstream).await;
    let request =
        || gateway.request(Method::POST, "/api/v1/process").header("idempotency-key", KEY);
    let json = |body: &'static str| request().header("content-type", "application/json").body(body);
    for (request, status, code) in [
        (json("{"), 400, "malformed_json"),
        (request().body("text"), 415, "unsupported_media_type"),
        (json("{}"), 422, "invalid"),
        (json(r#"{"user_id": 1, "action": "a"}"#), 502, "bad_gateway"),
    ] {
        assert_eq!(send(request).await.problem(status, code)["request_id"], KEY);
    }
}

#[tokio::test]
async fn a_key_that_is_empty_too_long_or_there_twice_is_refused_by_name() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    for path in ["/api/v1/process", "/api/v1/register", "/register"] {
        let post = || gateway.post(path, &json!({"user_id": 1, "action": "a"}));
        for request in [
            post().header("idempotency-key", ""),
            post().header("idempotency-key", "k".repeat(256)),
            post().header("idempotency-key", "two\twords"),
            post().header("idempotency-key", "schlüssel"),
            post().header("idempotency-key", "one").header("idempotency-key", "two"),
        ] {
            let problem = send(request).await.problem(400, "bad_request");
            assert!(problem["detail"].as_str().unwrap().contains("Idempotency-Key"), "{problem}");
        }
    }
    let longest = send(gateway.process().header("idempotency-key", "k".repeat(255))).await;
    assert_eq!((longest.status, calls(&upstream).len()), (200, 1));
}
