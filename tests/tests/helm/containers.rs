//! What a pod may do and take, how it is asked, and how it ends.

use serde_json::{Value, json};

use crate::render::{CASES, EVERYTHING, IN_CLUSTER, Pod, render};
use crate::yaml::{list, text, texts};

/// The restricted Pod Security standard, and what it leaves open: a root that cannot be written, and no token of the API.
fn assert_restricted(pod: Pod<'_>) {
    let (name, spec) = (pod.name, pod.spec);
    assert_eq!(spec["automountServiceAccountToken"], false, "{name}");
    assert_eq!(spec["enableServiceLinks"], false, "{name}: Kubernetes would set USER_SERVICE_PORT");
    for open in ["hostNetwork", "hostPID", "hostIPC"] {
        assert!(spec[open].is_null(), "{name}: {open}");
    }
    assert_eq!(spec["securityContext"]["runAsNonRoot"], true, "{name}");
    assert!(spec["securityContext"]["runAsUser"].as_u64().is_some_and(|id| id > 0), "{name}");
    for volume in list(&spec["volumes"]) {
        let kinds = volume.as_object().unwrap().keys().filter(|key| *key != "name");
        assert!(
            kinds.clone().all(|kind| ["emptyDir", "configMap"].contains(&kind.as_str())),
            "{volume}"
        );
    }
    for container in pod.containers() {
        let security = &container["securityContext"];
        assert_eq!(security["allowPrivilegeEscalation"], false, "{name}");
        assert_eq!(security["readOnlyRootFilesystem"], true, "{name}");
        assert_eq!(security["runAsNonRoot"], true, "{name}");
        assert_eq!(security["capabilities"], json!({"drop": ["ALL"]}), "{name}");
        assert_eq!(security["seccompProfile"], json!({"type": "RuntimeDefault"}), "{name}");
        for side in ["requests", "limits"] {
            for what in ["cpu", "memory"] {
                assert!(!container["resources"][side][what].is_null(), "{name}: {side} of {what}");
            }
        }
    }
}

#[tokio::test]
async fn every_pod_is_within_the_restricted_standard_and_cannot_write_its_root() {
    for values in CASES {
        let Some(rendered) = render(values).await else { return };
        let pods: Vec<_> = rendered.pods().collect();
        pods.iter().for_each(|pod| assert_restricted(*pod));
        assert!(pods.len() >= 5, "{values}: {} pods", pods.len());
    }
}

fn milliseconds(rendered: &crate::render::Rendered, name: &str) -> u64 {
    rendered.object("ConfigMap", "")["data"][name].as_str().unwrap().parse().unwrap()
}

/// SIGTERM comes when preStop is over. Then requests drain, and telemetry takes at most twice 5 s (`shared::telemetry`).
#[tokio::test]
async fn a_pod_has_the_time_that_waiting_draining_and_the_last_export_take() {
    for (values, grace) in [
        ("", 27),
        ("settings.drainTimeoutMs=1", 18),
        ("settings.drainTimeoutMs=60500,settings.preStopSeconds=15", 88),
    ] {
        let Some(rendered) = render(values).await else { return };
        let drain = milliseconds(&rendered, "DRAIN_TIMEOUT_MS");
        for deployment in rendered.of_kind("Deployment") {
            let spec = &deployment["spec"]["template"]["spec"];
            let stop = texts(&spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]);
            let wait: u64 = stop[1].parse().unwrap();
            assert_eq!(stop[0], "sleep");
            assert_eq!(spec["terminationGracePeriodSeconds"], grace, "{values}");
            assert!(grace * 1000 >= wait * 1000 + drain + 10_000, "{values}");
        }
    }
}

/// The startup probe has to last as long as a service may wait for its database, else Kubernetes would kill it over that.
#[tokio::test]
async fn a_service_may_start_for_as_long_as_it_waits_for_its_database() {
    for (values, timeout) in [("", 60_000), ("databases.startupTimeoutMs=300000", 300_000)] {
        let Some(rendered) = render(values).await else { return };
        for component in ["user-service", "order-service", "audit-service"] {
            let container = rendered.pod(component).container();
            let probe = &container["startupProbe"];
            let number = |member: &str| probe[member].as_u64().unwrap();
            assert!(number("periodSeconds") * number("failureThreshold") * 1000 > timeout + 10_000);
        }
    }
}

#[tokio::test]
async fn every_port_that_a_service_or_a_probe_names_is_one_of_the_container() {
    let Some(rendered) = render(EVERYTHING).await else { return };
    for service in rendered.of_kind("Service") {
        let component =
            service["spec"]["selector"]["app.kubernetes.io/component"].as_str().unwrap();
        let pod = rendered.pod(component);
        for port in list(&service["spec"]["ports"]) {
            assert!(has_port(pod.container(), &port["targetPort"]), "{component}: {port}");
        }
    }
    for pod in rendered.pods() {
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            for how in ["httpGet", "tcpSocket"] {
                let asked = &pod.container()[probe][how];
                assert!(
                    asked.is_null() || has_port(pod.container(), &asked["port"]),
                    "{}: {asked}",
                    pod.name
                );
            }
        }
    }
    let ingress = rendered.of_kind("Ingress").next().unwrap();
    for path in list(&ingress["spec"]["rules"][0]["http"]["paths"]) {
        let backend = &path["backend"]["service"];
        let service = rendered.object("Service", "-gateway");
        assert_eq!(backend["name"], service["metadata"]["name"]);
        assert_eq!(backend["port"]["name"], service["spec"]["ports"][0]["name"]);
    }
}

fn has_port(container: &Value, name: &Value) -> bool {
    list(&container["ports"]).iter().any(|port| port["name"] == *name)
}

#[tokio::test]
async fn the_image_is_the_digest_where_there_is_one_and_the_tag_otherwise() {
    let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let by_digest = format!("image.digest={digest},image.repository=registry.example.org:5000/a/b");
    for (values, image) in [
        ("", "tracechain/tracechain:0.1.0".to_owned()),
        ("image.tag=0.2.0", "tracechain/tracechain:0.2.0".to_owned()),
        (by_digest.as_str(), format!("registry.example.org:5000/a/b@{digest}")),
    ] {
        let Some(rendered) = render(values).await else { return };
        for pod in rendered.pods() {
            assert_eq!(pod.container()["image"], image, "{}", pod.name);
        }
    }
    let version = text("Cargo.toml");
    assert!(version.contains("version = \"0.1.0\""), "the chart's appVersion is another");
}

#[tokio::test]
async fn databases_in_the_cluster_are_those_of_compose() {
    let Some(rendered) = render(IN_CLUSTER).await else { return };
    let compose = text("infra/compose.yaml");
    for component in ["postgres", "mysql"] {
        let image = rendered.pod(component).container()["image"].as_str().unwrap();
        assert!(compose.contains(&format!("image: {image}\n")), "{image}");
    }
    let first_start = rendered.object("ConfigMap", "-postgres");
    let made = first_start["data"]["databases.sql"].as_str().unwrap();
    assert_eq!(made.trim(), text("infra/postgres/databases.sql").trim());
}
