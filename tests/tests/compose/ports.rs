//! Each port that is published or called is one that the program behind it listens on.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{Model, joined, list, text};

/// What a user of the full stack finds where.
const PUBLISHED: [(&str, &[u16]); 12] = [
    ("nginx", &[8080]),
    ("gateway", &[5000]),
    ("user-service", &[5001]),
    ("order-service", &[5002]),
    ("audit-service", &[5003]),
    ("postgres", &[]),
    ("mysql", &[]),
    ("otel-collector", &[4317, 4318, 8888, 13133]),
    ("tempo", &[3200]),
    ("loki", &[3100]),
    ("prometheus", &[9090]),
    ("grafana", &[3000]),
];

/// What each listens on inside its container, by its configuration. Beside that: the defaults of Prometheus, Grafana and the databases.
fn listens(name: &str, model: &Model) -> BTreeSet<u16> {
    let defaults = |file: &str| port_defaults(&text(file));
    match name {
        "nginx" => {
            [model.service(name)["environment"]["NGINX_LISTEN"].as_str().unwrap().parse().unwrap()]
                .into()
        }
        "gateway" => [default_port("gateway")].into(),
        "user-service" => [default_port("user")].into(),
        "order-service" => [default_port("order")].into(),
        "audit-service" => [default_port("audit")].into(),
        "postgres" => [5432].into(),
        "mysql" => [3306].into(),
        "otel-collector" => defaults("infra/otel-collector.yaml"),
        "tempo" => defaults("infra/tempo.yaml").into_iter().chain([4317]).collect(),
        "loki" => defaults("infra/loki.yaml"),
        "prometheus" => [9090].into(),
        "grafana" => [3000].into(),
        other => panic!("a new service: say here where {other} listens"),
    }
}

/// `DEFAULT_PORT` of a service, from its source.
fn default_port(service: &str) -> u16 {
    let source = text(&format!("services/{service}/src/lib.rs"));
    let rest = source.split_once("DEFAULT_PORT: u16 = ").unwrap().1;
    rest.split_once(';').unwrap().0.parse().unwrap()
}

/// The defaults of all `X_PORT:-n` in a configuration.
fn port_defaults(configuration: &str) -> BTreeSet<u16> {
    let after = configuration.split("_PORT:-").skip(1);
    after.map(|rest| rest.split_once('}').unwrap().0.parse().unwrap()).collect()
}

#[tokio::test]
async fn the_twelve_services_publish_the_ports_of_the_design_on_loopback() {
    let Some(model) = Model::load().await else { return };
    let names: BTreeSet<_> = model.services().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, PUBLISHED.map(|(name, _)| name).into());

    for (name, expected) in PUBLISHED {
        let ports = list(&model.service(name)["ports"]);
        let published: Vec<u16> =
            ports.iter().map(|port| port["published"].as_str().unwrap().parse().unwrap()).collect();
        assert_eq!(published, expected, "{name}");
        for port in ports {
            assert_eq!(port["host_ip"], "127.0.0.1", "{name}: {port}");
            let target = u16::try_from(port["target"].as_u64().unwrap()).unwrap();
            assert_eq!(port["published"], target.to_string(), "{name}: {port}");
            assert!(listens(name, &model).contains(&target), "{name} does not listen on {target}");
        }
    }
}

#[tokio::test]
async fn one_variable_moves_all_ports_to_another_address() {
    let Some(model) = Model::load_with(&[("BIND_ADDRESS", "192.0.2.1")]).await else { return };

    let ports: Vec<&Value> =
        model.all().values().flat_map(|service| list(&service["ports"])).collect();
    assert_eq!(ports.len(), 13);
    assert!(ports.iter().all(|port| port["host_ip"] == "192.0.2.1"), "{ports:?}");
}

/// Every `name:port` of a text in which `name` is one of compose's services.
fn addresses(text: &str, names: &[&String]) -> Vec<(String, u16)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.');
    text.split(|c: char| !is_part(c))
        .filter_map(|word| {
            let (name, port) = word.rsplit_once(':')?;
            let known = names.iter().any(|known| *known == name);
            known.then(|| Some((name.to_owned(), port.parse().ok()?))).flatten()
        })
        .collect()
}

#[tokio::test]
async fn every_address_that_a_service_is_given_is_one_that_another_listens_on() {
    let Some(model) = Model::load().await else { return };
    let names: Vec<&String> = model.all().keys().collect();
    let mut seen = 0;

    for (caller, service) in model.all() {
        let given = format!("{} {}", service["environment"], joined(&service["command"]));
        for (name, port) in addresses(&given, &names) {
            assert!(listens(&name, &model).contains(&port), "{caller} calls {name} on {port}");
            seen += 1;
        }
    }
    assert!(seen >= 20, "only {seen} addresses were found");
}

#[tokio::test]
async fn every_target_of_prometheus_is_a_service_that_listens() {
    let Some(model) = Model::load().await else { return };
    let names: Vec<&String> = model.all().keys().collect();
    let mut scraped = BTreeSet::new();

    for entry in
        std::fs::read_dir(crate::model::workspace().join("infra/prometheus/targets")).unwrap()
    {
        let targets = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for (name, port) in addresses(&targets, &names) {
            assert!(listens(&name, &model).contains(&port), "{name} does not listen on {port}");
            scraped.insert(name);
        }
    }
    let expected = [
        "gateway",
        "user-service",
        "order-service",
        "audit-service",
        "otel-collector",
        "tempo",
        "loki",
        "grafana",
    ];
    assert_eq!(scraped, expected.map(str::to_owned).into());
}

#[tokio::test]
async fn a_health_check_asks_a_port_of_its_own_service() {
    let Some(model) = Model::load().await else { return };

    for (name, service) in model.services() {
        let test = joined(&service["healthcheck"]["test"]);
        let asked = test.split_once("127.0.0.1:").and_then(|(_, rest)| {
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u16>().ok()
        });
        if let Some(port) = asked {
            assert!(listens(name, &model).contains(&port), "{name}: {test}");
        } else {
            assert!(matches!(name.as_str(), "postgres" | "mysql"), "{name}: {test}");
        }
    }
}
