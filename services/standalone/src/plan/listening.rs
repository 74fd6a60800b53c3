//! Who listens where.

use std::net::IpAddr;

use super::DEFAULT_HOST;
use crate::environment::{Environment, Variables};
use crate::failure::Failure;
use crate::ports::PortUse;
use crate::services::Service;
use crate::variables;

/// Every port of the system.
pub(super) struct Listening {
    /// `None` when spans go to a Collector.
    pub(super) viewer: Option<ViewerPorts>,
    services: Vec<ServicePorts>,
}

pub(super) struct ViewerPorts {
    pub(super) pages: PortUse,
    pub(super) query: PortUse,
    pub(super) otlp_grpc: PortUse,
    pub(super) otlp_http: PortUse,
    metrics: Option<PortUse>,
}

struct ServicePorts {
    service: Service,
    main: PortUse,
    /// The gateway's second port.
    edge: Option<PortUse>,
    metrics: Option<PortUse>,
}

impl Listening {
    pub(super) fn of(environment: &Environment) -> Result<Self, Failure> {
        let collector = environment.variables.contains_key("OTEL_EXPORTER_OTLP_ENDPOINT");
        let viewer = if collector { None } else { Some(ViewerPorts::of(environment)?) };
        let services = [
            ServicePorts::of(Service::Gateway, 5000, environment)?,
            ServicePorts::of(Service::User, 5001, environment)?,
            ServicePorts::of(Service::Order, 5002, environment)?,
            ServicePorts::of(Service::Audit, 5003, environment)?,
        ];
        Ok(Self { viewer, services: services.into() })
    }

    pub(super) fn base_url(&self, service: Service) -> String {
        self.main(service).map_or_else(String::new, PortUse::url)
    }

    pub(super) fn shown_url(&self, service: Service) -> String {
        self.main(service).map_or_else(String::new, PortUse::shown_url)
    }

    pub(super) fn shown_edge_url(&self) -> String {
        self.edge().map_or_else(String::new, PortUse::shown_url)
    }

    /// Where a browser's pages come from that ask the viewer: both ports of the gateway, by every name of this machine that is known.
    pub(super) fn page_origins(&self) -> String {
        let ports = self.ports(Service::Gateway).into_iter();
        let ports = ports.flat_map(|ports| ports.edge.iter().chain([&ports.main]));
        let origins = ports.flat_map(|port| {
            let own = (!port.host.is_unspecified() && !port.host.is_loopback()).then(|| port.url());
            let names = ["localhost", "127.0.0.1", "[::1]"];
            names.map(|name| format!("http://{name}:{}", port.port)).into_iter().chain(own)
        });
        origins.collect::<Vec<_>>().join(",")
    }

    /// Whose metrics the viewer shows: the services that it is started with.
    pub(super) fn scrape_targets(&self) -> String {
        let target = |(service, name): (Service, &str)| {
            Some(format!("{name}={}/metrics", self.main(service)?.url()))
        };
        Service::MEASURED.into_iter().filter_map(target).collect::<Vec<_>>().join(",")
    }

    /// The viewer's OTLP address.
    pub(super) fn receiver(&self, grpc: bool) -> Option<String> {
        let viewer = self.viewer.as_ref()?;
        Some(if grpc { viewer.otlp_grpc.url() } else { viewer.otlp_http.url() })
    }

    pub(super) fn ports_of(&self, service: Service) -> Vec<PortUse> {
        if service == Service::Viewer {
            return self.viewer.iter().flat_map(ViewerPorts::all).cloned().collect();
        }
        self.ports(service).into_iter().flat_map(ServicePorts::all).cloned().collect()
    }

    /// Host and ports as the child reads them.
    pub(super) fn variables_of(&self, service: Service) -> Variables {
        let mut result = Variables::new();
        let mut set = |name: &str, value: String| drop(result.insert(name.to_owned(), value));
        if let Some(main) = self.main(service) {
            set("HOST", main.host.to_string());
        }
        if service == Service::Viewer {
            for port in self.viewer.iter().flat_map(ViewerPorts::named) {
                set(&port.variable, port.port.to_string());
            }
        } else if let Some(ports) = self.ports(service) {
            set("PORT", ports.main.port.to_string());
            ports.edge.iter().for_each(|edge| set("EDGE_PORT", edge.port.to_string()));
        }
        // The gateway's front page leads to the viewer's pages, and sends its span there.
        if service == Service::Gateway {
            for port in self.viewer.iter().flat_map(|viewer| [&viewer.pages, &viewer.otlp_http]) {
                set(&port.variable, port.port.to_string());
            }
        }
        result
    }

