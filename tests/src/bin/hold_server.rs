//! Starts a private server, says which, and holds it until it is killed: the test kills it the hard way and looks what is left.

use testbed::{Engine, Server};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let engine = match std::env::args().nth(1).as_deref() {
        Some("postgres") => Engine::Postgres,
        Some("mysql") => Engine::MySql,
        Some("mariadb") => Engine::MariaDb,
        other => panic!("postgres, mysql or mariadb, not {other:?}"),
    };
    let server = Server::private(engine).await;
    server.pause();
    server.resume();
    println!(
        "{} {}",
        server.pid().unwrap_or_default(),
        server.folder().display()
    );
    std::future::pending::<()>().await;
}
