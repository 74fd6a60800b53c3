//! The spans of the database layer, and transactions that get in each other's way.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use order_service::store::Store;
use sqlx::{Connection as _, Executor as _, MySqlConnection, Row as _};
use support::{connect, order, soon};
use testbed::{Database, Engine, Server, until};
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};
use uuid::Uuid;

const DEADLINE: Duration = Duration::from_secs(20);

fn names(spans: &[Fields]) -> Vec<&str> {
    spans.iter().map(|span| span["otel.name"].as_str()).collect()
}

fn listen() -> (Spans, tracing::subscriber::DefaultGuard) {
    let spans = Spans::default();
    let subscriber = tracing_subscriber::registry().with(spans.clone());
    let guard = tracing::subscriber::set_default(subscriber);
    (spans, guard)
}

#[tokio::test]
async fn an_order_leaves_three_client_spans() {
    for (engine, system) in
        [(Engine::MySql, "mysql"), (Engine::MariaDb, "mariadb"), (Engine::Sqlite, "sqlite")]
    {
        let Some(database) = support::database(engine).await else { continue };
        let store = connect(&database.url).await;
        let (spans, _guard) = listen();
        store.place_order(&order(2), soon()).await.unwrap();
        let spans = spans.taken();
        assert_eq!(names(&spans), ["INSERT orders", "INSERT order_items", "COMMIT"]);
        for span in &spans {
            assert_eq!(span["otel.kind"], "client");
            assert_eq!(span["db.system.name"], system);
            assert_eq!(span["db.namespace"], database.name);
            assert_eq!(span["peer.service"], "orders-db");
            assert_eq!(span["service.peer.name"], "orders-db");
            let port = database.port().map(|port| format!("{port} as i64"));
            assert_eq!(span.get("server.port"), port.as_ref());
            assert_eq!(span.contains_key("server.address"), engine != Engine::Sqlite);
            assert!(!span.contains_key("tracechain.attempt"));
        }
        assert_eq!(spans[1]["db.operation.name"], "INSERT");
        assert_eq!(spans[1]["db.collection.name"], "order_items");
        assert_eq!(spans[1]["db.response.returned_rows"], "0 as i64");
        assert!(spans[1]["db.query.text"].ends_with("VALUES (?, ?, ?, ?, ?), (?, ?, ?, ?, ?)"));
        assert_eq!(spans[2]["db.operation.name"], "COMMIT");
        assert!(!spans[2].contains_key("db.collection.name"));
    }
}

#[tokio::test]
async fn a_select_says_how_many_rows_it_returned() {
    let database = testbed::sqlite();
    let store = connect(&database.url).await;
    let (spans, _guard) = listen();
    store.find_products(&["default", "mouse", "nothing"]).await.unwrap();
    let spans = spans.taken();
    assert_eq!(names(&spans), ["SELECT products"]);
    assert_eq!(spans[0]["db.response.returned_rows"], "2 as i64");
}

#[tokio::test]
async fn a_duplicate_says_its_code_and_never_its_value() {
    for (engine, code) in
        [(Engine::MySql, "1062"), (Engine::MariaDb, "1062"), (Engine::Sqlite, "2067")]
    {
        let Some(database) = support::database(engine).await else { continue };
        let store = connect(&database.url).await;
        let new = order(1);
        store.place_order(&new, soon()).await.unwrap();
        let (spans, _guard) = listen();
        let mut again = order(1);
        again.request_id = new.request_id;
        assert!(store.place_order(&again, soon()).await.unwrap().replayed);
        let spans = spans.taken();
        assert_eq!(names(&spans), ["INSERT orders", "SELECT orders"]);
        assert_eq!(spans[0]["db.response.status_code"], code);
    }
}

#[tokio::test]
async fn the_outbox_leaves_no_spans() {
    let database = testbed::sqlite();
    let store = connect(&database.url).await;
    let (spans, _guard) = listen();
    store.claim_due(Uuid::new_v4(), 10, 1, 2, soon()).await.unwrap();
    store.pending_count().await.unwrap();
    store.database().ping(Duration::from_secs(1)).await.unwrap();
    assert!(spans.taken().is_empty());
}

