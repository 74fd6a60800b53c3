//! What the audit service refuses, what fails in it, and what it then says and logs.

use http::Method;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};
use testbed::conduct::{self, BodyRoute};

use crate::audit_service::{Audit, ENGINES, SERVICE, record};

fn body_route() -> BodyRoute {
    BodyRoute::post("/process", record())
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let audit = Audit::sqlite().await;
    conduct::refuses_what_is_no_json_object(&audit.service, &body_route()).await;
}

#[tokio::test]
async fn bodies_are_bounded_refused_requests_named_and_deadlines_kept() {
    let audit = Audit::sqlite().await;
    conduct::bounds_bodies(&audit.service, &body_route()).await;
    conduct::names_refused_requests(&audit.service, &body_route()).await;
    let before = audit.records().await.len();
    let request = audit.service.request(Method::POST, "/process").json(&record());
    let answer = audit.service.ask(request.header("x-deadline-ms", "0")).await;
    answer.problem(504, "timeout", SERVICE);
    assert_eq!(audit.records().await.len(), before);
    conduct::keeps_deadlines(&audit.service, &body_route()).await;
}

#[tokio::test]
async fn a_route_or_method_that_is_not_there_is_said_so() {
    let audit = Audit::sqlite().await;
    let others = [
        (Method::GET, "/process", "POST"),
        (Method::POST, "/audit", "GET,HEAD"),
        (Method::DELETE, "/audit", "GET,HEAD"),
    ];
    conduct::refuses_other_routes(&audit.service, &others).await;
}

#[tokio::test]
async fn queries_that_are_not_accepted_are_refused() {
    let audit = Audit::sqlite().await;
    let short = format!("trace_id={}", "a".repeat(31));
    let not_hex = format!("trace_id={}", "g".repeat(32));
    let filters = ["request_id=", "request_id=x", "trace_id=", "trace_id=x", &short, &not_hex];
    conduct::refuses_bad_queries(&audit.service, "/audit", &filters).await;
}

#[tokio::test]
async fn a_record_that_is_not_accepted_is_refused_field_by_field() {
    for engine in ENGINES {
        let Some(audit) = Audit::on(engine).await else { continue };
        for (path, value, pointers) in faults() {
            let mut body = record();
            let (parent, member) = path.rsplit_once('/').unwrap();
            let parent = body.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
            match value {
                Some(value) => drop(parent.insert(member.to_owned(), value)),
                None => drop(parent.remove(member)),
            }
            audit.service.post("/process", &body).await.refuses(SERVICE, pointers);
        }
        let all = json!({"user_id": 0, "action": "", "order": {
            "id": "018f3a1e-0000-7000-8000-000000000001", "total_cents": -1, "currency": "EURO"
        }});
        let pointers = ["/action", "/order/currency", "/order/total_cents", "/user_id"];
        audit.service.post("/process", &all).await.refuses(SERVICE, &pointers);
        assert!(audit.records().await.is_empty(), "{engine}");
    }
}

type Fault = (&'static str, Option<Value>, &'static [&'static str]);

fn faults() -> Vec<Fault> {
    vec![
        ("/user_id", None, &["/user_id"]),
        ("/user_id", Some(json!(0)), &["/user_id"]),
        ("/user_id", Some(json!(-1)), &["/user_id"]),
        ("/user_id", Some(json!(1_i64 << 53)), &["/user_id"]),
        ("/user_id", Some(json!(1.5)), &["/user_id"]),
        ("/user_id", Some(json!("1")), &["/user_id"]),
        ("/action", None, &["/action"]),
        ("/action", Some(json!("")), &["/action"]),
        ("/action", Some(json!("ä".repeat(65))), &["/action"]),
        ("/action", Some(json!(["a"])), &["/action"]),
        ("/request_id", Some(json!("mine")), &["/request_id"]),
        ("/order", None, &["/order"]),
        ("/order", Some(json!("x")), &["/order"]),
        ("/order/id", None, &["/order/id"]),
        ("/order/id", Some(json!("1")), &["/order/id"]),
        ("/order/total_cents", None, &["/order/total_cents"]),
        ("/order/total_cents", Some(json!(-1)), &["/order/total_cents"]),
        ("/order/total_cents", Some(json!(1.5)), &["/order/total_cents"]),
        ("/order/total_cents", Some(json!(u64::MAX)), &["/order/total_cents"]),
        ("/order/currency", None, &["/order/currency"]),
        ("/order/currency", Some(json!("EU")), &["/order/currency"]),
        ("/order/currency", Some(json!("EURO")), &["/order/currency"]),
        ("/order/currency", Some(json!("eur")), &["/order/currency"]),
        ("/order/currency", Some(json!("€")), &["/order/currency"]),
        ("/order/currency", Some(json!("E\0R")), &["/order/currency"]),
        ("/order/currency", Some(json!("E R")), &["/order/currency"]),
    ]
}

#[tokio::test]
async fn a_statement_that_fails_is_a_general_500_whose_cause_is_logged_once() {
    let audit = Audit::sqlite().await;
    let mut connection = SqliteConnection::connect(&audit.database.url).await.unwrap();
    connection.execute("DROP TABLE audit_logs").await.unwrap();
    let mut body = record();
    body["user_name"] = json!("Zebedäus Quark");
    body["action"] = json!("hush-hush-value");
    let answers = [audit.service.post("/process", &body).await, audit.service.get("/audit").await];
    for answer in answers {
        let shown = answer.problem(500, "internal_error", SERVICE).to_string();
        assert!(!shown.contains("audit_logs") && !shown.contains("table"), "{shown}");
        let logged = audit.service.logged(&answer.trace_id, "Request failed").await;
        assert_eq!(logged.len(), 1, "{logged:?}");
        assert!(logged[0]["error"].as_str().unwrap().contains("no such table"), "{logged:?}");
        let values = ["Zebedäus Quark", "hush-hush-value"];
        audit.service.has_not_told(&answer.trace_id, &values).await;
    }
}
