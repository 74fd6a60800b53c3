//! What is handed in by environment is read there, and what a user may set is listed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use testbed::{Program, tracechain};

use crate::model::{Model, joined, text};

fn environment(model: &Model, name: &str) -> BTreeMap<String, String> {
    let variables = model.service(name)["environment"].as_object().unwrap();
    let value = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    variables.iter().map(|(name, set)| (name.clone(), value(set))).collect()
}

/// The names behind each `before` of a text.
fn names(text: &str, before: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.split(before)
        .skip(1)
        .map(|rest| rest.split(|c| !is_part(c)).next().unwrap_or_default().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

#[tokio::test]
async fn nginx_is_given_exactly_what_its_templates_ask_for() {
    let Some(model) = Model::load().await else { return };
    let asked: BTreeSet<_> = ["gateway/nginx.conf", "gateway/otel.conf"]
        .iter()
        .flat_map(|file| names(&text(file), "${"))
        .collect();

    let mut given: BTreeSet<_> = environment(&model, "nginx").into_keys().collect();
    given.retain(|name| !name.starts_with("NGINX_ENVSUBST_"));
    // The image sets this one itself.
    given.insert("NGINX_VERSION".to_owned());

    assert_eq!(given, asked);
    // envsubst would fill in unbraced names too, which the tests' own rendering does not.
    for file in ["gateway/nginx.conf", "gateway/otel.conf"] {
        assert!(!text(file).contains("$NGINX_"), "{file}");
    }
}

#[tokio::test]
async fn each_configuration_reads_every_variable_that_its_container_is_given() {
    let Some(model) = Model::load().await else { return };
    let files = [
        ("otel-collector", "infra/otel-collector.yaml", "${env:"),
        ("tempo", "infra/tempo.yaml", "${"),
        ("loki", "infra/loki.yaml", "${"),
    ];

    for (name, file, before) in files {
        let read = names(&text(file), before);
        for given in environment(&model, name).keys().filter(|name| *name != "GOMEMLIMIT") {
            assert!(read.contains(given), "{name} is given {given}, which {file} does not read");
        }
    }
}

/// The programs refuse some names and ignore others in silence: their own help lists what they read.
#[tokio::test]
async fn each_service_of_ours_runs_a_command_that_reads_all_its_variables() {
    let Some(model) = Model::load().await else { return };

    for name in ["gateway", "user-service", "order-service", "audit-service"] {
        let command = joined(&model.service(name)["command"]);
        let mut help = Program::new(tracechain()).arg(&command).arg("--help").start();
        let status = help.wait_exit(std::time::Duration::from_secs(30)).await;
        let lines = help.lines();
        let told: String = lines.iter().map(|line| format!("{}\n", line.text)).collect();
        assert!(status.success(), "tracechain {command}: {told}");
        for variable in environment(&model, name).into_keys() {
            let is_read =
                ["=", "]"].iter().any(|end| told.contains(&format!("[env: {variable}{end}")))
                    || variable == "HOST";
            assert!(
                is_read,
                "{name} is given {variable}, which `tracechain {command}` does not read"
            );
        }
    }
}

#[test]
fn what_a_user_may_set_is_in_the_example_with_its_default() {
    let example = text(".env.example");
    let listed: BTreeMap<&str, &str> = example
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .collect();
    let compose = text("infra/compose.yaml");

    let all: BTreeSet<String> = listed.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(names(&compose, "${"), all);
    for (name, default) in &listed {
        let uses = compose.matches(&format!("${{{name}:-")).count();
        assert!(uses > 0, "nothing reads {name}");
        let as_listed = compose.matches(&format!("${{{name}:-{default}}}")).count();
        assert_eq!(as_listed, uses, "{name}={default} is not the default everywhere");
    }
}

#[tokio::test]
async fn a_password_of_the_users_reaches_the_database_and_those_who_log_in() {
    let passwords = [("POSTGRES_PASSWORD", "one-secret"), ("MYSQL_PASSWORD", "another-secret")];
    let Some(model) = Model::load_with(&passwords).await else { return };

    let url = |name: &str| environment(&model, name)["DATABASE_URL"].clone();
    assert_eq!(environment(&model, "postgres")["POSTGRES_PASSWORD"], "one-secret");
    assert_eq!(environment(&model, "mysql")["MYSQL_PASSWORD"], "another-secret");
    assert_eq!(url("user-service"), "postgres://tracechain:one-secret@postgres:5432/users");
    assert_eq!(url("audit-service"), "postgres://tracechain:one-secret@postgres:5432/audit");
    assert_eq!(url("order-service"), "mysql://tracechain:another-secret@mysql:3306/orders");
    let databases = [
        &environment(&model, "postgres")["POSTGRES_DB"],
        &environment(&model, "mysql")["MYSQL_DATABASE"],
    ];
    assert_eq!(databases, ["users", "orders"]);
    assert!(text("infra/postgres/databases.sql").contains("CREATE DATABASE audit;"));
}
