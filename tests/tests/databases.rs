//! The real servers: each starts, databases are apart, data outlives a stop, and nothing outlives its owner.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, PgConnection, Row as _,
    SqliteConnection,
};
use testbed::{Database, Engine, Server, until};

const DEADLINE: Duration = Duration::from_secs(20);

async fn execute(database: &Database, statement: &str) -> Result<(), sqlx::Error> {
    let statement = AssertSqlSafe(statement.to_owned());
    match database.engine {
        Engine::Postgres => {
            PgConnection::connect(&database.url).await?.execute(statement).await.map(drop)
        }
        Engine::Sqlite => {
            SqliteConnection::connect(&database.url).await?.execute(statement).await.map(drop)
        }
        _ => MySqlConnection::connect(&database.url).await?.execute(statement).await.map(drop),
    }
}

async fn text(database: &Database, query: &str) -> Result<String, sqlx::Error> {
    let query = sqlx::raw_sql(AssertSqlSafe(query.to_owned()));
    match database.engine {
        Engine::Postgres => {
            query.fetch_one(&mut PgConnection::connect(&database.url).await?).await?.try_get(0)
        }
        Engine::Sqlite => {
            query.fetch_one(&mut SqliteConnection::connect(&database.url).await?).await?.try_get(0)
        }
        _ => query.fetch_one(&mut MySqlConnection::connect(&database.url).await?).await?.try_get(0),
    }
}

async fn shared(engine: Engine) -> Database {
    match engine {
        Engine::Postgres => testbed::postgres().await.database().await,
        Engine::MySql => testbed::mysql().await.database().await,
        Engine::MariaDb => testbed::mariadb().await.database().await,
        Engine::Sqlite => testbed::sqlite(),
    }
}

fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// One database of an engine is not seen in another, and its version is the engine's.
async fn two_databases_are_apart(engine: Engine, version: &str, expected: impl Fn(&str) -> bool) {
    if engine.is_not_run() {
        return;
    }
    let (one, other) = (shared(engine).await, shared(engine).await);

    execute(&one, "CREATE TABLE notes (body VARCHAR(20))").await.unwrap();
    execute(&one, "INSERT INTO notes VALUES ('here')").await.unwrap();

    assert_eq!(text(&one, "SELECT body FROM notes").await.unwrap(), "here");
    assert!(
        text(&other, "SELECT body FROM notes").await.is_err(),
        "the table of one database is seen in another"
    );
    let version = text(&one, version).await.unwrap();
    assert!(expected(&version), "{engine} says it is {version}");
}

#[tokio::test]
async fn two_postgres_databases_are_apart() {
    two_databases_are_apart(Engine::Postgres, "SELECT version()", |version| {
        version.starts_with("PostgreSQL 1")
    })
    .await;
}

#[tokio::test]
async fn two_mysql_databases_are_apart_and_the_server_is_no_mariadb() {
    two_databases_are_apart(Engine::MySql, "SELECT @@version_comment", |comment| {
        !comment.contains("MariaDB")
    })
    .await;
}

#[tokio::test]
async fn two_mariadb_databases_are_apart() {
    two_databases_are_apart(Engine::MariaDb, "SELECT version()", |version| {
        version.contains("MariaDB")
    })
    .await;
}

#[tokio::test]
async fn two_sqlite_databases_are_apart() {
    two_databases_are_apart(Engine::Sqlite, "SELECT sqlite_version()", |version| {
        version.starts_with("3.")
    })
    .await;
}

#[tokio::test]
async fn a_database_is_gone_after_its_test() {
    for engine in [Engine::Postgres, Engine::MySql, Engine::MariaDb] {
        if engine.is_not_run() {
            continue;
        }
        let (dropped, witness) = (shared(engine).await, shared(engine).await);
        let query = format!(
            "SELECT COUNT(*) || '' FROM information_schema.schemata WHERE schema_name = '{}'",
            dropped.name
        );
        let query = match engine {
            Engine::Postgres => {
                format!("SELECT COUNT(*)::TEXT FROM pg_database WHERE datname = '{}'", dropped.name)
            }
            _ => query.replace("COUNT(*) || ''", "CAST(COUNT(*) AS CHAR)"),
        };
        assert_eq!(text(&witness, &query).await.unwrap(), "1", "{engine}");

        drop(dropped);

        assert_eq!(text(&witness, &query).await.unwrap(), "0", "{engine}");
    }
}

