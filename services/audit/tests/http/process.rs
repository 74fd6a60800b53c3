//! `POST /process` of the audit service.

use serde_json::json;
use testbed::{Engine, request_id};
use uuid::Uuid;

use crate::audit_service::{Audit, ENGINES, SERVICE, record};

#[tokio::test]
async fn a_request_is_recorded_within_its_trace() {
    for engine in ENGINES {
        let Some(audit) = Audit::on(engine).await else { continue };
        let mut body = record();
        body["unknown"] = json!({"deep": [1, 2.5, null]});
        let answer = audit.service.post("/process", &body).await;
        let shown = answer.ok(200);
        let members: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["audit", "chain", "request_id", "status", "trace_id"]);
        assert_eq!(
            (&shown["status"], &shown["trace_id"]),
            (&json!("completed"), &json!(answer.trace_id))
        );
        let [own] = shown["chain"].as_array().unwrap().as_slice() else { panic!("{shown}") };
        assert_eq!((&own["service"], &own["trace_id"]), (&json!(SERVICE), &json!(answer.trace_id)));
        assert_eq!(own["span_id"], answer.span_id());
        let id: Uuid = shown["audit"]["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(id.get_version_num(), 7);
        let expected = json!({
            "id": id, "request_id": request_id(&shown), "order_id": record()["order"]["id"], "user_id": 1001,
            "action": "purchase", "total_cents": 999, "currency": "EUR",
            "recorded_at": shown["audit"]["recorded_at"], "trace_id": answer.trace_id
        });
        assert_eq!(audit.records().await, [expected], "{engine}");
        assert!(shown["audit"]["recorded_at"].as_str().unwrap().ends_with('Z'));
    }
}

#[tokio::test]
async fn a_request_is_recorded_once_however_often_it_comes() {
    for engine in ENGINES {
        let Some(audit) = Audit::on(engine).await else { continue };
        let mut body = record();
        body["request_id"] = json!(Uuid::new_v4());
        let first = audit.service.post("/process", &body).await;
        body["action"] = json!("another");
        let again = audit.service.post("/process", &body).await;
        let (shown, repeated) = (first.ok(200), again.ok(200));
        assert_eq!(
            (&shown["audit"], &shown["request_id"]),
            (&repeated["audit"], &repeated["request_id"])
        );
        assert_eq!(
            (first.header("idempotency-replayed"), again.header("idempotency-replayed")),
            (None, Some("true"))
        );
        let records = audit.records().await;
        assert_eq!((records.len(), &records[0]["action"]), (1, &json!("purchase")), "{engine}");
        assert_eq!(records[0]["trace_id"], first.trace_id);
    }
}

#[tokio::test]
async fn a_request_id_that_comes_with_another_order_or_user_is_a_conflict() {
    for engine in ENGINES {
        let Some(audit) = Audit::on(engine).await else { continue };
        let mut body = record();
        body["request_id"] = json!(Uuid::new_v4());
        let first = audit.service.post("/process", &body).await.ok(200);
        let (mut of_order, mut of_user) = (body.clone(), body.clone());
        of_order["order"]["id"] = json!(Uuid::new_v4());
        of_user["user_id"] = json!(1002);
        for other in [of_order, of_user] {
            let answer = audit.service.post("/process", &other).await;
            let problem = answer.problem(409, "conflict", SERVICE);
            assert!(problem["detail"].as_str().unwrap().contains("request id"), "{problem}");
        }
        let again = audit.service.post("/process", &body).await.ok(200);
        assert_eq!(
            (&again["audit"], audit.records().await.len()),
            (&first["audit"], 1),
            "{engine}"
        );
    }
}

#[tokio::test]
async fn deliveries_of_one_request_at_once_make_one_record() {
    for engine in ENGINES {
        let Some(audit) = Audit::on(engine).await else { continue };
        let mut body = record();
        body["request_id"] = json!(Uuid::new_v4());
        let post = || audit.service.post("/process", &body);
        let (a, b, c, d) = tokio::join!(post(), post(), post(), post());
        let shown = [a.ok(200), b.ok(200), c.ok(200), d.ok(200)];
        assert!(shown.iter().all(|one| one["audit"] == shown[0]["audit"]), "{engine}: {shown:?}");
        let replayed = [&a, &b, &c, &d].map(|answer| answer.header("idempotency-replayed"));
        assert_eq!(replayed.iter().filter(|header| header.is_none()).count(), 1, "{replayed:?}");
        assert_eq!(audit.records().await.len(), 1, "{engine}");
    }
}

#[tokio::test]
async fn any_characters_make_an_action() {
    for engine in ENGINES {
        let Some(audit) = Audit::on(engine).await else { continue };
        // The texts of Postgres cannot hold U+0000; its picture stands for it.
        let nul = if engine == Engine::Postgres { "a\u{2400}b" } else { "a\0b" };
        for (action, stored) in [
            ("\u{1f980}".repeat(64), None),
            ("a\0b".to_owned(), Some(nul)),
            (" \u{7}\n'\"; --".to_owned(), None),
        ] {
            let mut body = record();
            body["action"] = json!(action);
            audit.service.post("/process", &body).await.ok(200);
            assert_eq!(audit.records().await[0]["action"], stored.unwrap_or(&action), "{engine}");
        }
    }
}

#[tokio::test]
async fn the_request_is_the_one_that_its_body_or_its_header_says() {
    let audit = Audit::sqlite().await;
    let [of_body, of_header] = [Uuid::new_v4(), Uuid::new_v4()];
    let mut with_id = record();
    with_id["request_id"] = json!(of_body);
    for (body, expected) in [(with_id, of_body), (record(), of_header)] {
        let request = audit.service.request(http::Method::POST, "/process").json(&body);
        let answer = audit.service.ask(request.header("x-request-id", of_header.to_string())).await;
        assert_eq!(request_id(&answer.ok(200)), expected);
    }
}
