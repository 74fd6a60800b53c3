//! The launcher with its children, as a user starts it, on real databases: whoever is killed is started again by it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::account::Account;
use super::ends::Ends;
use super::scale::Scale;
use crate::database::Database;
use crate::environment::stat_field;
use crate::http_client::http;
use crate::poll::until;
use crate::private_server::children;
use crate::program::{Process, Program, tracechain};
use crate::scratch;
use crate::shared_server::{mysql, postgres};
use crate::system_ports::SystemPorts;

/// Migrations and a loaded machine included.
const READY_DEADLINE: Duration = Duration::from_secs(120);
/// Drains and last exports of all.
const STOP_DEADLINE: Duration = Duration::from_secs(90);

const EDGE: &str = "EDGE_PORT";
const QUERY: &str = "VIEWER_QUERY_PORT";

/// A running launcher; it and its children end with the value.
#[derive(Debug)]
pub(crate) struct Launched {
    process: Process,
    /// What the launcher that was killed and its children have written.
    before: Option<Process>,
    ports: SystemPorts,
    variables: Vec<(String, String)>,
    folder: tempfile::TempDir,
    _databases: [Database; 3],
}

impl Launched {
    /// Starts it on Postgres and MySQL, with these variables beside, and waits until it is ready.
    pub(crate) async fn start(scale: &Scale, more: &[(&str, &str)]) -> Result<Self> {
        let (postgres, mysql) = tokio::join!(postgres(), mysql());
        let databases =
            [postgres.database().await, mysql.database().await, postgres.database().await];
        let ports = SystemPorts::reserve();
        let mut variables: Vec<(String, String)> = Vec::new();
        for (service, database) in ["USER", "ORDER", "AUDIT"].iter().zip(&databases) {
            variables.push((format!("{service}_DATABASE_URL"), database.url.clone()));
        }
        variables.extend(ports.variables().map(|(name, port)| (name.to_owned(), port)));
        let timeout = scale.request_timeout.as_millis().to_string();
        for (name, value) in
            [("OTEL_LOGS_EXPORTER", "none"), ("REQUEST_TIMEOUT_MS", &timeout)].iter().chain(more)
        {
            variables.push(((*name).to_owned(), (*value).to_owned()));
        }
        let folder = scratch::folder("launched")?;
        let process = program(folder.path(), &variables).start();
        let launched =
            Self { process, before: None, ports, variables, folder, _databases: databases };
        launched.ready().await?;
        Ok(launched)
    }

    /// Where loadgen finds it, with the viewer that it has started itself.
    pub(crate) fn ends(&self) -> Ends {
        Ends {
            edge: self.ports.url(EDGE, ""),
            traces: self.ports.url(QUERY, ""),
            otlp: self.ports.url("VIEWER_OTLP_HTTP_PORT", ""),
        }
    }

    /// Kills the child of this name, and waits until it is gone.
    pub(crate) async fn kill(&self, child: &str) -> Result<()> {
        let pid = self.child(child)?;
        kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGKILL)?;
        gone(pid).await
    }

    /// Kills the launcher itself, and waits until its children have left as well, which they do in order.
    pub(crate) async fn kill_launcher(&mut self) -> Result<()> {
        let left = children(self.process.pid());
        self.process.kill9();
        self.process.wait_exit(STOP_DEADLINE).await;
        for pid in left {
            gone(pid).await?;
        }
        Ok(())
    }

    /// Starts the launcher again, as it was, after it was killed.
    pub(crate) async fn start_again(&mut self) -> Result<()> {
        let again = program(self.folder.path(), &self.variables).start();
        let killed = std::mem::replace(&mut self.process, again);
        self.before = Some(killed);
        self.ready().await
    }

    /// Waits until the viewer answers.
    pub(crate) async fn viewer_is_ready(&self) -> Result<()> {
        self.answers(&self.ports.url(QUERY, "/ready")).await
    }

    /// Stops all in order, and gives what every process that ended in order says of its spans.
    pub(crate) async fn stop(mut self) -> Result<Account> {
        self.process.sigterm();
        let status = self.process.wait_exit(STOP_DEADLINE).await;
        if !status.success() {
            bail!("the launcher ended with {status}:\n{}", self.process.last_output());
        }
        let mut account = Account::of(&self.process);
        if let Some(before) = &self.before {
            account += Account::of(before);
        }
        Ok(account)
    }

    async fn ready(&self) -> Result<()> {
        self.answers(&self.ports.url(EDGE, "/health/ready")).await
    }

    async fn answers(&self, url: &str) -> Result<()> {
        let answered = until(READY_DEADLINE, async || {
            let answer = http().get(url).send().await.ok()?;
            answer.status().is_success().then_some(())
        });
        let text = || format!("{url} does not answer 200:\n{}", self.process.last_output());
        answered.await.with_context(text)
    }

    fn child(&self, name: &str) -> Result<u32> {
        let named = |pid: &u32| {
            let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.split('\0').nth(1) == Some(name)
        };
        let found = children(self.process.pid()).into_iter().find(named);
        found.with_context(|| format!("the launcher has no child {name}"))
    }
}

fn program(folder: &std::path::Path, variables: &[(String, String)]) -> Program {
    let program = Program::new(tracechain()).in_folder(folder);
    variables.iter().fold(program, |program, (name, value)| program.env(name, value))
}

/// Waits for the end of a process that is not our child. Where nobody reaps, it stays a zombie.
async fn gone(pid: u32) -> Result<()> {
    let is_gone = || stat_field(pid, 3).is_none_or(|state| state == "Z");
    let ended = until(STOP_DEADLINE, async || is_gone().then_some(())).await;
    ended.with_context(|| format!("process {pid} is still there after {STOP_DEADLINE:?}"))
}
