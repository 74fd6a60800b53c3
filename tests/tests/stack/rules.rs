//! The rules, held against promtool and its tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use testbed::External;

const DEADLINE: Duration = Duration::from_secs(60);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/prometheus")
}

/// The YAML files of a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|file| file.extension().is_some_and(|extension| extension == "yaml")).collect()
}

async fn promtool(arguments: &[&str], files: &[PathBuf]) {
    let program = External::PROMTOOL.program().in_folder(folder());
    let program = arguments.iter().fold(program, |program, argument| program.arg(argument));
    let mut process = files.iter().fold(program, |program, file| program.arg(file)).start();
    let status = process.wait_exit(DEADLINE).await;
    assert!(status.success(), "promtool {arguments:?}:\n{}", process.last_output());
}

/// What follows a key on the lines that have it.
fn values(files: &[PathBuf], key: &str) -> BTreeSet<String> {
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let lines =
        text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix(key));
    lines.map(|value| value.trim().to_owned()).collect()
}

fn rule_files() -> Vec<PathBuf> {
    ["recording-rules.yaml", "alert-rules.yaml"].map(|file| folder().join(file)).into()
}

#[tokio::test]
async fn prometheus_accepts_its_configuration_and_the_rules_do_what_their_tests_say() {
    if External::PROMTOOL.is_not_run() {
        return;
    }
    promtool(&["check", "config"], &[folder().join("prometheus.yaml")]).await;
    promtool(&["check", "rules"], &rule_files()).await;
    promtool(&["test", "rules"], &files(&folder().join("test"))).await;
}

#[test]
fn every_alert_is_tested_and_says_what_to_do() {
    let alerts = values(&rule_files(), "alert:");
    assert!(alerts.len() > 10, "{alerts:?}");
    assert_eq!(values(&files(&folder().join("test")), "alertname:"), alerts);
    let text = fs::read_to_string(folder().join("alert-rules.yaml")).unwrap();
    for key in ["runbook: ", "summary: ", "severity: "] {
        assert_eq!(text.matches(key).count(), alerts.len(), "{key}");
    }
}

#[test]
fn every_recorded_name_is_tested() {
    let recorded = values(&rule_files(), "record:");
    let tests: String = files(&folder().join("test"))
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let untested: Vec<_> = recorded.iter().filter(|name| !tests.contains(name.as_str())).collect();
    assert!(untested.is_empty(), "{untested:?}");
}