    fn main(&self, service: Service) -> Option<&PortUse> {
        match service {
            Service::Viewer => self.viewer.as_ref().map(|viewer| &viewer.pages),
            other => self.ports(other).map(|ports| &ports.main),
        }
    }

    fn edge(&self) -> Option<&PortUse> {
        self.ports(Service::Gateway)?.edge.as_ref()
    }

    fn ports(&self, service: Service) -> Option<&ServicePorts> {
        self.services.iter().find(|ports| ports.service == service)
    }
}

impl ViewerPorts {
    fn of(environment: &Environment) -> Result<Self, Failure> {
        let own = variables::of(Service::Viewer, environment);
        let host = host(&own, Service::Viewer, environment)?;
        let port =
            |variable: &str, default| port_use(&own, host, variable, variable.to_owned(), default);
        Ok(Self {
            pages: port("VIEWER_PORT", 3000)?,
            query: port("VIEWER_QUERY_PORT", 3200)?,
            otlp_grpc: port("VIEWER_OTLP_GRPC_PORT", 4317)?,
            otlp_http: port("VIEWER_OTLP_HTTP_PORT", 4318)?,
            metrics: metrics_port(&own, host, Service::Viewer)?,
        })
    }

    fn named(&self) -> [&PortUse; 4] {
        [&self.pages, &self.query, &self.otlp_grpc, &self.otlp_http]
    }

    fn all(&self) -> impl Iterator<Item = &PortUse> {
        self.named().into_iter().chain(&self.metrics)
    }
}

impl ServicePorts {
    fn of(service: Service, default: u16, environment: &Environment) -> Result<Self, Failure> {
        let own = variables::of(service, environment);
        let host = host(&own, service, environment)?;
        let edge = match service {
            Service::Gateway => Some(port_use(
                &own,
                host,
                "EDGE_PORT",
                variables::form_in_use(service, "EDGE_PORT", environment),
                8080,
            )?),
            _ => None,
        };
        Ok(Self {
            service,
            main: port_use(&own, host, "PORT", variables::own_form(service, "PORT"), default)?,
            edge,
            metrics: metrics_port(&own, host, service)?,
        })
    }

    fn all(&self) -> impl Iterator<Item = &PortUse> {
        std::iter::once(&self.main).chain(&self.edge).chain(&self.metrics)
    }
}

fn metrics_port(
    own: &Variables,
    host: IpAddr,
    service: Service,
) -> Result<Option<PortUse>, Failure> {
    if !own.contains_key("METRICS_PORT") {
        return Ok(None);
    }
    port_use(own, host, "METRICS_PORT", variables::own_form(service, "METRICS_PORT"), 0).map(Some)
}

/// `name` is what the child reads, `variable` what the user sets.
fn port_use(
    own: &Variables,
    host: IpAddr,
    name: &str,
    variable: String,
    default: u16,
) -> Result<PortUse, Failure> {
    let port = match own.get(name).map(|value| (value, value.parse())) {
        None => default,
        Some((_, Ok(port))) if port > 0 => port,
        Some((value, _)) => {
            return Err(Failure::refused(format!(
                "{variable} is '{value}': a port is a number from 1 to 65535"
            )));
        }
    };
    Ok(PortUse { host, port, variable })
}

fn host(own: &Variables, service: Service, environment: &Environment) -> Result<IpAddr, Failure> {
    let Some(value) = own.get("HOST") else {
        return Ok(DEFAULT_HOST);
    };
    value.parse().map_err(|_| {
        Failure::refused(format!(
            "{} is '{value}': an IP address of this machine is accepted, such as 127.0.0.1, 0.0.0.0 or ::",
            variables::form_in_use(service, "HOST", environment)
        ))
    })
}
