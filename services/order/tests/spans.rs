//! The spans of the database layer, and transactions that are repeated after a deadlock.

mod support;

use std::time::Duration;

use order_service::store::Store;
use sqlx::{Connection as _, Executor as _, MySqlConnection, Row as _};
use support::{Fields, Spans, connect, order, soon};
use testbed::{Database, Engine, until};
use tracing_subscriber::layer::SubscriberExt as _;
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
    for (engine, code) in [(Engine::MySql, "1062"), (Engine::MariaDb, "1062"), (Engine::Sqlite, "2067")]
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
        let Some(database) = support::database(engine).await else { continue };
        let store = connect(&database.url).await;
        let (spans, _guard) = listen();
        let placed = deadlock(&store, &database).await;
        assert_eq!(placed.iter().filter(|replayed| **replayed).count(), 1, "{engine}");
        let spans = spans.taken();
        let attempts: Vec<_> =
            spans.iter().filter_map(|span| span.get("tracechain.attempt")).collect();
        assert!(!attempts.is_empty(), "{engine}: nothing was repeated: {spans:?}");
        assert!(attempts.iter().all(|attempt| *attempt == "2 as i64"), "{attempts:?}");
        let deadlocked = |span: &Fields| span.get("db.response.status_code").is_some_and(|code| code == "1213");
        assert_eq!(spans.iter().filter(|span| deadlocked(span)).count(), 1, "{engine}");
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
        until(DEADLINE, async || waiting(database).await.then_some(())).await.unwrap();
        holder.execute("ROLLBACK").await.unwrap();
    };
    let (first, second, ()) = tokio::join!(place(), place(), release);
    [first, second]
}

/// Whether two inserts wait for the holder's lock.
async fn waiting(database: &Database) -> bool {
    let mut connection = MySqlConnection::connect(&database.url).await.unwrap();
    let count = "SELECT COUNT(*) FROM information_schema.innodb_trx AS waiting \
        JOIN information_schema.processlist AS process ON process.id = waiting.trx_mysql_thread_id \
        WHERE waiting.trx_state = 'LOCK WAIT' AND process.db = DATABASE()";
    let row = connection.fetch_one(count).await.unwrap();
    row.get::<i64, _>(0) == 2
}
