//! From variables to children: every port, address and database, worked out once.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use crate::announcement::{Addresses, ViewerAddresses};
use crate::environment::{Environment, Variables};
use crate::failure::Failure;
use crate::ports::PortUse;
use crate::services::Service;
use crate::supervision::ChildSpec;
use crate::variables;

mod listening;

use listening::Listening;

/// Where the embedded databases are, below the current directory.
const DATA_DIRECTORY: &str = ".tracechain";

/// What a service takes by itself when nothing is configured.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
const DATABASE_STARTUP_TIMEOUT: Duration = Duration::from_secs(60);

/// Over what the configuration grants: the time to notice, to flush and to leave, or to start.
const STOP_MARGIN: Duration = Duration::from_secs(5);
const START_MARGIN: Duration = Duration::from_secs(30);

/// All that is to be started, and what to tell the user about it.
pub(crate) struct Plan {
    /// In the order of starting.
    pub(crate) children: Vec<ChildSpec>,
    pub(crate) announcement: String,
    needs_data_directory: bool,
}

impl Plan {
    pub(crate) fn new(environment: &Environment, program: &Path) -> Result<Self, Failure> {
        variables::refuse_per_process(environment)?;
        let listening = Listening::of(environment)?;
        let mut plan = Self {
            children: Vec::new(),
            announcement: addresses(environment, &listening).text(),
            needs_data_directory: false,
        };
        for service in Service::START_ORDER {
            if service != Service::Viewer || listening.viewer.is_some() {
                plan.add(service, environment, &listening, program)?;
            }
        }
        Ok(plan)
    }

    /// Creates the folder of the embedded databases, if one of them is used.
    pub(crate) fn create_data_directory(&self) -> Result<(), Failure> {
        if !self.needs_data_directory {
            return Ok(());
        }
        std::fs::create_dir_all(DATA_DIRECTORY).map_err(|error| {
            Failure::failed(format!(
                "the folder {DATA_DIRECTORY} cannot be created in the current directory: {error}; start from a \
                 directory that can be written to, or set USER_DATABASE_URL, ORDER_DATABASE_URL and AUDIT_DATABASE_URL"
            ))
        })
    }

    fn add(
        &mut self,
        service: Service,
        environment: &Environment,
        listening: &Listening,
        program: &Path,
    ) -> Result<(), Failure> {
        let mut own = variables::of(service, environment);
        let duration = |name, default| {
            milliseconds(own.get(name), default, || {
                variables::form_in_use(service, name, environment)
            })
        };
        let start = duration("DB_STARTUP_TIMEOUT_MS", DATABASE_STARTUP_TIMEOUT)?;
        let drain = duration("DRAIN_TIMEOUT_MS", DRAIN_TIMEOUT)?;
        if service.has_database() && !own.contains_key("DATABASE_URL") {
            self.needs_data_directory = true;
        }
        complete(&mut own, service, listening);
        open_laboratory(&mut own, service, environment);
        let removed =
            environment.names.iter().filter(|name| !own.contains_key(*name)).cloned().collect();
        self.children.push(ChildSpec {
            name: service.name().to_owned(),
            program: program.to_owned(),
            args: vec![service.name().into(), "--exit-on-stdin-close".into()],
            variables: own,
            emptied: removed,
            ready_url: format!("{}{}", listening.base_url(service), service.ready_path()),
            ports: listening.ports_of(service),
            ready_within: start + START_MARGIN,
            stop_within: drain + STOP_MARGIN,
        });
        Ok(())
    }
}

/// Fills in what the user left open. Ports and host are always set: what was checked is what is used.
fn complete(own: &mut Variables, service: Service, listening: &Listening) {
    own.extend(listening.variables_of(service));
    let mut default = |name: &str, value: String| {
        own.entry(name.to_owned()).or_insert(value);
    };
    if service.has_database() {
        default("DATABASE_URL", format!("sqlite:{DATA_DIRECTORY}/{}.db", service.name()));
    }
    match service {
        Service::Gateway => {
            default("NEXT_SERVICE_URL", listening.base_url(Service::User));
            default("USER_SERVICE_URL", listening.base_url(Service::User));
            default("ORDER_SERVICE_URL", listening.base_url(Service::Order));
            default("AUDIT_SERVICE_URL", listening.base_url(Service::Audit));
        }
        Service::User => default("NEXT_SERVICE_URL", listening.base_url(Service::Order)),
        Service::Order => default("NEXT_SERVICE_URL", listening.base_url(Service::Audit)),
        Service::Audit => {}
        Service::Viewer => {
            default("CORS_ORIGINS", listening.page_origins());
            default("SCRAPE_TARGETS", listening.scrape_targets());
        }
    }
    if service != Service::Viewer && !own.contains_key("OTEL_EXPORTER_OTLP_ENDPOINT") {
        let grpc =
            own.get("OTEL_EXPORTER_OTLP_PROTOCOL").is_some_and(|protocol| protocol == "grpc");
        if let Some(receiver) = listening.receiver(grpc) {
            own.insert("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), receiver);
        }
    }
}

/// What a newcomer starts is for trying things, faults too (`LAB`). A token says that it is not.
fn open_laboratory(own: &mut Variables, service: Service, environment: &Environment) {
    if service != Service::Viewer && !is_guarded(environment) {
        own.entry("LAB".to_owned()).or_insert_with(|| "true".to_owned());
    }
}

fn is_guarded(environment: &Environment) -> bool {
    let own = Service::START_ORDER.map(|service| format!("{}API_TOKEN", service.prefix()));
    let is_token = |name: &String| name == "API_TOKEN" || own.contains(name);
    environment.variables.keys().any(is_token)
}

fn milliseconds(
    value: Option<&String>,
    default: Duration,
    variable: impl FnOnce() -> String,
) -> Result<Duration, Failure> {
    let Some(value) = value else {
        return Ok(default);
    };
    shared::config::milliseconds(value)
        .map_err(|accepted| Failure::refused(format!("{} is '{value}': {accepted}", variable())))
}

fn addresses(environment: &Environment, listening: &Listening) -> Addresses {
    let service = |service: Service| (service.name(), listening.shown_url(service));
    Addresses {
        edge: listening.shown_edge_url(),
        services: [Service::Gateway, Service::User, Service::Order, Service::Audit]
            .map(service)
            .to_vec(),
        viewer: listening.viewer.as_ref().map(|viewer| ViewerAddresses {
            pages: viewer.pages.shown_url(),
            query: viewer.query.shown_url(),
            otlp_grpc: viewer.otlp_grpc.shown_url(),
            otlp_http: viewer.otlp_http.shown_url(),
        }),
        collector: environment.variables.get("OTEL_EXPORTER_OTLP_ENDPOINT").cloned(),
        guarded: is_guarded(environment),
    }
}

/// Where nothing else is said: this machine only.
const DEFAULT_HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl PortUse {
    /// For programs on this machine; an address that means "all" is not one to connect to.
    fn url(&self) -> String {
        let host = match self.host {
            IpAddr::V4(all) if all.is_unspecified() => "127.0.0.1".to_owned(),
            IpAddr::V6(all) if all.is_unspecified() => "[::1]".to_owned(),
            IpAddr::V4(host) => host.to_string(),
            IpAddr::V6(host) => format!("[{host}]"),
        };
        format!("http://{host}:{}", self.port)
    }

    /// For people: `localhost` where that is the same.
    fn shown_url(&self) -> String {
        let local = self.host.is_unspecified() || self.host == DEFAULT_HOST;
        if local { format!("http://localhost:{}", self.port) } else { self.url() }
    }
}

#[cfg(test)]
mod tests;