/// Stop refuses connections, start keeps port and data, pause hangs, drop leaves nothing.
async fn a_private_server_obeys(engine: Engine) {
    if engine.is_not_run() {
        return;
    }
    let mut server = Server::private(engine).await;
    let database = server.database().await;
    execute(&database, "CREATE TABLE notes (body VARCHAR(20))").await.unwrap();
    execute(&database, "INSERT INTO notes VALUES ('kept')").await.unwrap();

    server.stop().await;
    assert!(
        text(&database, "SELECT body FROM notes").await.is_err(),
        "{engine} answers though it is stopped"
    );
    server.start().await;
    assert_eq!(text(&database, "SELECT body FROM notes").await.unwrap(), "kept");

    server.pause();
    let frozen =
        tokio::time::timeout(Duration::from_millis(300), text(&database, "SELECT body FROM notes"))
            .await;
    assert!(frozen.is_err(), "{engine} answers though it is frozen: {frozen:?}");
    server.resume();
    assert_eq!(text(&database, "SELECT body FROM notes").await.unwrap(), "kept");

    let (pid, folder) = (server.pid().unwrap(), server.folder().to_path_buf());
    server.pause();
    drop(server);
    assert!(!is_alive(pid), "{engine} {pid} is still running");
    assert!(!folder.exists(), "{} is still there", folder.display());
}

#[tokio::test]
async fn a_private_postgres_stops_starts_freezes_and_leaves_nothing() {
    a_private_server_obeys(Engine::Postgres).await;
}

#[tokio::test]
async fn a_private_mysql_stops_starts_freezes_and_leaves_nothing() {
    a_private_server_obeys(Engine::MySql).await;
}

#[tokio::test]
async fn a_private_mariadb_stops_starts_freezes_and_leaves_nothing() {
    a_private_server_obeys(Engine::MariaDb).await;
}

#[tokio::test]
async fn a_connection_that_is_open_freezes_with_the_server() {
    for engine in [Engine::Postgres, Engine::MySql, Engine::MariaDb] {
        if engine.is_not_run() {
            continue;
        }
        let server = Server::private(engine).await;
        let database = server.database().await;
        let frozen = if engine == Engine::Postgres {
            let mut connection = PgConnection::connect(&database.url).await.unwrap();
            server.pause();
            tokio::time::timeout(Duration::from_millis(300), connection.ping()).await.is_err()
        } else {
            let mut connection = MySqlConnection::connect(&database.url).await.unwrap();
            server.pause();
            tokio::time::timeout(Duration::from_millis(300), connection.ping()).await.is_err()
        };
        assert!(frozen, "{engine} answered on an open connection");
    }
}

/// A process that holds a private server; its end does not wait for anything.
struct Holder {
    process: Child,
    server: u32,
    folder: PathBuf,
}

impl Holder {
    fn start(engine: Engine) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hold_server"));
        let mut process = command.arg(engine.name()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (server, folder) = line.trim().split_once(' ').unwrap();
        let holder = Self { process, server: server.parse().unwrap(), folder: folder.into() };
        assert!(is_alive(holder.server) && holder.folder.exists(), "{engine} was not started");
        holder
    }

    async fn die(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let gone = until(DEADLINE, async || {
            (!is_alive(self.server) && !self.folder.exists()).then_some(())
        })
        .await;
        assert!(gone.is_some(), "{} or {} is still there", self.server, self.folder.display());
    }
}

#[tokio::test]
async fn a_server_does_not_survive_a_killed_test_process() {
    for engine in [Engine::Postgres, Engine::MySql, Engine::MariaDb] {
        if !engine.is_not_run() {
            Holder::start(engine).die().await;
        }
    }
}

#[tokio::test]
async fn a_server_whose_folder_was_removed_dies_with_its_owner_all_the_same() {
    if !Engine::MariaDb.is_not_run() {
        let holder = Holder::start(Engine::MariaDb);
        std::fs::remove_dir_all(&holder.folder).unwrap();

        holder.die().await;
    }
}
