//! The launcher with all services, on free ports.

use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use testbed::{Database, Engine, SystemPorts};

use crate::memory::{self, Resident};

/// What the services write to.
pub(crate) struct Databases {
    pub(crate) name: String,
    /// User, order, audit; none for the embedded ones.
    pub(crate) servers: Option<[Database; 3]>,
}

impl Databases {
    pub(crate) fn embedded() -> Self {
        Self { name: "embedded (SQLite)".to_owned(), servers: None }
    }

    /// Postgres for user and audit, and for order each of MySQL and MariaDB that is installed.
    pub(crate) async fn servers() -> Vec<Self> {
        let postgres = testbed::postgres().await;
        let mut all = Vec::new();
        for engine in
            [Engine::MySql, Engine::MariaDb].into_iter().filter(|engine| !engine.is_not_run())
        {
            let orders = match engine {
                Engine::MySql => testbed::mysql().await,
                _ => testbed::mariadb().await,
            };
            let databases =
                [postgres.database().await, orders.database().await, postgres.database().await];
            all.push(Self {
                name: format!("Postgres, {}", engine.name()),
                servers: Some(databases),
            });
        }
        all
    }
}

/// What every service is given beside its place.
pub(crate) type Variables = &'static [(&'static str, &'static str)];

/// A running system; it ends with the value.
pub(crate) struct System {
    launcher: Child,
    ports: SystemPorts,
    _folder: tempfile::TempDir,
}

impl System {
    /// Starts everything and waits until the edge is ready.
    pub(crate) async fn start(databases: &Databases, variables: Variables) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut command = Command::new(testbed::tracechain());
        command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let ports = SystemPorts::reserve();
        command.envs(ports.variables());
        for (service, database) in
            ["USER", "ORDER", "AUDIT"].iter().zip(databases.servers.iter().flatten())
        {
            command.env(format!("{service}_DATABASE_URL"), &database.url);
        }
        command.envs(variables.iter().copied());
        let launcher = command.spawn().expect("the launcher can be started");
        let system = Self { launcher, ports, _folder: folder };
        system.wait_ready().await;
        system
    }

    pub(crate) fn edge(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports.number("EDGE_PORT")))
    }

    /// Of the launcher and each child.
    pub(crate) fn resident(&self) -> Vec<Resident> {
        memory::family(self.launcher.id()).into_iter().filter_map(memory::of).collect()
    }

    /// Of the launcher and each child so far.
    pub(crate) fn cpu_time(&self) -> Duration {
        memory::family(self.launcher.id()).into_iter().filter_map(memory::cpu_time).sum()
    }

    async fn wait_ready(&self) {
        let url = self.ports.url("EDGE_PORT", "/health/ready");
        let client = testbed::http();
        let ready = testbed::until(Duration::from_secs(90), async || {
            let answer = client.get(&url).send().await.ok()?;
            answer.status().is_success().then_some(())
        });
        ready.await.expect("the system becomes ready");
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(self.launcher.id() as i32);
        // Whoever ended it already, there is nothing left to end.
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.launcher.wait();
    }
}
