//! The Resource: what all telemetry of this process says about it (OpenTelemetry semantic conventions, "Resource").
//!
//! Invariant: nothing here is named `db.*`, `server.address` or `peer.service`: a service graph would take the process for a
//! database.

use opentelemetry::KeyValue;
use opentelemetry_sdk::{
    Resource,
    resource::{ResourceDetector, TelemetryResourceDetector},
};
use opentelemetry_semantic_conventions::resource as key;
use uuid::Uuid;

use crate::{
    config::{self, telemetry::TelemetryArgs},
    names,
};

/// The name of this process: `OTEL_SERVICE_NAME`, else `service.name` of `OTEL_RESOURCE_ATTRIBUTES`, else `default`.
pub(super) fn service_name(args: &TelemetryArgs, default: &str) -> String {
    let attribute =
        args.otel_resource_attributes.as_ref().and_then(|given| given.get(key::SERVICE_NAME));
    args.otel_service_name.as_deref().or(attribute).unwrap_or(default).to_owned()
}

/// What is known of the process, then `OTEL_RESOURCE_ATTRIBUTES`, then the name: later ones win.
pub(super) fn resource(args: &TelemetryArgs, default_name: &str) -> Resource {
    let given = args.otel_resource_attributes.clone().unwrap_or_default().0;
    let attributes =
        known().into_iter().chain(given.into_iter().map(|(key, value)| KeyValue::new(key, value)));
    let sdk: Box<dyn ResourceDetector> = Box::new(TelemetryResourceDetector);
    Resource::builder_empty()
        .with_detectors(&[sdk])
        .with_attributes(attributes)
        .with_attribute(KeyValue::new(key::SERVICE_NAME, service_name(args, default_name)))
        .build()
}

fn known() -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new(key::SERVICE_VERSION, env!("CARGO_PKG_VERSION")),
        KeyValue::new(key::SERVICE_NAMESPACE, names::service::NAMESPACE),
        KeyValue::new(key::SERVICE_INSTANCE_ID, Uuid::new_v4().to_string()),
        KeyValue::new(key::DEPLOYMENT_ENVIRONMENT_NAME, "development"),
        KeyValue::new(key::PROCESS_PID, i64::from(std::process::id())),
    ];
    let optional = [
        (key::PROCESS_EXECUTABLE_NAME, executable_name()),
        (key::HOST_NAME, host_name()),
        (key::CONTAINER_ID, container_id()),
    ];
    attributes.extend(
        optional
            .into_iter()
            .filter_map(|(key, value)| value.map(|value| KeyValue::new(key, value))),
    );
    attributes
}

fn executable_name() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

fn host_name() -> Option<String> {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = kernel.or_else(|| config::variable("HOSTNAME"))?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// cgroup v1 has the id in the group's path; under v2 only the mounts of the container's own files show it.
fn container_id() -> Option<String> {
    let cgroup = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let files = mounts
        .lines()
        .filter(|line| line.contains("/containers/") && line.contains("/etc/hostname"));
    cgroup.lines().chain(files).find_map(id_of_64_digits)
}

fn id_of_64_digits(line: &str) -> Option<String> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric());
    let is_id = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    words.into_iter().find(is_id).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use opentelemetry::Key;

    use super::*;

    fn resource_of(flags: &[&str]) -> Resource {
        resource(&TelemetryArgs::from_flags(flags.iter().copied()).unwrap(), "gateway")
    }

    fn text(resource: &Resource, key: &'static str) -> Option<String> {
        resource.get(&Key::from_static_str(key)).map(|value| value.to_string())
    }

    #[test]
    fn the_name_is_taken_in_the_specifications_order() {
        let attributes =
            "--otel-resource-attributes=service.name=b,deployment.environment.name=test";
        assert_eq!(text(&resource_of(&[]), "service.name").as_deref(), Some("gateway"));
        assert_eq!(text(&resource_of(&[attributes]), "service.name").as_deref(), Some("b"));
        let named = resource_of(&[attributes, "--otel-service-name=a"]);
        assert_eq!(text(&named, "service.name").as_deref(), Some("a"));
        assert_eq!(text(&named, "deployment.environment.name").as_deref(), Some("test"));
    }

    #[test]
    fn the_process_is_described_and_no_database_is() {
        let resource = resource_of(&[]);
        for key in [
            "service.version",
            "service.instance.id",
            "process.executable.name",
            "telemetry.sdk.name",
            "host.name",
        ] {
            assert!(text(&resource, key).is_some_and(|value| !value.is_empty()), "{key}");
        }
        assert_eq!(text(&resource, "service.namespace").as_deref(), Some("tracechain"));
        assert_eq!(text(&resource, "deployment.environment.name").as_deref(), Some("development"));
        let misleading =
            |key: &str| key.starts_with("db.") || key == "server.address" || key == "peer.service";
        assert!(!resource.iter().any(|(key, _)| misleading(key.as_str())));
    }

    #[test]
    fn a_container_id_is_found_in_either_form() {
        let id = "0123456789abcdef".repeat(4);
        for line in [
            format!("12:cpu:/docker/{id}"),
            format!("0::/system.slice/docker-{id}.scope"),
            format!("771 760 8:1 /var/lib/docker/containers/{id}/hostname /etc/hostname rw"),
        ] {
            assert_eq!(id_of_64_digits(&line), Some(id.clone()));
        }
        assert_eq!(id_of_64_digits("0::/"), None);
    }
}
