//! One service on a database of its own, and what an administrator does to that.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection, Row as _};
use testbed::{Answer, Database, Engine, Program, Running, tracechain, until};
use uuid::Uuid;

/// Longer than anything waited for here takes on a loaded machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// audit-service on Postgres, or order-service on the others, whose calls to audit go nowhere: it answers 202.
pub(crate) struct Subject {
    // The process before what it talks to.
    pub(crate) running: Running,
    pub(crate) database: Database,
    /// As problems call it.
    pub(crate) name: &'static str,
    table: &'static str,
}

impl Subject {
    pub(crate) async fn on(database: Database) -> Self {
        let (command, service, name, table) = match database.engine {
            Engine::Postgres => ("audit", "audit-service", "audit-db", "audit_logs"),
            _ => ("order", "order-service", "orders-db", "orders"),
        };
        let program = Program::new(tracechain())
            .arg(command)
            .env("DATABASE_URL", &database.url)
            .env("DB_POOL_SIZE", "4");
        let program = match database.engine {
            Engine::Postgres => program,
            // Nobody listens on it, and nobody may: it needs privileges and a name in no list.
            _ => program.env("NEXT_SERVICE_URL", "http://127.0.0.1:1"),
        };
        Self { running: Running::start(service, program).await, database, name, table }
    }

    /// The numbers that a query gives.
    pub(crate) async fn numbers(&self, query: &str) -> Vec<i64> {
        let query = sqlx::raw_sql(AssertSqlSafe(query.to_owned()));
        let url = &self.database.url;
        match self.database.engine {
            Engine::Postgres => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                let rows = query.fetch_all(&mut connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
            Engine::Sqlite => {
                let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
                let rows = query.fetch_all(&mut connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
            _ => {
                let mut connection = MySqlConnection::connect(url).await.unwrap();
                let rows = query.fetch_all(&mut connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    pub(crate) async fn rows(&self) -> i64 {
        self.numbers(&format!("SELECT COUNT(*) FROM {}", self.table)).await[0]
    }

    /// A request with this id and these milliseconds of time.
    pub(crate) async fn post(&self, id: Uuid, milliseconds: u64) -> Answer {
        let order = json!({"id": Uuid::from_u128(1), "total_cents": 1, "currency": "EUR"});
        let body = json!({"request_id": id, "user_id": 7, "action": "purchase", "order": order});
        let request = self.running.request(reqwest::Method::POST, "/process").json(&body);
        self.running.ask(request.header("x-deadline-ms", milliseconds.to_string())).await
    }

    /// Asks until the database's refusal is the one with this code. Every answer names the database, in time, and leaves no row.
    pub(crate) async fn refuses(&self, code: &str) {
        let before = self.rows_if_any().await;
        let told = until(DEADLINE, async || {
            let refused = self.is_refused(4000).await;
            let lines = self.running.logged(&refused.trace_id, "Request failed").await;
            lines
                .iter()
                .any(|line| line.to_string().contains(&format!("code {code}")))
                .then_some(())
        });
        assert!(told.await.is_some(), "{code} is not in {}", self.running.process.last_output());
        assert_eq!(self.rows_if_any().await, before, "refused with {code} and written");
    }

    /// None where the administrator is not let in either.
    async fn rows_if_any(&self) -> Option<i64> {
        match self.database.engine {
            Engine::Postgres => {
                PgConnection::connect(&self.database.url).await.ok()?.close().await.ok()?;
            }
            Engine::Sqlite => {}
            _ => MySqlConnection::connect(&self.database.url).await.ok()?.close().await.ok()?,
        }
        Some(self.rows().await)
    }

    /// One request is refused, in time, by a problem that names the database.
    pub(crate) async fn is_refused(&self, milliseconds: u64) -> Answer {
        let started = Instant::now();
        let answer = self.post(Uuid::new_v4(), milliseconds).await;
        answer.problem(503, "dependency_unavailable", self.name);
        // What a loaded machine gets on top; a statement that nobody gave up would take longer still.
        let limit = Duration::from_millis(milliseconds) + Duration::from_secs(10);
        assert!(started.elapsed() < limit, "{:?}", started.elapsed());
        answer
    }

    /// One request is accepted, and its repeat changes nothing. Until then it may have been refused for any reason, as a busy machine takes
    /// its time to open a connection, but for `over` once at most: by a session that the outbox opened while that still was the answer,
    /// and with it go all that are as old.
    pub(crate) async fn accepts_after(&self, over: &str) {
        let (id, before) = (Uuid::new_v4(), self.rows().await);
        self.is_accepted(id, over, 1).await;
        self.is_accepted(id, over, 0).await;
        assert_eq!(self.rows().await, before + 1);
    }

    /// The same, where nothing was wrong, or sessions were ended of which one may still be met.
    pub(crate) async fn accepts(&self) {
        self.accepts_after("nothing").await;
    }

    async fn is_accepted(&self, id: Uuid, over: &str, at_most: usize) {
        let mut met = 0;
        let accepted = until(DEADLINE, async || {
            let answer = self.post(id, 8000).await;
            if matches!(answer.status, 200 | 202) {
                return Some(());
            }
            answer.problem(503, "dependency_unavailable", self.name);
            let lines = self.running.logged(&answer.trace_id, "Request failed").await;
            let says = |line: &Value| line.to_string().contains(&format!("code {over}"));
            met += usize::from(lines.iter().any(says));
            assert!(met <= at_most, "{over} is over: {lines:?}");
            None
        });
        assert!(accepted.await.is_some(), "{}", self.running.process.last_output());
    }
}
