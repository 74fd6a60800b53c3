//! Starts a private server or a process, says which, and holds it until it is killed: a test kills it the hard way and looks what is left.

use testbed::{Engine, Program, Server};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let engine = match std::env::args().nth(1).as_deref() {
        Some("postgres") => Engine::Postgres,
        Some("mysql") => Engine::MySql,
        Some("mariadb") => Engine::MariaDb,
        Some("process") => return hold_process().await,
        other => panic!("postgres, mysql, mariadb or process, not {other:?}"),
    };
    let server = Server::private(engine).await;
    println!("{} {}", server.pid().unwrap_or_default(), server.folder().display());
    std::future::pending().await
}

async fn hold_process() {
    // It ignores the end of its stdin, as a program without `--exit-on-stdin-close` does.
    let process = Program::new("/bin/sleep").arg("1000").start();
    println!("{}", process.pid());
    std::future::pending().await
}
