//! NetworkPolicies: exactly the arrows of the picture, on both ends.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::render::{CASES, EVERYTHING, IN_CLUSTER, Rendered, render};
use crate::yaml::list;

/// From, to, port. Whoever is not of this release is named by the label that it is chosen by, or `anywhere`.
type Arrow = (String, String, u64);

fn component(selector: &Value) -> &str {
    selector["matchLabels"]["app.kubernetes.io/component"].as_str().unwrap()
}

/// A peer's name: a pod of ours, a namespace, or a range.
fn peer(peer: &Value) -> String {
    let namespace = &peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"];
    let range = &peer["ipBlock"]["cidr"];
    match (namespace.as_str(), range.as_str()) {
        (Some(namespace), _) => namespace.to_owned(),
        (None, Some(range)) => range.to_owned(),
        (None, None) => component(&peer["podSelector"]).to_owned(),
    }
}

fn arrows(rendered: &Rendered, direction: &str) -> BTreeSet<Arrow> {
    let mut found = BTreeSet::new();
    for policy in rendered.of_kind("NetworkPolicy") {
        let own = component(&policy["spec"]["podSelector"]);
        let (rules, peers) =
            if direction == "egress" { ("egress", "to") } else { ("ingress", "from") };
        for rule in list(&policy["spec"][rules]) {
            let named: Vec<String> = list(&rule[peers]).iter().map(peer).collect();
            let named = if rule[peers].is_null() { vec!["anywhere".to_owned()] } else { named };
            for (other, port) in named
                .iter()
                .flat_map(|name| list(&rule["ports"]).iter().map(move |port| (name, port)))
            {
                let port = port["port"].as_u64().unwrap();
                let own = own.to_owned();
                let arrow = if direction == "egress" {
                    (own, other.clone(), port)
                } else {
                    (other.clone(), own, port)
                };
                found.insert(arrow);
            }
        }
    }
    found
}

fn set(arrows: &[(&str, &str, u64)]) -> BTreeSet<Arrow> {
    arrows.iter().map(|(from, to, port)| ((*from).to_owned(), (*to).to_owned(), *port)).collect()
}

/// The picture of README.md: the chain, and the gateway's reads.
const CHAIN: [(&str, &str, u64); 5] = [
    ("gateway", "user-service", 5001),
    ("gateway", "order-service", 5002),
    ("gateway", "audit-service", 5003),
    ("user-service", "order-service", 5002),
    ("order-service", "audit-service", 5003),
];

fn without_dns(arrows: BTreeSet<Arrow>) -> BTreeSet<Arrow> {
    arrows.into_iter().filter(|(_, to, _)| to != "kube-system").collect()
}

#[tokio::test]
async fn with_databases_in_the_cluster_both_ends_admit_the_arrows_of_the_picture_and_no_other() {
    let Some(rendered) = render(IN_CLUSTER).await else { return };
    let mut expected = set(&CHAIN);
    expected.extend(set(&[
        ("user-service", "postgres", 5432),
        ("audit-service", "postgres", 5432),
        ("order-service", "mysql", 3306),
        ("migrate", "postgres", 5432),
        ("migrate", "mysql", 3306),
        ("gateway", "viewer", 4318),
        ("user-service", "viewer", 4318),
        ("order-service", "viewer", 4318),
        ("audit-service", "viewer", 4318),
        ("loadgen", "gateway", 5000),
        ("loadgen", "viewer", 4318),
        ("loadgen", "viewer", 3200),
    ]));

    assert_eq!(without_dns(arrows(&rendered, "egress")), expected);
    assert_eq!(arrows(&rendered, "ingress"), expected);
}

