//! Whatever is mounted is there, and what a program is told to read is what is mounted.

use std::path::{Path, PathBuf};

use serde_json::Value;
use testbed::Program;

use crate::model::{Model, joined, list, text, workspace};

fn mounts(service: &Value, kind: &str) -> Vec<(PathBuf, String)> {
    let of_kind = list(&service["volumes"]).iter().filter(|volume| volume["type"] == kind);
    of_kind
        .map(|volume| {
            let path = |member: &str| volume[member].as_str().unwrap().to_owned();
            (PathBuf::from(path("source")), path("target"))
        })
        .collect()
}

#[tokio::test]
async fn every_mounted_file_exists_and_is_mounted_read_only() {
    let Some(model) = Model::load().await else { return };
    let grafana = workspace().join("infra/grafana");

    for (name, service) in model.all() {
        for (source, target) in mounts(service, "bind") {
            // Its dashboards and data sources are a part of their own; as soon as there is one file of it, all of it must be there.
            let is_to_come = source.starts_with(&grafana) && !grafana.exists();
            assert!(source.exists() || is_to_come, "{name}: {} for {target}", source.display());
        }
        for volume in list(&service["volumes"]).iter().filter(|volume| volume["type"] == "bind") {
            assert_eq!(volume["read_only"], true, "{name}: {volume}");
        }
    }
}

#[tokio::test]
async fn every_named_volume_is_declared_and_used_once() {
    let Some(model) = Model::load().await else { return };

    let mut used: Vec<_> = model
        .all()
        .values()
        .flat_map(|service| mounts(service, "volume"))
        .map(|(source, _)| source.to_string_lossy().into_owned())
        .collect();
    used.sort();
    let mut declared = model.volumes();
    declared.sort_unstable();
    assert_eq!(used, declared);
}

#[tokio::test]
async fn every_configuration_that_a_command_names_is_mounted() {
    let Some(model) = Model::load().await else { return };
    let tail = "otel-collector.tail-sampling.yaml";
    let overlaid = Model::load_with(&[("COLLECTOR_OVERLAY", tail)]).await.unwrap();
    let mut seen = 0;

    for model in [&model, &overlaid] {
        for (name, service) in model.services() {
            let command = joined(&service["command"]);
            let files = command.split([' ', '=']).filter(|word| word.ends_with(".yaml"));
            for file in files {
                let mounted = mounts(service, "bind").iter().any(|(_, target)| target == file);
                assert!(mounted, "{name} reads {file}, which is not mounted");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 2 * 5, "Collector twice, Tempo, Loki, Prometheus");
    assert!(joined(&overlaid.service("otel-collector")["command"]).ends_with(tail));
}

#[tokio::test]
async fn what_prometheus_includes_is_mounted_beside_its_configuration() {
    let Some(model) = Model::load().await else { return };
    let mounted = mounts(model.service("prometheus"), "bind");
    let folder = Path::new("/etc/prometheus");

    let configuration = text("infra/prometheus/prometheus.yaml");
    let rules = configuration
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "))
        .filter(|name| name.ends_with(".yaml"));
    for name in rules.clone().chain(["prometheus.yaml", "targets"]) {
        // The targets that it reads are written by its entry point.
        let inside = if name == "targets" { "targets.default" } else { name };
        let pair = (
            workspace().join("infra/prometheus").join(name),
            folder.join(inside).display().to_string(),
        );
        let found = mounted
            .iter()
            .any(|(source, target)| source.canonicalize().unwrap() == pair.0 && *target == pair.1);
        assert!(found, "{name} is not mounted: {mounted:?}");
    }
    assert!(rules.count() >= 2, "the rules are not found in {configuration}");
}

#[tokio::test]
async fn what_each_program_keeps_is_on_its_volume() {
    let Some(model) = Model::load().await else { return };
    let defaults = [
        ("otel-collector", "infra/otel-collector.yaml", "COLLECTOR_STORAGE"),
        ("tempo", "infra/tempo.yaml", "TEMPO_PATH"),
        ("loki", "infra/loki.yaml", "LOKI_PATH"),
    ];

    for (name, file, variable) in defaults {
        let kept = mounts(model.service(name), "volume");
        let default = format!("{variable}:-{}}}", kept[0].1);
        assert!(
            text(file).contains(&default),
            "{name} keeps its data elsewhere than in {}",
            kept[0].1
        );
    }
    let command = joined(&model.service("prometheus")["command"]);
    let kept = mounts(model.service("prometheus"), "volume");
    assert!(command.contains(&format!("--storage.tsdb.path={}", kept[0].1)), "{command}");
}

/// The shell's part of Prometheus's container, run by a shell here, below another root and with another program at its end.
#[tokio::test]
async fn the_targets_of_prometheus_carry_the_environments_name() {
    let name = [("DEPLOYMENT_ENVIRONMENT", "shop-1.staging")];
    let Some(model) = Model::load_with(&name).await else { return };
    let prometheus = model.service("prometheus");
    let root = tempfile::tempdir().unwrap();
    let etc = root.path().join("etc/prometheus");
    std::fs::create_dir_all(etc.join("targets")).unwrap();
    std::os::unix::fs::symlink(
        workspace().join("infra/prometheus/targets"),
        etc.join("targets.default"),
    )
    .unwrap();
    let script = list(&prometheus["entrypoint"])[2].as_str().unwrap();
    // `$$` is how compose writes the shell's `$`; the loader leaves it to the engine.
    let script = script.replace("$$", "$").replace("/etc/prometheus", etc.to_str().unwrap());
    let script = script.replace("exec prometheus", "exec echo");
    let given = prometheus["environment"]["DEPLOYMENT_ENVIRONMENT"].as_str().unwrap();

    let mut shell = Program::new("sh").arg("-c").arg(&script).arg("prometheus").arg("--a=1");
    shell = shell.arg("--b=2 3").env("DEPLOYMENT_ENVIRONMENT", given);
    let mut running = shell.start();
    let status = running.wait_exit(std::time::Duration::from_secs(30)).await;

    assert!(status.success(), "{}", running.last_output());
    assert_eq!(running.lines()[0].text, "--a=1 --b=2 3");
    let written = std::fs::read_to_string(etc.join("targets/tracechain.yaml")).unwrap();
    let labelled = written.matches("deployment_environment_name: shop-1.staging}").count();
    assert_eq!(labelled, written.lines().count(), "{written}");
    let files = |folder: &str| std::fs::read_dir(etc.join(folder)).unwrap().count();
    assert_eq!(files("targets"), files("targets.default"));
}
