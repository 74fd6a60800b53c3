//! What MySQL and MariaDB can say no with.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, Row as _};
use testbed::{Engine, PrivateServer, until};

use crate::subject::{DEADLINE, Subject};

struct Server {
    subject: Subject,
    administrator: MySqlConnection,
    _server: PrivateServer,
}

/// A session as the server lists it.
#[derive(Debug)]
struct Session {
    id: u64,
    state: String,
}

async fn number(connection: &mut MySqlConnection, query: &'static str) -> u64 {
    sqlx::raw_sql(query).fetch_one(connection).await.unwrap().get_unchecked(0)
}

impl Server {
    async fn start(engine: Engine) -> Self {
        let server = testbed::Server::private(engine).await;
        let database = server.database().await;
        let administrator = MySqlConnection::connect(&database.url).await.unwrap();
        Self { subject: Subject::on(database).await, administrator, _server: server }
    }

    async fn execute(&mut self, statement: &str) {
        self.administrator.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
    }

    /// The service's sessions and other ones that are not the administrator's own. (What they run holds bytes, on which a query over
    /// `information_schema.processlist` fails.)
    async fn sessions(&mut self) -> Vec<Session> {
        let own: u64 = number(&mut self.administrator, "SELECT CONNECTION_ID()").await;
        let listed = sqlx::raw_sql("SHOW PROCESSLIST").fetch_all(&mut self.administrator).await;
        let sessions = listed.unwrap().into_iter().filter_map(|row| {
            let text = |column: &str| row.get_unchecked::<Option<String>, _>(column);
            let is_ours = text("db").as_deref() == Some(&self.subject.database.name);
            is_ours.then(|| Session {
                id: row.get_unchecked("Id"),
                state: text("State").unwrap_or_default(),
            })
        });
        sessions.filter(|session| session.id != own).collect()
    }

    async fn end_sessions(&mut self) {
        for Session { id, .. } in self.sessions().await {
            // It may have ended in between, as it does by itself.
            let _ = self.administrator.execute(AssertSqlSafe(format!("KILL {id}"))).await;
        }
    }

    /// As on Postgres: the sessions were read-only and new ones are not.
    async fn fails_over(&mut self, read_only: &str) {
        self.execute(&format!("SET GLOBAL {read_only} = ON")).await;
        self.end_sessions().await;
        self.subject.refuses("1792").await;
        self.execute(&format!("SET GLOBAL {read_only} = OFF")).await;
        self.subject.accepts_after("1792").await;
    }

    /// The replica's own switch, which MariaDB's administrator, as who the service is let in here, is above.
    async fn is_super_read_only(&mut self) {
        let before = self.sessions().await;
        self.execute("SET GLOBAL super_read_only = ON").await;
        self.subject.refuses("1290").await;
        self.execute("SET GLOBAL super_read_only = OFF").await;
        self.execute("SET GLOBAL read_only = OFF").await;
        self.subject.accepts_after("1290").await;
        let is_kept = |now: &Session| before.iter().any(|session| session.id == now.id);
        let kept: Vec<_> = self.sessions().await.into_iter().filter(is_kept).collect();
        assert!(kept.is_empty(), "{kept:?} of {before:?} were kept");
    }

    async fn has_no_connection_free(&mut self) {
        self.execute("SET GLOBAL max_connections = 10").await;
        let url = self.subject.database.url.clone();
        let mut others = Vec::new();
        // Places that the service's sessions leave are taken before it comes again.
        let refused = until(DEADLINE, async || {
            self.end_sessions_but(&mut others).await;
            while let Ok(other) = MySqlConnection::connect(&url).await {
                others.push(other);
            }
            let answer = self.subject.post(uuid::Uuid::new_v4(), 4000).await;
            let lines = self.subject.running.logged(&answer.trace_id, "Request failed").await;
            lines.iter().any(|line| line.to_string().contains("code 1040")).then_some(answer)
        });
        refused.await.unwrap().problem(503, "dependency_unavailable", "orders-db");
        self.execute("SET GLOBAL max_connections = 1000").await;
        drop(others);
        self.subject.accepts_after("1040").await;
    }

    async fn end_sessions_but(&mut self, others: &mut [MySqlConnection]) {
        let mut kept = Vec::new();
        for other in others {
            kept.push(number(other, "SELECT CONNECTION_ID()").await);
        }
        for Session { id, .. } in self.sessions().await {
            if !kept.contains(&id) {
                // As above.
                let _ = self.administrator.execute(AssertSqlSafe(format!("KILL {id}"))).await;
            }
        }
    }

    async fn locks_its_table(&mut self) {
        let before = self.subject.rows().await;
        self.execute("LOCK TABLES orders WRITE").await;
        let subject = &self.subject;
        tokio::join!(subject.is_refused(1000), subject.is_refused(1000), subject.is_refused(1000));
        let mut left = Vec::new();
        let gone = until(DEADLINE, async || {
            left = self.sessions().await;
            left.retain(|session| session.state.starts_with("Waiting for table"));
            // The relay comes again and again, with one connection.
            (left.len() <= 1).then_some(())
        });
        assert!(gone.await.is_some(), "{left:?} wait for a lock");
        self.execute("UNLOCK TABLES").await;
        self.subject.accepts().await;
        assert_eq!(self.subject.rows().await, before + 1, "what was refused is written");
    }

    async fn ends_sessions_under_load(&mut self) {
        for _ in 0..3 {
            self.end_sessions().await;
            self.subject.accepts().await;
        }
    }
}

async fn refusals(engine: Engine) {
    if engine.is_not_run() {
        return;
    }
    let mut server = Server::start(engine).await;
    server.subject.accepts().await;
    if engine == Engine::MySql {
        server.fails_over("transaction_read_only").await;
        server.is_super_read_only().await;
    } else {
        server.fails_over("tx_read_only").await;
    }
    server.has_no_connection_free().await;
    server.locks_its_table().await;
    server.ends_sessions_under_load().await;
}

#[tokio::test]
async fn whatever_mysql_refuses_is_told_and_is_over_when_it_is() {
    refusals(Engine::MySql).await;
}

#[tokio::test]
async fn whatever_mariadb_refuses_is_told_and_is_over_when_it_is() {
    refusals(Engine::MariaDb).await;
}
