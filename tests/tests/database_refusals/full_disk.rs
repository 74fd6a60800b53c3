//! A disk that is full below the database: what was accepted is there, what was refused is not, and room is all that is needed.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, chown},
    path::{Path, PathBuf},
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use testbed::{Database, Engine, PrivateServer, report_not_run};
use uuid::Uuid;

use crate::{subject::Subject, tmpfs::Tmpfs};

/// More rows than fit into what the database has already taken from the disk.
const MOST: usize = 2000;
/// So many in a row are no accident.
const REFUSALS: usize = 3;

/// Fills the disk below the running service, and frees it.
async fn a_disk_fills_up(database: Database, disk: Tmpfs, codes: &[&str]) {
    let subject = Subject::on(database).await;
    subject.accepts().await;
    let before = subject.rows().await;

    disk.fill();
    let (mut accepted, mut refused) = (0, Vec::new());
    while refused.len() < REFUSALS {
        assert!(accepted < MOST, "it is still accepting");
        let answer = subject.post(Uuid::new_v4(), 8000).await;
        if matches!(answer.status, 200 | 202) {
            accepted += 1;
            continue;
        }
        answer.problem(503, "dependency_unavailable", subject.name);
        refused.push(answer);
    }
    let lines = subject.running.logged(&refused[0].trace_id, "Request failed").await;
    let says =
        |code: &&str| lines.iter().any(|line| line.to_string().contains(&format!("code {code}")));
    assert!(codes.iter().any(says), "{lines:?}");
    assert_eq!(subject.rows().await, before + i64::try_from(accepted).unwrap());

    disk.make_room();
    subject.accepts().await;

    let Subject { running, database, .. } = subject;
    // The process before the disk, and the disk before the folder that it lies on.
    drop((running, disk, database));
}

/// A disk of this size over a folder that is made for it, owned as `like` is; says so where there can be none.
fn disk(place: &Path, bytes: u64, like: &Path) -> Option<Tmpfs> {
    fs::create_dir_all(place).unwrap();
    let disk = Tmpfs::over(place, bytes);
    if disk.is_none() {
        report_not_run("a full disk (mounting a small one needs root)");
        return None;
    }
    let owner = fs::metadata(like).unwrap();
    chown(place, Some(owner.uid()), Some(owner.gid())).unwrap();
    disk
}

#[tokio::test]
async fn below_sqlite() {
    let database = testbed::sqlite();
    let path = database.url.trim_start_matches("sqlite://").split('?').next().map(PathBuf::from);
    let folder = path.unwrap().parent().unwrap().to_owned();
    let Some(disk) = disk(&folder, 1 << 20, &folder) else { return };
    // SQLITE_FULL, or an error of a file where its memory of the log has to grow.
    a_disk_fills_up(database, disk, &["13", "4874", "778"]).await;
}

/// Moves a database onto the disk.
async fn move_to(disk: &Path, server: &PrivateServer, database: &Database) {
    let elsewhere = database.url.replace(&database.name, "postgres");
    let mut administrator = PgConnection::connect(&elsewhere).await.unwrap();
    for statement in [
        format!("CREATE TABLESPACE small LOCATION '{}'", disk.display()),
        format!("ALTER DATABASE {} SET TABLESPACE small", database.name),
    ] {
        administrator.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    assert!(server.pid().is_some());
}

#[tokio::test]
async fn below_postgres() {
    if Engine::Postgres.is_not_run() {
        return;
    }
    let server = testbed::Server::private(Engine::Postgres).await;
    let database = server.database().await;
    let place = server.folder().join("small");
    let Some(disk) = disk(&place, 32 << 20, &server.folder().join("data")) else { return };
    move_to(&place, &server, &database).await;
    a_disk_fills_up(database, disk, &["53100"]).await;
}

async fn below_tables(engine: Engine) {
    if engine.is_not_run() {
        return;
    }
    let server = testbed::Server::private(engine).await;
    let database = server.database().await;
    let place = server.folder().join("data").join(&database.name);
    let Some(disk) = disk(&place, 16 << 20, &server.folder().join("data")) else { return };
    // A table that is full, or what the storage engine says of its file.
    a_disk_fills_up(database, disk, &["1114", "1021", "1030", "1026"]).await;
}

#[tokio::test]
async fn below_mysql() {
    below_tables(Engine::MySql).await;
}

#[tokio::test]
async fn below_mariadb() {
    below_tables(Engine::MariaDb).await;
}
