//! Each program started with exactly what its pod is told, and asked what its probes ask.

use std::time::Duration;

use serde_json::Value;
use testbed::{Port, Program, http, sqlite, tracechain, until};

use crate::render::{EVERYTHING, Rendered, render};
use crate::settings::variables;
use crate::yaml::list;

const DEADLINE: Duration = Duration::from_secs(60);

/// Its pod has them to itself, so it is told none.
const VIEWER_PORTS: [(&str, &str); 4] = [
    ("pages", "VIEWER_PORT"),
    ("query", "VIEWER_QUERY_PORT"),
    ("otlp-grpc", "VIEWER_OTLP_GRPC_PORT"),
    ("otlp-http", "VIEWER_OTLP_HTTP_PORT"),
];

/// What its named port is here, where the pod's own may be taken.
struct Ports {
    named: Vec<(String, u64, Port)>,
}

impl Ports {
    fn of(container: &Value) -> Self {
        let named = list(&container["ports"]).iter().map(|port| {
            let name = port["name"].as_str().unwrap().to_owned();
            (name, port["containerPort"].as_u64().unwrap(), Port::reserve())
        });
        Self { named: named.collect() }
    }

    /// The value of a variable, with the pod's port in it replaced by the one here.
    fn here(&self, value: &str) -> String {
        let port = self.named.iter().find(|(_, number, _)| number.to_string() == value);
        port.map_or_else(|| value.to_owned(), |(_, _, port)| port.number().to_string())
    }

    fn url(&self, name: &str, path: &str) -> String {
        let (_, _, port) = self.named.iter().find(|(known, _, _)| known == name).unwrap();
        format!("http://127.0.0.1:{}{path}", port.number())
    }
}

async fn answers(url: &str) -> bool {
    let asked = async || http().get(url).send().await.ok()?.status().is_success().then_some(());
    until(DEADLINE, asked).await.is_some()
}

/// Starts what the pod of a component would run, and asks all of its probes and, where it has the port, `/metrics`.
async fn runs_and_answers(rendered: &Rendered, component: &str) {
    let container = rendered.pod(component).container();
    let ports = Ports::of(container);
    let database = sqlite();
    let mut program = Program::new(tracechain()).arg(container["args"][0].as_str().unwrap());
    for (name, value) in variables(rendered, container) {
        let value = match (name.as_str(), value) {
            ("DATABASE_URL", _) => database.url.clone(),
            ("OTEL_EXPORTER_OTLP_HEADERS", _) => "x-scope-orgid=1".to_owned(),
            // Hops, and the viewer that spans go to, are names of the cluster: nobody is there.
            (_, Some(value)) if value.starts_with("http://") => "http://127.0.0.1:1".to_owned(),
            (_, Some(value)) => ports.here(&value),
            (_, None) => "s3cret".to_owned(),
        };
        program = program.env(name, value);
    }
    if component == "viewer" {
        for (name, variable) in VIEWER_PORTS {
            let (_, _, port) = ports.named.iter().find(|(known, _, _)| known == name).unwrap();
            program = program.env(variable, port.number().to_string());
        }
    }
    let process = program.start();

    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let asked = &container[probe]["httpGet"];
        let url = ports.url(asked["port"].as_str().unwrap(), asked["path"].as_str().unwrap());
        assert!(answers(&url).await, "{component}: {probe} {url}: {}", process.last_output());
    }
    if component != "viewer" {
        let url = ports.url("metrics", "/metrics");
        assert!(answers(&url).await, "{component}: {url}: {}", process.last_output());
    }
}

#[tokio::test]
async fn each_service_starts_with_what_its_pod_is_told_and_answers_its_probes() {
    let Some(rendered) = render(EVERYTHING).await else { return };
    let each = ["gateway", "user-service", "order-service", "audit-service", "viewer"];
    let [a, b, c, d, e] = each.map(|component| runs_and_answers(&rendered, component));
    tokio::join!(a, b, c, d, e);
}
