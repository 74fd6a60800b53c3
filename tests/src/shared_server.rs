//! One server per engine for a whole test run: the first test that needs it starts it, all test processes of the run use it.
//!
//! Invariant: the server lives exactly as long as the run does. When this process was not started by `infra/test.sh`, cargo or
//! nextest, it has a server of its own, which lives as long as the process.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context as _, Result};
use tokio::sync::OnceCell;

use crate::engine::Engine;
use crate::environment::Run;
use crate::installation::Installation;
use crate::ports::{self, Port};
use crate::private_server::{self, PrivateServer};
use crate::server::Server;
use crate::watchdog::Owner;

/// Postgres, shared by the test run.
///
/// # Panics
/// When it is not installed (the text says what to install) or does not come up.
pub async fn postgres() -> Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    shared(&SERVER, Engine::Postgres).await
}

/// A real MySQL, shared by the test run.
///
/// # Panics
/// As [`postgres`].
pub async fn mysql() -> Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    shared(&SERVER, Engine::MySql).await
}

/// MariaDB, shared by the test run.
///
/// # Panics
/// As [`postgres`].
pub async fn mariadb() -> Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    shared(&SERVER, Engine::MariaDb).await
}

async fn shared(cell: &OnceCell<Server>, engine: Engine) -> Server {
    let server = cell.get_or_try_init(|| find_or_start(engine)).await;
    server.unwrap_or_else(|error| panic!("{error:#}")).clone()
}

async fn find_or_start(engine: Engine) -> Result<Server> {
    let installation = private_server::installation_or_hint(engine)?;
    match Run::current() {
        Some(run) => of_the_run(&installation, run).await,
        None => Ok(of_the_process(engine).await),
    }
}

/// Kept in a static, whose pipe the kernel closes when the process ends.
async fn of_the_process(engine: Engine) -> Server {
    static KEPT: Mutex<Vec<PrivateServer>> = Mutex::new(Vec::new());
    let private = Server::private(engine).await;
    let server = Server::clone(&private);
    KEPT.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(private);
    server
}

async fn of_the_run(installation: &Installation, run: Run) -> Result<Server> {
    let name = format!("tracechain-{}-{}", installation.engine.name(), run.name());
    let lock_name = name.clone();
    let _lock = tokio::task::spawn_blocking(move || ports::lock(&lock_name)).await??;
    let folder = std::env::temp_dir().join(&name);
    if let Some(server) = read(&folder)
        && server.answers().await.is_ok()
    {
        return Ok(server);
    }
    start(installation, folder, run).await
}

fn read(folder: &Path) -> Option<Server> {
    serde_json::from_slice(&fs::read(folder.join("server.json")).ok()?).ok()
}

async fn start(installation: &Installation, folder: PathBuf, run: Run) -> Result<Server> {
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let port = Port::reserve();
    let password = private_server::prepare(installation, &folder).await?;
    let server = Server::new(installation.engine, port.number(), password);
    private_server::run(installation, &folder, &server, &Owner::Run(run)).await?;
    // Written last: who reads it finds a server that answers.
    let unfinished = folder.join("server.json.new");
    fs::write(&unfinished, serde_json::to_vec(&server)?)?;
    fs::rename(&unfinished, folder.join("server.json"))?;
    Ok(server)
}
