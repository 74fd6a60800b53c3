//! A purchase with the caller's context: everything that it leaves behind.

use std::collections::HashSet;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind::{Client, Internal};
use serde_json::{Value, json};
use testbed::{SeenSpan, Service};

use crate::attributes::{self, client, statement};
use crate::rows::texts;
use crate::system::{Answer, Caller, System};
use crate::{find, server, service_name};

pub(crate) const USER_ID: i64 = 7_310_001;
pub(crate) const TOTAL_CENTS: i64 = 2 * 8990 + 3450;
pub(crate) const TRACESTATE: &str = "vendor=a1,other=b2";
const PERSONAL: [&str; 3] = ["ada@example.org", "Lovelace", "Ada "];
/// The user agent of the services themselves.
pub(crate) const HOP: &str = concat!("tracechain/", env!("CARGO_PKG_VERSION"));
const PROCESS: [&str; 3] = ["POST", "/process", "/process"];

pub(crate) fn body() -> Value {
    json!({
        "user_id": USER_ID, "action": "purchase", "user_name": "Ada Lovelace", "user_email": "ada@example.org",
        "items": [{"sku": "keyboard", "quantity": 2}, {"sku": "mouse", "quantity": 1}],
    })
}

/// The chain of the answer is the SERVER spans, and `traceresponse` the gateway's.
pub(crate) fn check_answer(answer: &Answer, trace_id: &str, spans: &[SeenSpan]) {
    let entry = |service| (service_name(service), trace_id, server(spans, service).id.as_str());
    let expected = [Service::Gateway, Service::User, Service::Order, Service::Audit].map(entry);
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let seen = answer.body["chain"].as_array().unwrap().iter().map(|entry| {
        assert!(entry["duration_ms"].as_f64().is_some_and(|took| took > 0.0), "{entry}");
        (text(entry, "service"), text(entry, "trace_id"), text(entry, "span_id"))
    });
    let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    assert_eq!(answer.body["trace_id"], trace_id);
    let gateway = format!("00-{trace_id}-{}-", server(spans, Service::Gateway).id);
    assert!(answer.traceresponse.starts_with(&gateway), "{}", answer.traceresponse);
}

/// The attributes of every span, in the order of the table.
pub(crate) fn check_attributes(system: &System, spans: &[SeenSpan], answer: &Answer) {
    let order_id = &answer.body["order"]["id"];
    let calls = [Service::Gateway, Service::User, Service::Order];
    for service in calls {
        let next = service.next().unwrap();
        let expected = client(&system.chain.url(next), PROCESS, service_name(next));
        check(find(spans, service, Client, "POST /process"), &expected);
    }
    let user = json!({"user.id": USER_ID});
    let order = json!({
        "user.id": USER_ID, "order.id": order_id, "order.total_cents": TOTAL_CENTS, "audit.pending": false,
    });
    let of_server = |service, request, user_agent, ours: &Value| {
        let url = system.chain.url(service);
        check(server(spans, service), &attributes::server(&url, request, user_agent, ours));
    };
    of_server(Service::Gateway, ["POST", "/api/v1/process", "/api/v1/process"], "loadgen/1", &user);
    of_server(Service::User, PROCESS, HOP, &user);
    of_server(Service::Order, PROCESS, HOP, &order);
    of_server(Service::Audit, PROCESS, HOP, &json!({}));
    let priced = json!({
        "order.item.skus": ["keyboard", "mouse"], "order.item.quantities": [2, 1], "order.total_cents": TOTAL_CENTS,
    });
    check(find(spans, Service::Order, Internal, "price_order"), &priced);
    for (service, summary, rows) in [
        (Service::User, "INSERT users", 1),
        (Service::Order, "SELECT products", 2),
        (Service::Order, "INSERT orders", 0),
        (Service::Order, "INSERT order_items", 0),
        (Service::Order, "COMMIT", 0),
        (Service::Audit, "INSERT audit_logs", 1),
    ] {
        let seen = find(spans, service, Client, summary);
        check(seen, &statement(&system.chain, service, summary, rows));
        check_sql(seen, summary);
    }
}

/// A span's attributes are exactly these; it has neither events nor links.
pub(crate) fn check(seen: &SeenSpan, expected: &Value) {
    let found = attributes::of(seen);
    assert!(
        found == *expected,
        "{} {:?} {} should have\n{expected:#}\nand has\n{found:#}",
        seen.service,
        seen.kind,
        seen.name
    );
    assert!(seen.span.events.is_empty() && seen.span.links.is_empty(), "{seen:?}");
}

/// The statement's text, with placeholders in place of values.
fn check_sql(seen: &SeenSpan, summary: &str) {
    let sql = seen.text("db.query.text").unwrap();
    assert!(summary.split(' ').all(|word| sql.contains(word)), "{summary}: {sql}");
    let values = [
        USER_ID.to_string(),
        TOTAL_CENTS.to_string(),
        "keyboard".to_owned(),
        "purchase".to_owned(),
    ];
    assert!(!values.iter().any(|value| sql.contains(value)), "a value in {sql}");
    assert_eq!(summary != "COMMIT", sql.contains('?') || sql.contains("$1"), "{sql}");
}

