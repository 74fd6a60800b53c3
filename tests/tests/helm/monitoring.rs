//! Rules, dashboards and scraping are those of the full stack.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::render::{EVERYTHING, chart, helm, render, template};
use crate::settings::variables;
use crate::yaml::{file, list, text, workspace};

#[tokio::test]
async fn the_rules_are_those_of_the_full_stack_to_the_letter() {
    let Some(rendered) = render(EVERYTHING).await else { return };
    for name in ["recording-rules", "alert-rules"] {
        let object = rendered.object("PrometheusRule", &format!("-{name}"));
        let groups = &file(&format!("infra/prometheus/{name}.yaml"))["groups"];
        assert!(list(groups).len() >= 2, "{name}");
        assert_eq!(&object["spec"]["groups"], groups, "{name}");
    }
}

#[tokio::test]
async fn the_dashboards_are_those_of_the_full_stack_and_find_its_data_sources() {
    let Some(rendered) = render(EVERYTHING).await else { return };
    let folder = workspace().join("infra/grafana/dashboards");
    let files: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut found = BTreeSet::new();
    for object in rendered
        .of_kind("ConfigMap")
        .filter(|object| object["metadata"]["labels"]["grafana_dashboard"] == "1")
    {
        for (name, held) in object["data"].as_object().unwrap() {
            assert_eq!(
                held.as_str().unwrap().trim(),
                text(&format!("infra/grafana/dashboards/{name}")).trim()
            );
            assert!(held.as_str().unwrap().len() < 900_000, "{name}: a ConfigMap holds a mebibyte");
            found.insert(name.clone());
        }
    }
    assert_eq!(found, files);
}

/// Rules and dashboards ask by `job`, `service` and the environment.
#[tokio::test]
async fn a_scrape_gives_the_labels_that_the_full_stacks_targets_give() {
    let Some(rendered) = render(EVERYTHING).await else { return };
    let monitor = rendered.of_kind("ServiceMonitor").next().unwrap();
    let endpoint = &monitor["spec"]["endpoints"][0];
    let relabelings = list(&endpoint["relabelings"]);
    let into = |label: &str| {
        relabelings
            .iter()
            .find(|one| one["targetLabel"] == label)
            .unwrap_or_else(|| panic!("{label}"))
    };
    assert_eq!(into("job")["replacement"], "tracechain");
    let source = into("service")["sourceLabels"][0].as_str().unwrap();
    assert_eq!(source, "__meta_kubernetes_service_label_app_kubernetes_io_component");

    let environment = &into("deployment_environment_name")["replacement"];
    let attributes =
        variables(&rendered, rendered.pod("gateway").container())["OTEL_RESOURCE_ATTRIBUTES"]
            .clone();
    let named = format!("deployment.environment.name={},", environment.as_str().unwrap());
    assert!(attributes.unwrap().starts_with(&named), "{named}");
    let targets = file("infra/prometheus/targets/tracechain.yaml");
    for label in
        list(&targets).iter().flat_map(|target| target["labels"].as_object().unwrap().keys())
    {
        into(label);
    }

    let selected = &monitor["spec"]["selector"]["matchLabels"];
    let is_selected = |service: &&Value| {
        let labels = &service["metadata"]["labels"];
        selected.as_object().unwrap().iter().all(|(name, value)| &labels[name] == value)
            && list(&service["spec"]["ports"]).iter().any(|port| port["name"] == endpoint["port"])
    };
    let scraped: BTreeSet<_> = rendered
        .of_kind("Service")
        .filter(is_selected)
        .map(|service| {
            service["metadata"]["labels"]["app.kubernetes.io/component"].clone().to_string()
        })
        .collect();
    let of_compose: BTreeSet<_> =
        list(&targets).iter().map(|target| target["labels"]["service"].to_string()).collect();
    assert_eq!(scraped, of_compose);
}

/// Rules, dashboards and the first statements of Postgres are links in the chart's folder: a package has to hold what they lead to.
#[tokio::test]
async fn a_package_gives_what_the_folder_gives() {
    let values = "monitoring.prometheusRule.enabled=true,monitoring.dashboards.enabled=true";
    let Some(Ok(of_folder)) = template(values).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let to = format!("--destination={}", folder.path().display());
    helm(&["package", &chart(), &to], "").await.unwrap();
    let package = folder.path().join("tracechain-0.1.0.tgz").display().to_string();

    let arguments = ["template", "tracechain", &package, "--namespace=tracechain"];
    assert_eq!(helm(&arguments, values).await.unwrap(), of_folder);
}