#[tokio::test]
async fn with_everything_outside_only_databases_otlp_and_traces_are_reached_and_only_prometheus_and_the_controller_come_in()
 {
    let Some(rendered) = render("values-production.yaml").await else { return };
    let mut reached = set(&CHAIN);
    reached.extend(set(&[
        ("user-service", "10.20.0.0/24", 5432),
        ("audit-service", "10.20.0.0/24", 5432),
        ("order-service", "10.20.1.0/24", 3306),
        ("migrate", "10.20.0.0/24", 5432),
        ("migrate", "10.20.1.0/24", 3306),
        ("gateway", "observability", 4318),
        ("user-service", "observability", 4318),
        ("order-service", "observability", 4318),
        ("audit-service", "observability", 4318),
        ("loadgen", "observability", 4318),
        ("loadgen", "observability", 3200),
        ("loadgen", "gateway", 5000),
    ]));
    let mut admitted = set(&CHAIN);
    admitted.extend(set(&[
        ("loadgen", "gateway", 5000),
        ("ingress-nginx", "gateway", 5000),
        ("monitoring", "gateway", 9464),
        ("monitoring", "user-service", 9464),
        ("monitoring", "order-service", 9464),
        ("monitoring", "audit-service", 9464),
    ]));

    assert_eq!(without_dns(arrows(&rendered, "egress")), reached);
    assert_eq!(arrows(&rendered, "ingress"), admitted);
}

/// A pod that no policy selects is open both ways.
#[tokio::test]
async fn every_pod_has_a_policy_for_both_directions_and_asks_nobody_but_the_clusters_dns() {
    for values in CASES.into_iter().filter(|values| !values.contains("networkPolicy.enabled=false"))
    {
        let Some(rendered) = render(values).await else { return };
        for pod in rendered.pods() {
            let of_pod =
                |policy: &&Value| component(&policy["spec"]["podSelector"]) == pod.component;
            let policies: Vec<_> = rendered.of_kind("NetworkPolicy").filter(of_pod).collect();
            assert_eq!(policies.len(), 1, "{values}: {}", pod.name);
            assert_eq!(
                policies[0]["spec"]["policyTypes"],
                serde_json::json!(["Ingress", "Egress"])
            );
        }
        let asked: BTreeSet<_> = arrows(&rendered, "egress")
            .into_iter()
            .filter(|arrow| arrow.2 == 53)
            .map(|arrow| arrow.1)
            .collect();
        assert_eq!(asked, BTreeSet::from(["kube-system".to_owned()]));
    }
}

/// The ports of addresses are read out of them.
#[tokio::test]
async fn an_address_of_the_users_opens_its_own_port() {
    for (endpoint, port) in
        [("https://otlp.example.org", 443), ("http://agent", 80), ("http://agent:55681", 55681)]
    {
        let Some(rendered) = render(&format!("otlp.endpoint={endpoint}")).await else { return };
        let arrow = ("gateway".to_owned(), "observability".to_owned(), port);
        assert!(arrows(&rendered, "egress").contains(&arrow), "{endpoint}");
    }
    let Some(everything) = render(EVERYTHING).await else { return };
    assert!(arrows(&everything, "ingress").iter().all(|(from, _, _)| from != "anywhere"));
}

/// Whom the chart does not know comes in by name, and a Service's port may be another than its pods'.
#[tokio::test]
async fn further_clients_and_the_ports_of_pods_behind_a_service_are_values() {
    let values = "networkPolicy.otlpPort=4400,networkPolicy.tracesPort=3201,\
        networkPolicy.gatewayClients[0].ipBlock.cidr=10.1.0.0/16,networkPolicy.metricsClients[0].ipBlock.cidr=10.2.0.0/16";
    let Some(rendered) = render(values).await else { return };
    let (out, inward) = (arrows(&rendered, "egress"), arrows(&rendered, "ingress"));
    let reached = set(&[("gateway", "observability", 4400), ("loadgen", "observability", 3201)]);
    assert!(out.is_superset(&reached), "{out:?}");
    let admitted = set(&[("10.1.0.0/16", "gateway", 5000), ("10.2.0.0/16", "order-service", 9464)]);
    assert!(inward.is_superset(&admitted), "{inward:?}");
}
