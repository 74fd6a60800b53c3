//! The requests beside a plain purchase: with an idempotency key, a registration, reads.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind::Client;
use serde_json::{Value, json};
use testbed::Service;

use crate::rows::texts;
use crate::system::{Caller, System, ask};
use crate::{attributes, find, purchase, server, service_name, tables};

/// `INSERT requests` joins, before all other statements, and its row has the trace.
pub(crate) async fn a_keyed_request_claims_its_key_first(system: &System) {
    let key = uuid::Uuid::new_v4().to_string();
    let body = json!({"user_id": 7_310_003, "action": "purchase"});

    let request = system.post("/api/v1/process", &body).header("idempotency-key", &key);
    let answer = ask(request).await;

    assert_eq!((answer.status, &answer.body["request_id"]), (200, &json!(key)), "{}", answer.body);
    let trace_id = answer.trace_id();
    let spans = system.trace(&trace_id, tables::PROCESS_WITH_KEY).await;
    purchase::check_answer(&answer, &trace_id, &spans);
    let seen = find(&spans, Service::User, Client, "INSERT requests");
    let expected = attributes::statement(&system.chain, Service::User, "INSERT requests", 0);
    purchase::check(seen, &expected);
    let rows = texts(system.chain.database(Service::User), "SELECT trace_id FROM requests").await;
    assert_eq!(rows, [trace_id]);
}

/// User and registration in one transaction, then the chain; nothing personal, and a `user.id` that the caller made up is gone.
pub(crate) async fn a_registration_writes_user_and_registration_together(system: &System) {
    let caller = Caller::new();
    let body = json!({"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org"});

    let request = system
        .post("/api/v1/register", &body)
        .header("traceparent", caller.traceparent())
        .header("baggage", "user.id=1,tenant=blue");
    let answer = ask(request).await;
    system.export_caller(&caller).await;

    assert_eq!(
        (answer.status, &answer.body["status"]),
        (201, &json!("success")),
        "{}",
        answer.body
    );
    let spans = system.trace(&caller.trace_id, &tables::called(tables::REGISTER)).await;
    purchase::check_answer(&answer, &caller.trace_id, &spans);
    purchase::check_nothing_personal(system, &spans);
    let user_id = answer.body["user"]["id"].as_i64().unwrap();
    for service in [Service::User, Service::Order] {
        assert_eq!(server(&spans, service).int("user.id"), Some(user_id), "{service}");
    }
    for summary in ["INSERT users", "INSERT registrations", "COMMIT"] {
        let expected = attributes::statement(&system.chain, Service::User, summary, 0);
        purchase::check(find(&spans, Service::User, Client, summary), &expected);
    }
    rows_of_the_registration(system, &caller.trace_id, user_id).await;
}

async fn rows_of_the_registration(system: &System, trace_id: &str, user_id: i64) {
    let (users, orders) =
        (system.chain.database(Service::User), system.chain.database(Service::Order));
    let registered = "SELECT trace_id FROM registrations";
    assert_eq!(texts(users, registered).await, [trace_id]);
    let user = format!("SELECT trace_id FROM users WHERE id = {user_id}");
    assert_eq!(texts(users, &user).await, [trace_id]);
    let baggage = format!("SELECT baggage FROM orders WHERE user_id = {user_id}");
    purchase::check_baggage(&texts(orders, &baggage).await[0], user_id);
    let audited = format!("SELECT trace_id FROM audit_logs WHERE user_id = {user_id}");
    assert_eq!(texts(system.chain.database(Service::Audit), &audited).await, [trace_id]);
}

/// A user, an order and the audit records, each from its owner; two spans of the gateway and two of the owner.
pub(crate) async fn a_read_goes_straight_to_the_owner_of_the_data(system: &System) {
    let body = json!({"user_id": 7_310_004, "action": "purchase"});
    let placed = ask(system.post("/api/v1/process", &body)).await.body;
    let order = format!("/orders/{}", placed["order"]["id"].as_str().unwrap());

    let user = ["/users/{id}", "/users/7310004"];
    read(system, Service::User, user, ("SELECT users", 1), tables::READ_USER).await;
    let order = ["/orders/{id}", order.as_str()];
    read(system, Service::Order, order, ("SELECT orders", 1), tables::READ_ORDER).await;
    let of_request =
        format!("/audit?limit=50&request_id={}", placed["request_id"].as_str().unwrap());
    let audit = ["/audit", of_request.as_str()];
    read(system, Service::Audit, audit, ("SELECT audit_logs", 1), tables::LIST_AUDIT).await;
}

async fn read(
    system: &System,
    owner: Service,
    [route, path]: [&str; 2],
    (summary, rows): (&str, i64),
    table: &str,
) {
    let answer = ask(system.get(&format!("/api/v1{path}"))).await;

    assert_eq!(answer.status, 200, "{}", answer.body);
    let spans = system.trace(&answer.trace_id(), table).await;
    let call = find(&spans, Service::Gateway, Client, &format!("GET {route}"));
    let url = system.chain.url(owner);
    let expected = attributes::client(&url, ["GET", route, path], service_name(owner));
    purchase::check(call, &expected);
    let statement = attributes::statement(&system.chain, owner, summary, rows);
    purchase::check(find(&spans, owner, Client, summary), &statement);
    let plain = path.split('?').next().unwrap();
    let served = attributes::server(
        &url,
        ["GET", route, plain],
        purchase::HOP,
        &Value::Object(Default::default()),
    );
    purchase::check(server(&spans, owner), &served);
}
