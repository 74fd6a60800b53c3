//! The attributes of a whole trace: each span's are exactly these, with their types.

use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use serde_json::{Map, Value, json};
use testbed::{Chain, Engine, SeenSpan, Service};

/// Attributes as JSON: text as text, integers as integers, doubles as fractions.
pub(crate) fn of(seen: &SeenSpan) -> Value {
    let pairs = seen.span.attributes.iter().map(|pair| {
        let value =
            if pair.key == "db.query.text" { json!("(sql)") } else { json_of(pair.value.as_ref()) };
        (pair.key.clone(), value)
    });
    Value::Object(pairs.collect())
}

pub(crate) fn json_of(value: Option<&AnyValue>) -> Value {
    match value.and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => json!(text),
        Some(any_value::Value::IntValue(number)) => json!(number),
        Some(any_value::Value::BoolValue(truth)) => json!(truth),
        Some(any_value::Value::DoubleValue(number)) => json!(number),
        Some(any_value::Value::ArrayValue(array)) => {
            array.values.iter().map(|value| json_of(Some(value))).collect()
        }
        other => json!(format!("{other:?}")),
    }
}

/// A SERVER span that answered 200, with more attributes of ours.
pub(crate) fn server(url: &str, request: [&str; 3], user_agent: &str, ours: &Value) -> Value {
    let [method, route, path] = request;
    let expected = json!({
        "http.request.method": method, "http.route": route, "url.path": path, "url.scheme": "http",
        "server.address": "127.0.0.1", "server.port": port(url), "network.protocol.version": "1.1",
        "user_agent.original": user_agent, "http.response.status_code": 200,
    });
    joined(expected, ours.clone())
}

/// A CLIENT span whose call was answered 200.
pub(crate) fn client(url: &str, request: [&str; 3], peer: &str) -> Value {
    let [method, template, path] = request;
    json!({
        "http.request.method": method, "url.template": template, "url.full": format!("{url}{path}"), "url.scheme": "http",
        "server.address": "127.0.0.1", "server.port": port(url), "network.protocol.version": "1.1",
        "http.response.status_code": 200, "peer.service": peer, "service.peer.name": peer,
    })
}

/// A database span; `collection` is empty for COMMIT, which returns no rows either.
pub(crate) fn statement(chain: &Chain, service: Service, summary: &str, rows: i64) -> Value {
    let database = chain.database(service);
    let (operation, collection) = summary.split_once(' ').unwrap_or((summary, ""));
    let mut expected = json!({
        "db.system.name": system(database.engine), "db.namespace": database.name, "db.operation.name": operation,
        "db.query.text": "(sql)", "peer.service": peer(service), "service.peer.name": peer(service),
    });
    if !collection.is_empty() {
        expected = joined(
            expected,
            json!({"db.collection.name": collection, "db.response.returned_rows": rows}),
        );
    }
    match database.port() {
        Some(port) => joined(expected, json!({"server.address": "127.0.0.1", "server.port": port})),
        None => expected,
    }
}

fn joined(expected: Value, more: Value) -> Value {
    let (Value::Object(mut expected), Value::Object(more)) = (expected, more) else {
        panic!("attributes are objects")
    };
    expected.extend(more);
    Value::Object(Map::from_iter(expected))
}

fn system(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "postgresql",
        Engine::MySql => "mysql",
        Engine::MariaDb => "mariadb",
        Engine::Sqlite => "sqlite",
    }
}

fn peer(service: Service) -> &'static str {
    match service {
        Service::User => "users-db",
        Service::Order => "orders-db",
        Service::Audit => "audit-db",
        Service::Gateway => panic!("the gateway has no database"),
    }
}

fn port(url: &str) -> u16 {
    url.rsplit(':').next().unwrap().parse().unwrap()
}
