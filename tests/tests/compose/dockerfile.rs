//! The image.

use std::time::Duration;

use testbed::External;

use crate::model::{Model, text, workspace};

const DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn hadolint_finds_nothing_to_say() {
    if External::HADOLINT.is_not_run() {
        return;
    }
    let mut hadolint =
        External::HADOLINT.program().arg(workspace().join("infra/Dockerfile")).start();

    let status = hadolint.wait_exit(DEADLINE).await;

    assert!(status.success() && hadolint.lines().is_empty(), "{}", hadolint.last_output());
}

#[tokio::test]
async fn every_stage_that_compose_builds_is_there_and_the_last_is_the_embedded_default() {
    let Some(model) = Model::load().await else { return };
    let dockerfile = text("infra/Dockerfile");
    let stages: Vec<&str> = dockerfile
        .lines()
        .filter(|line| line.starts_with("FROM "))
        .map(|line| line.rsplit_once(" AS ").unwrap().1)
        .collect();

    for (name, service) in model.all() {
        if let Some(target) = service["build"]["target"].as_str() {
            assert!(stages.contains(&target), "{name}: {target}");
        }
    }
    let last = dockerfile.rsplit_once("FROM ").unwrap().1;
    assert!(last.contains("ENTRYPOINT [\"tracechain\"]") && !last.contains("CMD [\"-"), "{last}");
    assert_eq!(stages.last(), Some(&"tracechain"));
}

/// Builds of one image at the same time fail with the containerd image store ("already exists"), and without any there is nothing to run.
#[tokio::test]
async fn each_image_of_ours_is_built_by_one_service_and_the_others_wait_for_it() {
    let Some(model) = Model::load().await else { return };
    let image = |name: &str| model.service(name)["image"].as_str().unwrap().to_owned();
    let builds = |name: &&String| !model.service(name)["build"].is_null();
    let builders: Vec<&String> = model.all().keys().filter(builds).collect();

    for (name, _) in model.all().iter().filter(|(name, _)| image(name).starts_with("tracechain/")) {
        let of_it: Vec<_> = builders.iter().filter(|other| image(other) == image(name)).collect();
        assert_eq!(of_it.len(), 1, "{name}: built by {of_it:?}");
        assert!(name == *of_it[0] || depends_on(&model, name, of_it[0]), "{name} on {of_it:?}");
    }
}

fn depends_on(model: &Model, name: &str, other: &str) -> bool {
    let direct = model.service(name)["depends_on"].as_object();
    let mut direct = direct.into_iter().flatten().map(|(name, _)| name.as_str());
    direct.any(|name| name == other || depends_on(model, name, other))
}

/// What compose runs and what the tests build from source are one version.
#[tokio::test]
async fn collector_and_loki_are_the_versions_that_the_tests_run() {
    let Some(model) = Model::load().await else { return };
    let programs = text("infra/programs.sh");

    for (name, variable) in [("otel-collector", "collector_version"), ("loki", "loki_version")] {
        let (_, tag) = model.service(name)["image"].as_str().unwrap().rsplit_once(':').unwrap();
        assert!(programs.contains(&format!("{variable}={tag}\n")), "{name}:{tag}");
    }
    let (_, collector) =
        model.service("otel-collector")["image"].as_str().unwrap().rsplit_once(':').unwrap();
    let contrib = format!("FROM otel/opentelemetry-collector-contrib:{collector} ");
    assert!(text("infra/Dockerfile").contains(&contrib), "{contrib}");
}

/// The context is a list of what may come in: whatever the sources embed or the manifests name has to be on it.
#[test]
fn the_context_holds_what_the_build_reads() {
    let ignore = text(".dockerignore");
    let allowed: Vec<&str> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let workspace = workspace();

    for needed in [
        "Cargo.toml",
        "Cargo.lock",
        "db",
        "gateway",
        "loadgen",
        "services",
        "shared",
        "tests/Cargo.toml",
        "tests/src/lib.rs",
    ] {
        assert!(allowed.contains(&needed), "{needed}");
    }
    for path in &allowed {
        assert!(workspace.join(path).exists(), ".dockerignore lets {path} in, which is not there");
    }
    assert_eq!(ignore.lines().find(|line| !line.starts_with('#')), Some("*"), "all else stays out");
    let benches = text("tests/Cargo.toml");
    let named =
        benches.lines().filter_map(|line| line.strip_prefix("path = \"")?.strip_suffix('"'));
    for path in named {
        assert!(
            allowed.contains(&format!("tests/{path}").as_str()),
            "the manifest names tests/{path}"
        );
    }
    let rust = text("Cargo.toml");
    let minimum = rust.lines().find_map(|line| line.strip_prefix("rust-version = \"")).unwrap();
    let minimum: u32 = minimum.trim_end_matches('"').rsplit('.').next().unwrap().parse().unwrap();
    let dockerfile = text("infra/Dockerfile");
    let built_with = dockerfile.split_once("FROM rust:1.").unwrap().1.split('.').next().unwrap();
    assert!(built_with.parse::<u32>().unwrap() >= minimum, "Rust 1.{built_with} is too old");
}
