//! The four services as real processes on databases of their own: what the whole-system tests drive.

mod instance;

use std::collections::HashMap;
use std::time::Duration;

pub use self::instance::Instance;
use crate::chain_options::{ChainOptions, Service};
use crate::database::Database;
use crate::ports::Port;
use crate::program::{Process, Program, tracechain};
use crate::proxy::Proxy;

/// A drain and the last export.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// The running chain; everything ends with the value.
#[derive(Debug)]
pub struct Chain {
    // Fields are dropped in this order: processes before what they talk to.
    running: HashMap<Service, Instance>,
    stopped: HashMap<Service, Port>,
    proxies: HashMap<Service, Proxy>,
    database_proxies: HashMap<Service, Proxy>,
    databases: HashMap<Service, Database>,
    ports: HashMap<Service, u16>,
    options: ChainOptions,
}

impl Chain {
    /// Starts audit, order, user and gateway, each when the one before is ready.
    ///
    /// # Panics
    /// When a database or a service does not come up; the text holds its output.
    pub async fn start(mut options: ChainOptions) -> Self {
        let mut chain = Self {
            running: HashMap::new(),
            stopped: Service::ALL.map(|service| (service, Port::reserve())).into(),
            proxies: HashMap::new(),
            database_proxies: HashMap::new(),
            databases: options.make_databases().await,
            ports: HashMap::new(),
            options,
        };
        chain.ports =
            chain.stopped.iter().map(|(service, port)| (*service, port.number())).collect();
        chain.start_proxies().await;
        for service in Service::ALL {
            chain.restart(service).await;
        }
        chain
    }

    /// The address of a service, past every proxy.
    #[must_use]
    pub fn url(&self, service: Service) -> String {
        format!("http://127.0.0.1:{}", self.ports[&service])
    }

    /// The process of a service.
    ///
    /// # Panics
    /// When it is stopped.
    #[must_use]
    pub fn process(&self, service: Service) -> &Process {
        &self.running.get(&service).unwrap_or_else(|| panic!("{service} is stopped")).process
    }

    /// The log lines that a service has written since its last start.
    #[must_use]
    pub fn logs(&self, service: Service) -> Vec<serde_json::Value> {
        self.process(service).json_lines()
    }

    /// The database of a service.
    ///
    /// # Panics
    /// The gateway has none.
    #[must_use]
    pub fn database(&self, service: Service) -> &Database {
        self.databases.get(&service).unwrap_or_else(|| panic!("{service} has no database"))
    }

    /// The proxy in front of a service.
    ///
    /// # Panics
    /// When [`ChainOptions::proxied`] did not ask for one.
    #[must_use]
    pub fn proxy(&self, service: Service) -> &Proxy {
        self.proxies
            .get(&service)
            .unwrap_or_else(|| panic!("ask for it: ChainOptions::proxied({service})"))
    }

    /// The proxy in front of a service's database.
    ///
    /// # Panics
    /// When [`ChainOptions::database_proxied`] did not ask for one.
    #[must_use]
    pub fn database_proxy(&self, service: Service) -> &Proxy {
        self.database_proxies
            .get(&service)
            .unwrap_or_else(|| panic!("ask for it: ChainOptions::database_proxied({service})"))
    }

    /// Stops a service in order and gives what is left of it: its output. Its port stays reserved.
    ///
    /// # Panics
    /// When it is still running after 30 s.
    pub async fn stop(&mut self, service: Service) -> Option<Process> {
        self.process(service).sigterm();
        self.ended(service).await
    }

    /// Kills a service, as a crash would.
    ///
    /// # Panics
    /// When it is stopped already.
    pub async fn kill(&mut self, service: Service) -> Option<Process> {
        self.process(service).kill9();
        self.ended(service).await
    }

    /// Starts a service again on its port, stopping it first if it runs, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn restart(&mut self, service: Service) {
        if self.running.contains_key(&service) {
            self.stop(service).await;
        }
        let port = self.stopped.remove(&service).unwrap_or_else(Port::reserve);
        let mut instance = self.launch(service, port, &[]);
        instance.wait_ready().await;
        self.running.insert(service, instance);
    }

    /// Starts a further process of a service on the same database and a port of its own. Nothing of the chain points to it.
    ///
    /// # Panics
    /// When it cannot be started. It may not be ready yet: [`Instance::wait_ready`].
    #[must_use]
    pub fn another(&self, service: Service, env: &[(&str, &str)]) -> Instance {
        self.launch(service, Port::reserve(), env)
    }

    /// Changes a variable of a service from its next start on.
    pub fn set_env(&mut self, service: Service, name: &str, value: &str) {
        self.options.set_env(service, name, value);
    }

    async fn ended(&mut self, service: Service) -> Option<Process> {
        let mut instance = self.running.remove(&service)?;
        instance.process.wait_exit(STOP_DEADLINE).await;
        self.stopped.insert(service, instance.port);
        Some(instance.process)
    }

    async fn start_proxies(&mut self) {
        for service in Service::ALL {
            if self.options.is_proxied(service) {
                self.proxies.insert(service, Proxy::to(self.ports[&service]).await);
            }
            if self.options.is_database_proxied(service) {
                let target = self.database(service).port();
                let target = target.unwrap_or_else(|| {
                    panic!("the database of {service} is a file, it has no proxy")
                });
                self.database_proxies.insert(service, Proxy::to(target).await);
            }
        }
    }

    fn launch(&self, service: Service, port: Port, env: &[(&str, &str)]) -> Instance {
        let number = port.number().to_string();
        let mut program =
            Program::new(tracechain()).arg(service.name()).arg("--exit-on-stdin-close");
        program = program.env("HOST", "127.0.0.1").env("PORT", number);
        for (name, value) in self.addresses(service) {
            program = program.env(name, value);
        }
        for (name, value) in
            self.options.telemetry().into_iter().chain(self.options.env_of(service))
        {
            program = program.env(name, value);
        }
        for (name, value) in env {
            program = program.env(name, value);
        }
        Instance { service, process: program.start(), port }
    }

    /// Where a service finds its database and the others: the chain goes through the proxies, the gateway's reads never do.
    fn addresses(&self, service: Service) -> Vec<(&'static str, String)> {
        let mut addresses = Vec::new();
        if let Some(next) = service.next() {
            addresses.push((
                "NEXT_SERVICE_URL",
                self.proxies.get(&next).map_or_else(|| self.url(next), Proxy::url),
            ));
        }
        if let Some(database) = self.databases.get(&service) {
            let proxy = self.database_proxies.get(&service);
            addresses.push((
                "DATABASE_URL",
                proxy.map_or_else(
                    || database.url.clone(),
                    |proxy| database.url_through(proxy.port()),
                ),
            ));
        }
        if service == Service::Gateway {
            addresses.push(("USER_SERVICE_URL", self.url(Service::User)));
            addresses.push(("ORDER_SERVICE_URL", self.url(Service::Order)));
            addresses.push(("AUDIT_SERVICE_URL", self.url(Service::Audit)));
        }
        addresses
    }
}