/// Three inserts of one key: the first holds it, two wait; when the first gives up, InnoDB lets both share the lock that each
/// wants for itself, and ends one with 1213.
#[tokio::test]
async fn a_deadlocked_order_is_repeated_and_finds_the_winner() {
    for engine in [Engine::MySql, Engine::MariaDb] {
        if engine.is_not_run() {
            continue;
        }
        let server = Server::private(engine).await;
        let database = server.database().await;
        let store = connect(&database.url).await;
        let (spans, _guard) = listen();
        let placed = deadlock(&store, &database).await;
        assert_eq!(placed.iter().filter(|replayed| **replayed).count(), 1, "{engine}");
        let spans = spans.taken();
        let attempts: Vec<_> =
            spans.iter().filter_map(|span| span.get("tracechain.attempt")).collect();
        assert!(!attempts.is_empty(), "{engine}: nothing was repeated: {spans:?}");
        assert!(attempts.iter().all(|attempt| *attempt == "2 as i64"), "{attempts:?}");
        let deadlocked =
            |span: &Fields| span.get("db.response.status_code").is_some_and(|code| code == "1213");
        assert_eq!(spans.iter().filter(|span| deadlocked(span)).count(), 1, "{engine}");
    }
}

/// The other claim has its rows and has not committed: ours sees them as due still, and waits for their locks.
#[tokio::test]
async fn a_record_that_is_claimed_meanwhile_is_not_claimed_again() {
    for engine in [Engine::MySql, Engine::MariaDb] {
        if engine.is_not_run() {
            continue;
        }
        let server = Server::private(engine).await;
        let database = server.database().await;
        let store = connect(&database.url).await;
        let new = order(1);
        store.place_order(&new, soon()).await.unwrap();
        let mut other = MySqlConnection::connect(&database.url).await.unwrap();
        other.execute("BEGIN").await.unwrap();
        let lease = "UPDATE orders SET next_attempt_at = next_attempt_at + 60000000";
        other.execute(lease).await.unwrap();
        let release = async {
            until(DEADLINE, async || (waiting(&database).await == 1).then_some(())).await.unwrap();
            other.execute("COMMIT").await.unwrap();
        };
        let now = new.next_attempt_at;
        let claim = store.claim_due(Uuid::new_v4(), 10, now, now + 1, soon());
        let (claimed, ()) = tokio::join!(claim, release);
        assert_eq!(claimed.unwrap(), [], "{engine}");
    }
}

async fn deadlock(store: &Store, database: &Database) -> [bool; 2] {
    let request_id = Uuid::new_v4();
    let mut holder = MySqlConnection::connect(&database.url).await.unwrap();
    holder.execute("BEGIN").await.unwrap();
    let insert = "INSERT INTO orders (id, request_id, user_id, action, status, total_cents, currency, \
        created_at, updated_at, trace_id, audit_body) VALUES (?, ?, 1, '', '', 0, '', 0, 0, '', '')";
    let insert = sqlx::query(insert).bind(Uuid::new_v4()).bind(request_id);
    insert.execute(&mut holder).await.unwrap();
    let place = async || {
        let mut new = order(1);
        new.request_id = request_id;
        store.place_order(&new, soon()).await.unwrap().replayed
    };
    let release = async {
        until(DEADLINE, async || (waiting(database).await == 2).then_some(())).await.unwrap();
        holder.execute("ROLLBACK").await.unwrap();
    };
    let (first, second, ()) = tokio::join!(place(), place(), release);
    [first, second]
}

/// How many statements of the whole server wait for a row's lock. (MySQL's own table of them cannot be read: it stumbles over
/// the bytes of bound ids.)
async fn waiting(database: &Database) -> usize {
    let mut connection = MySqlConnection::connect(&database.url).await.unwrap();
    let status = "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'";
    let row = connection.fetch_one(status).await.unwrap();
    row.get::<String, _>(1).parse().unwrap()
}

/// The spans of the database layer, with their fields as text, in the order of their start.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<(u64, Fields)>>>);

type Fields = HashMap<&'static str, String>;

impl Spans {
    fn taken(&self) -> Vec<Fields> {
        let spans = std::mem::take(&mut *self.0.lock().unwrap());
        spans.into_iter().map(|(_, fields)| fields).collect()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, _: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut AsText(&mut fields));
        self.0.lock().unwrap().push((id.into_u64(), fields));
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        if let Some((_, fields)) = spans.iter_mut().rev().find(|(known, _)| *known == id.into_u64())
        {
            values.record(&mut AsText(fields));
        }
    }
}

struct AsText<'a>(&'a mut Fields);

impl Visit for AsText<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name(), format!("{value} as i64"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}
