//! A server of one test alone, which it may stop, start again and freeze.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::database::Database;
use crate::engine::Engine;
use crate::environment;
use crate::installation::Installation;
use crate::poll::until;
use crate::ports::Port;
use crate::scratch;
use crate::server::Server;
use crate::template;
use crate::watchdog::{Owner, Watched};

/// Recovery after a kill on a loaded machine included.
const START_DEADLINE: Duration = Duration::from_secs(60);
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// A server of one test alone; ended, and its folder removed, with the value or with the process.
#[derive(Debug)]
pub struct PrivateServer {
    server: Server,
    installation: Installation,
    folder: PathBuf,
    running: Option<Watched>,
    _port: Port,
}

impl Server {
    /// Starts a server of the caller's own.
    ///
    /// # Panics
    /// When the engine is not installed (the text says what to install) or does not come up.
    pub async fn private(engine: Engine) -> PrivateServer {
        PrivateServer::try_start(engine).await.unwrap_or_else(|error| panic!("{error:#}"))
    }
}

impl PrivateServer {
    async fn try_start(engine: Engine) -> Result<Self> {
        let installation = Installation::find(engine)?;
        let folder = scratch::folder("private")?.keep();
        let port = Port::reserve();
        let password = prepare(&installation, &folder).await?;
        let server = Server::new(engine, port.number(), password);
        let mut private = Self { server, installation, folder, running: None, _port: port };
        private.try_run().await?;
        Ok(private)
    }

    /// Stops the server in order: it writes what it has, connections are closed, the port refuses. Data stays.
    ///
    /// # Panics
    /// When it is still there after 30 s.
    pub async fn stop(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        // Postgres waits for its clients on SIGTERM, and does not on SIGINT.
        let signal =
            if self.engine() == Engine::Postgres { Signal::SIGINT } else { Signal::SIGTERM };
        signal_server(running.server(), Signal::SIGCONT);
        signal_server(running.server(), signal);
        let ended = until(STOP_DEADLINE, async || running.is_over().then_some(())).await;
        assert!(
            ended.is_some(),
            "{} has not stopped after {STOP_DEADLINE:?}:\n{}",
            self.engine(),
            log_of(&self.folder)
        );
    }

    /// Starts the stopped server again, on the same port with the same data.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start(&mut self) {
        if self.running.is_none() {
            self.try_run().await.unwrap_or_else(|error| panic!("{error:#}"));
        }
    }

    /// Freezes the server: connections are taken by the kernel and nothing answers, as when a machine hangs.
    pub fn pause(&self) {
        self.signal_all(Signal::SIGSTOP);
    }

    /// Lets the frozen server go on.
    pub fn resume(&self) {
        self.signal_all(Signal::SIGCONT);
    }

    /// The process id of the running server.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(Watched::server)
    }

    /// The folder that holds everything of the server.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes an empty database; it goes away with the server.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn database(&self) -> Database {
        self.server.lasting_database().await
    }

    async fn try_run(&mut self) -> Result<()> {
        let watched = run(&self.installation, &self.folder, &self.server, &Owner::Process).await?;
        self.running = Some(watched);
        Ok(())
    }

    fn signal_all(&self, signal: Signal) {
        let Some(running) = &self.running else { return };
        // First the server, so that it has no new children while they are counted.
        signal_server(running.server(), signal);
        for child in children(running.server()) {
            signal_server(child, signal);
        }
    }
}

impl Deref for PrivateServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        if let Some(running) = &mut self.running {
            running.end();
        }
        // The watchdog has removed it, unless the server was stopped.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Puts a fresh data folder into `folder`; gives the password.
pub(crate) async fn prepare(installation: &Installation, folder: &Path) -> Result<String> {
    let (installation, folder) = (installation.clone(), folder.to_path_buf());
    tokio::task::spawn_blocking(move || template::instantiate(&installation, &folder)).await?
}

/// Starts the server of a prepared folder and waits until it answers.
pub(crate) async fn run(
    installation: &Installation,
    folder: &Path,
    server: &Server,
    owner: &Owner,
) -> Result<Watched> {
    let command = installation.serve(folder, server.port())?;
    let signal = if server.engine() == Engine::Postgres { "QUIT" } else { "KILL" };
    let mut watched = Watched::start(&command, installation.account(), signal, folder, owner)?;
    let mut last = None;
    let outcome = until(START_DEADLINE, async || match server.answers().await {
        Ok(()) => Some(true),
        Err(error) => {
            last = Some(error);
            watched.has_ended().then_some(false)
        }
    });
    match outcome.await {
        Some(true) => Ok(watched),
        ended => {
            let what = if ended.is_some() { "ended at once" } else { "did not come up in time" };
            let log = log_of(folder);
            watched.end();
            Err(anyhow!("{} {what} ({last:?}). Its log:\n{log}", server.engine()))
        }
    }
}

fn log_of(folder: &Path) -> String {
    let log = fs::read(folder.join("log")).unwrap_or_default();
    String::from_utf8_lossy(&log[log.len().saturating_sub(4000)..]).into_owned()
}

fn signal_server(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // The process may have ended in the meantime, which is what was wanted or is seen by the test.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// The children of a process, by the parent that each process names.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let pids = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        environment::stat_field(*pid, 4).is_some_and(|found| found == parent.to_string())
    })
    .collect()
}

/// Fails early, and says so, when an installation cannot be had.
pub(crate) fn installation_or_hint(engine: Engine) -> Result<Installation> {
    let found = Installation::find(engine);
    if found.is_err() && environment::listed_as_not_run(engine.name()) {
        bail!(
            "{engine} is listed in TRACECHAIN_NOT_RUN: begin the test with `if Engine::is_not_run(engine) {{ return; }}`"
        );
    }
    found.context("the test needs a real server")
}
