//! What a container may do and take.

use serde_json::{Value, json};

use crate::model::{Model, joined, list, text};

/// 2.5 GB.
const BUDGET: u64 = 2_500_000_000;
const MIB: u64 = 1024 * 1024;

fn memory(service: &Value) -> u64 {
    let limit = service["mem_limit"].as_str().unwrap_or_else(|| panic!("no limit: {service}"));
    limit.strip_suffix('m').unwrap().parse::<u64>().unwrap() * MIB
}

#[tokio::test]
async fn the_memory_of_all_services_and_one_job_is_within_the_budget_and_stated() {
    let Some(model) = Model::load().await else { return };

    let sum: u64 = model.services().map(|(_, service)| memory(service)).sum();
    let job = ["loadgen", "tests"].map(|name| memory(model.service(name)));

    assert!(sum + job[0].max(job[1]) <= BUDGET, "{} MiB", sum / MIB);
    let stated = format!("add up to {} MiB", sum / MIB);
    assert!(text("infra/compose.yaml").contains(&stated), "the comment does not say `{stated}`");
}

#[tokio::test]
async fn no_container_can_write_gain_rights_or_run_as_root() {
    let Some(model) = Model::load().await else { return };

    for (name, service) in model.all() {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{name}");
        assert!(service["cap_add"].is_null() && service["privileged"].is_null(), "{name}");
        assert_eq!(service["security_opt"], json!(["no-new-privileges:true"]), "{name}");
        let user =
            service["user"].as_str().unwrap_or_else(|| panic!("{name} runs as the image says"));
        assert!(!user.starts_with("0") && !user.starts_with("root"), "{name}: {user}");
    }
}

#[tokio::test]
async fn every_service_has_a_health_check_and_waits_for_those_of_others() {
    let Some(model) = Model::load().await else { return };

    for (name, service) in model.services() {
        assert!(list(&service["healthcheck"]["test"]).len() >= 2, "{name}");
        assert_eq!(service["restart"], "unless-stopped", "{name}");
    }
    for (name, service) in model.all() {
        for (other, dependency) in service["depends_on"].as_object().into_iter().flatten() {
            assert_eq!(dependency["condition"], "service_healthy", "{name} on {other}");
        }
    }
    // Ready, not merely alive.
    for name in ["nginx", "gateway", "user-service", "order-service", "audit-service"] {
        let test = joined(&model.service(name)["healthcheck"]["test"]);
        assert!(test.ends_with("/health/ready"), "{name}: {test}");
    }
}

#[tokio::test]
async fn the_jobs_are_only_started_when_they_are_asked_for() {
    let Some(model) = Model::load().await else { return };

    for (name, profile) in [("loadgen", "load"), ("tests", "tests")] {
        let job = model.service(name);
        assert_eq!(job["profiles"], json!([profile]), "{name}");
        assert_eq!(
            [&job["restart"], &job["healthcheck"]["disable"]],
            [&json!("no"), &json!(true)],
            "{name}"
        );
    }
    assert_eq!(model.services().count(), 12);
}

#[tokio::test]
async fn every_image_is_pinned_by_its_version() {
    let Some(model) = Model::load().await else { return };

    for (name, service) in model.all() {
        is_pinned(service["image"].as_str().unwrap(), name);
    }
    for line in text("infra/Dockerfile").lines().filter_map(|line| line.strip_prefix("FROM ")) {
        let image = line.split(' ').next().unwrap();
        if image.contains(':') {
            is_pinned(image, "Dockerfile");
        }
    }
}

fn is_pinned(image: &str, who: &str) {
    let (_, tag) = image.rsplit_once(':').unwrap_or_else(|| panic!("{who}: {image} has no tag"));
    let numbers = tag
        .trim_start_matches('v')
        .split('.')
        .take_while(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    assert!(numbers.count() >= 2, "{who}: {image} moves");
}
