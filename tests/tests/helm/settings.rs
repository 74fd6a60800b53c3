//! What a container is told is what its program reads.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use testbed::{Program, loadgen, tracechain};

use crate::render::{EVERYTHING, Pod, Rendered, render};
use crate::yaml::{list, text, texts};

/// Only there to be put into the value of another.
const PARTS: &str = "K8S_";

/// The variables of a container by name; `None` for one that a Secret or the pod itself fills in.
pub(crate) fn variables(
    rendered: &Rendered,
    container: &Value,
) -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    for from in list(&container["envFrom"]) {
        assert_eq!(from["configMapRef"]["name"], "tracechain");
        let data = rendered.object("ConfigMap", "")["data"].as_object().unwrap();
        found.extend(
            data.iter().map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned))),
        );
    }
    for variable in list(&container["env"]) {
        let name = variable["name"].as_str().unwrap().to_owned();
        found.insert(name, variable["value"].as_str().map(str::to_owned));
    }
    found
}

/// What a program says of itself: the command of a container, with `--help`.
async fn help(container: &Value) -> String {
    let (program, flags) = match texts(&container["command"]).first() {
        Some(&"loadgen") => (loadgen(), Vec::new()),
        _ => (tracechain(), texts(&container["args"])),
    };
    let program = flags.first().into_iter().fold(Program::new(program), Program::arg);
    let mut process = program.arg("--help").start();
    let status = process.wait_exit(Duration::from_secs(30)).await;
    let lines = process.lines();
    assert!(status.success(), "{flags:?}: {}", process.last_output());
    lines.iter().map(|line| format!("{}\n", line.text)).collect()
}

fn is_ours(pod: &Pod<'_>) -> bool {
    !["postgres", "mysql"].contains(&pod.component)
}

/// The programs refuse some names and ignore others in silence: their own help lists what they read.
#[tokio::test]
async fn every_variable_of_a_pod_is_one_that_its_program_reads() {
    let Some(rendered) = render(EVERYTHING).await else { return };
    for pod in rendered.pods().filter(is_ours) {
        let told = help(pod.container()).await;
        for name in variables(&rendered, pod.container()).into_keys() {
            let is_read = ["=", "]"].iter().any(|end| told.contains(&format!("[env: {name}{end}")));
            // Telemetry's standard names are read by all, and loadgen's help sums them up.
            let is_standard = name.starts_with("OTEL_") && told.contains("OTEL_*");
            assert!(is_read || is_standard || name.starts_with(PARTS), "{}: {name}", pod.name);
        }
    }
}

/// A value may only refer to a variable that stands above it.
#[tokio::test]
async fn what_a_value_refers_to_stands_above_it() {
    let Some(rendered) = render(EVERYTHING).await else { return };
    let mut references = 0;
    for container in rendered.pods().flat_map(Pod::containers) {
        let mut above = BTreeSet::new();
        for variable in list(&container["env"]) {
            let value = variable["value"].as_str().unwrap_or_default();
            for name in value.split("$(").skip(1).map(|rest| rest.split(')').next().unwrap()) {
                assert!(above.contains(name), "{variable}");
                references += 1;
            }
            above.insert(variable["name"].as_str().unwrap());
        }
    }
    assert!(references >= 4 * 4, "{references}");
}

/// Each hop's address is the Service of the next, on the port that it has.
#[tokio::test]
async fn every_address_is_that_of_a_service_of_the_release() {
    let Some(rendered) = render(EVERYTHING).await else { return };
    let addresses: BTreeSet<String> = rendered
        .of_kind("Service")
        .flat_map(|service| {
            let name = service["metadata"]["name"].as_str().unwrap();
            list(&service["spec"]["ports"])
                .iter()
                .map(move |port| format!("http://{name}:{}", port["port"]))
        })
        .collect();
    let mut seen = 0;
    for pod in rendered.pods().filter(is_ours) {
        for (name, value) in variables(&rendered, pod.container()) {
            let is_address =
                ["_URL", "_ENDPOINT", "_TARGET", "_TRACES"].iter().any(|end| name.ends_with(end));
            if let Some(value) = value.filter(|_| is_address) {
                assert!(addresses.contains(&value), "{}: {name}={value}", pod.name);
                seen += 1;
            }
        }
    }
    assert!(seen >= 4 + 4 + 2 + 3, "{seen}");
}

#[tokio::test]
async fn a_variable_of_the_users_wins_for_the_service_that_it_is_given_to() {
    let values = "service.env.WORKER_THREADS=x2,order.env.WORKER_THREADS=x1,order.env.NEXT_SERVICE_URL=http://shop:80";
    let Some(rendered) = render(values).await else { return };
    let value = |component: &str, name: &str| {
        variables(&rendered, rendered.pod(component).container())[name].clone().unwrap()
    };
    assert_eq!(value("user-service", "WORKER_THREADS"), "x2");
    assert_eq!(value("order-service", "WORKER_THREADS"), "x1");
    assert_eq!(value("order-service", "NEXT_SERVICE_URL"), "http://shop:80");
}

/// Secrets are named, never held: what a user gives is in Secrets of their own.
#[tokio::test]
async fn tokens_headers_and_addresses_of_databases_come_from_secrets_alone() {
    let values = "apiToken.existingSecret=my-token,otlp.headers.existingSecret=my-headers,databases.existingSecret=my-databases";
    let Some(rendered) = render(&format!("{values},viewer.enabled=true")).await else { return };
    assert_eq!(rendered.of_kind("Secret").count(), 0);
    let from = |component: &str, name: &str| {
        let variables = list(&rendered.pod(component).container()["env"]);
        let found = variables.iter().find(|variable| variable["name"] == name);
        found.map(|variable| {
            variable["valueFrom"]["secretKeyRef"]["name"].as_str().unwrap().to_owned()
        })
    };
    for component in ["gateway", "user-service", "order-service", "audit-service", "loadgen"] {
        assert_eq!(from(component, "API_TOKEN").as_deref(), Some("my-token"));
        assert_eq!(from(component, "OTEL_EXPORTER_OTLP_HEADERS").as_deref(), Some("my-headers"));
    }
    for component in ["user-service", "order-service", "audit-service"] {
        assert_eq!(from(component, "DATABASE_URL").as_deref(), Some("my-databases"));
    }
    assert_eq!(from("gateway", "DATABASE_URL"), None);
    // The viewer guards what it shows, and loadgen shows it the token.
    assert_eq!(from("viewer", "API_TOKEN").as_deref(), Some("my-token"));
    let variables = list(&rendered.pod("loadgen").container()["env"]);
    let shown = variables.iter().find(|variable| variable["name"] == "LOADGEN_TRACES_HEADER");
    assert_eq!(shown.unwrap()["value"], "Authorization: Bearer $(API_TOKEN)");
    assert!(
        text("infra/helm/tracechain/values.yaml").contains("existingSecret: tracechain-databases")
    );
}

/// A change of the settings makes new pods, as a pod reads them once.
#[tokio::test]
async fn other_settings_make_other_pods() {
    let checksum = |rendered: &Rendered| {
        let deployment = rendered.object("Deployment", "-gateway");
        deployment["spec"]["template"]["metadata"]["annotations"]["checksum/settings"].clone()
    };
    let (Some(before), Some(after)) = (render("").await, render("settings.logLevel=debug").await)
    else {
        return;
    };
    assert_ne!(checksum(&before), checksum(&after));
    assert!(checksum(&before).is_string());
}
