//! What Postgres can say no with.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use testbed::{Database, Engine, until};

use crate::subject::{DEADLINE, Subject};

/// A role that is not above all limits, as the administrator is; it owns the database.
async fn ordinary_role(database: &Database) -> String {
    let role = format!("role_{}", database.name);
    let mut administrator = PgConnection::connect(&database.url).await.unwrap();
    for statement in [
        format!("CREATE ROLE {role} LOGIN PASSWORD 'of-this-test'"),
        format!("ALTER DATABASE {} OWNER TO {role}", database.name),
    ] {
        administrator.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    role
}

struct Server {
    subject: Subject,
    role: String,
    /// The administrator's way in, past all limits.
    administrator: PgConnection,
    /// The same, in another database than the service's.
    outside: PgConnection,
}

impl Server {
    async fn start() -> Self {
        let mut database = testbed::postgres().await.database().await;
        let role = ordinary_role(&database).await;
        let server = testbed::postgres().await;
        let administrator = PgConnection::connect(&database.url).await.unwrap();
        let name = &database.name;
        let outside = PgConnection::connect(&database.url.replace(name, "postgres")).await.unwrap();
        database.url = format!("postgres://{role}:of-this-test@127.0.0.1:{}/{name}", server.port());
        Self { subject: Subject::on(database).await, role, administrator, outside }
    }

    async fn execute(&mut self, statement: &str) {
        self.administrator.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
    }

    /// Whether anybody is let in.
    async fn let_in(&mut self, anybody: bool) {
        let database = &self.subject.database.name;
        let statement = format!("ALTER DATABASE {database} ALLOW_CONNECTIONS {anybody}");
        self.outside.execute(AssertSqlSafe(statement)).await.unwrap();
    }

    async fn count(&mut self, condition: &str) -> i64 {
        let query = format!(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE usename = '{}' AND {condition}",
            self.role
        );
        sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut self.administrator).await.unwrap()
    }

    async fn end_sessions(&mut self) {
        let query = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'",
            self.role
        );
        self.execute(&query).await;
    }

    /// Its sessions were read-only, and new ones are not, as after a failover: none of the old ones is kept.
    async fn fails_over(&mut self) {
        let database = self.subject.database.name.clone();
        self.execute(&format!("ALTER DATABASE {database} SET default_transaction_read_only = on"))
            .await;
        self.end_sessions().await;
        self.subject.refuses("25006").await;
        self.execute(&format!("ALTER DATABASE {database} RESET default_transaction_read_only"))
            .await;
        self.subject.accepts_after("25006").await;
    }

    async fn has_no_connection_free(&mut self) {
        let role = self.role.clone();
        self.execute(&format!("ALTER ROLE {role} CONNECTION LIMIT 0")).await;
        self.end_sessions().await;
        self.subject.refuses("53300").await;
        self.execute(&format!("ALTER ROLE {role} CONNECTION LIMIT -1")).await;
        self.subject.accepts_after("53300").await;
    }

    async fn lets_nobody_in(&mut self) {
        self.let_in(false).await;
        self.end_sessions().await;
        self.subject.refuses("55000").await;
        self.let_in(true).await;
        self.subject.accepts_after("55000").await;
    }

    /// Who gave up leaves nothing waiting in the server, and nothing that is written when the lock is free.
    async fn locks_its_table(&mut self) {
        let before = self.subject.rows().await;
        self.execute("BEGIN; LOCK TABLE audit_logs IN ACCESS EXCLUSIVE MODE").await;
        let subject = &self.subject;
        tokio::join!(subject.is_refused(1000), subject.is_refused(1000), subject.is_refused(1000));
        let mut left = -1;
        let gone = until(DEADLINE, async || {
            left = self.count("wait_event_type = 'Lock'").await;
            (left == 0).then_some(())
        });
        assert!(gone.await.is_some(), "{left} statements wait for a lock");
        self.execute("COMMIT").await;
        self.subject.accepts().await;
        assert_eq!(self.subject.rows().await, before + 1, "what was refused is written");
        assert_eq!(self.count("state LIKE 'idle in transaction%'").await, 0);
    }

    async fn ends_sessions_under_load(&mut self) {
        for _ in 0..3 {
            self.end_sessions().await;
            self.subject.accepts().await;
        }
    }
}

#[tokio::test]
async fn whatever_postgres_refuses_is_told_and_is_over_when_it_is() {
    if Engine::Postgres.is_not_run() {
        return;
    }
    let mut server = Server::start().await;
    server.subject.accepts().await;
    server.fails_over().await;
    server.has_no_connection_free().await;
    server.lets_nobody_in().await;
    server.locks_its_table().await;
    server.ends_sessions_under_load().await;
}