/// Neither spans nor log lines say name or e-mail.
pub(crate) fn check_nothing_personal(system: &System, spans: &[SeenSpan]) {
    let said = |text: &str| PERSONAL.iter().any(|personal| text.contains(personal));
    for seen in spans {
        assert!(!said(&format!("{seen:?}")), "{seen:?}");
    }
    for service in Service::ALL {
        for line in system.chain.process(service).lines() {
            assert!(!said(&line.text), "{service}: {}", line.text);
        }
    }
}

/// The tracestate is on every span of ours down to audit's.
pub(crate) fn check_tracestate(spans: &[SeenSpan]) {
    for seen in spans.iter().filter(|seen| seen.service != "loadgen") {
        assert_eq!(seen.trace_state, TRACESTATE, "{} {}", seen.service, seen.name);
    }
}

/// What each process says about itself.
pub(crate) fn check_resources(system: &System, trace_id: &str) {
    let id = viewer::TraceId::parse(trace_id).unwrap();
    let groups = system.sink.store().trace(id).unwrap().resource_spans();
    let mut instances = HashSet::new();
    for service in Service::ALL {
        let described = groups.iter().filter_map(|group| group.resource.as_ref()).map(|resource| {
            let pairs = resource.attributes.iter();
            let pairs =
                pairs.map(|pair| (pair.key.clone(), attributes::json_of(pair.value.as_ref())));
            Value::Object(pairs.collect())
        });
        let own: Vec<_> =
            described.filter(|found| found["service.name"] == service_name(service)).collect();
        let [own] = own.as_slice() else { panic!("{service} describes itself in {own:?}") };
        assert_eq!(own["service.namespace"], "tracechain");
        assert_eq!(own["service.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(own["process.pid"], system.chain.process(service).pid());
        for key in [
            "deployment.environment.name",
            "host.name",
            "process.executable.name",
            "telemetry.sdk.name",
        ] {
            assert!(own[key].as_str().is_some_and(|text| !text.is_empty()), "{key} in {own}");
        }
        assert!(instances.insert(own["service.instance.id"].as_str().unwrap().to_owned()));
        assert!(
            !["peer.service", "server.address", "db.namespace"]
                .iter()
                .any(|key| own.get(key).is_some()),
            "{own}"
        );
    }
}

/// Each service has logged the request in its own SERVER span, on stdout and over OTLP.
pub(crate) async fn check_logs(system: &System, trace_id: &str, spans: &[SeenSpan]) {
    for service in Service::ALL {
        let of_trace =
            |line: &Value| line["trace_id"] == trace_id && line["message"] == "Request completed";
        let line = system.chain.process(service).wait_for_json(of_trace).await;
        let seen = server(spans, service);
        let path = seen.text("http.route").unwrap();
        let expected = json!({
            "level": "INFO", "service.name": service_name(service), "span_id": seen.id, "trace_flags": "01",
            "method": "POST", "route": path, "status_code": 200,
        });
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(line[key], *value, "{key} in {line}");
        }
        assert!(
            line["duration_seconds"].is_f64()
                && line["target"].is_string()
                && line["timestamp"].is_string(),
            "{line}"
        );
        for line in system.chain.logs(service).iter().filter(|line| line["trace_id"] == trace_id) {
            let own = |seen: &SeenSpan| {
                seen.service == service_name(service) && line["span_id"] == seen.id
            };
            assert!(spans.iter().any(own), "{service}: {line}");
        }
        exported_log(system, trace_id, seen).await;
    }
}

async fn exported_log(system: &System, trace_id: &str, seen: &SeenSpan) {
    let id = viewer::TraceId::parse(trace_id).unwrap();
    let span_id = &seen.span.span_id;
    let found = testbed::until(crate::system::DEADLINE, async || {
        let records = system.sink.store().log_records(Some(id));
        let own = |log: &viewer::ServiceLog| {
            log.service == seen.service && log.record.span_id == *span_id
        };
        records.iter().any(own).then_some(())
    });
    assert!(found.await.is_some(), "no log record of {} has arrived", seen.service);
}

/// The rows in the three databases.
pub(crate) async fn check_rows(system: &System, caller: &Caller, spans: &[SeenSpan]) {
    let read = async |service, query: &str| texts(system.chain.database(service), query).await;
    let trace = std::slice::from_ref(&caller.trace_id);
    assert_eq!(read(Service::User, "SELECT trace_id FROM users").await, trace);
    assert_eq!(read(Service::Order, "SELECT trace_id FROM orders").await, trace);
    assert_eq!(read(Service::Audit, "SELECT trace_id FROM audit_logs").await, trace);
    let items = "SELECT sku FROM order_items ORDER BY position";
    assert_eq!(read(Service::Order, items).await, ["keyboard", "mouse"]);
    let parent = format!("00-{}-{}-01", caller.trace_id, server(spans, Service::Order).id);
    assert_eq!(read(Service::Order, "SELECT traceparent FROM orders").await, [parent]);
    assert_eq!(read(Service::Order, "SELECT tracestate FROM orders").await, [TRACESTATE]);
    let baggage = read(Service::Order, "SELECT baggage FROM orders").await;
    check_baggage(&baggage[0], USER_ID);
}

/// The caller's baggage, its `user.id` replaced by ours.
pub(crate) fn check_baggage(baggage: &str, user_id: i64) {
    let mut members: Vec<_> = baggage.split(',').map(str::trim).collect();
    members.sort_unstable();
    assert_eq!(members, ["tenant=blue".to_owned(), format!("user.id={user_id}")], "{baggage}");
}
