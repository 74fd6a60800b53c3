//! The values for the Collector's own chart. The gateways' configuration is held against the real Collector, the agents' but for what balances;
//! that and Kafka are not in the tests' Collector (infra/programs.sh names them as not run), and are held against the other end.

use std::time::Duration;

use serde_json::{Map, Value, json};
use testbed::External;

use crate::yaml::{file, list, texts};

const DEADLINE: Duration = Duration::from_secs(30);
const AGENT: &str = "infra/helm/collector-agent-values.yaml";
const GATEWAY: &str = "infra/helm/collector-gateway-values.yaml";
const AGENT_KAFKA: &str = "infra/helm/collector-agent-kafka-values.yaml";
const GATEWAY_KAFKA: &str = "infra/helm/collector-gateway-kafka-values.yaml";

/// One file over the other, as helm merges values: maps by their members, all else as a whole, and null takes away.
fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (base, Value::Object(over)) => {
            if !base.is_object() {
                *base = json!({});
            }
            let base = base.as_object_mut().unwrap();
            for (name, value) in over {
                if value.is_null() {
                    base.remove(&name);
                } else {
                    merge(base.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (base, over) => *base = over,
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

fn configuration(files: &[&str]) -> Value {
    let mut values = json!({});
    let second = files.get(1).map(|path| file(path));
    assert!(!second.is_some_and(|values| has_null(&values)), "{files:?}: null takes nothing away");
    files.iter().for_each(|path| merge(&mut values, file(path)));
    values["config"].clone()
}

/// The names of all components of a kind that the pipelines use.
fn used<'a>(configuration: &'a Value, kind: &str) -> Vec<&'a str> {
    let pipelines = configuration["service"]["pipelines"].as_object().unwrap();
    pipelines.values().flat_map(|pipeline| texts(&pipeline[kind])).collect()
}

#[test]
fn every_component_of_a_pipeline_is_configured_and_every_configured_one_is_used() {
    for files in [&[AGENT][..], &[GATEWAY], &[AGENT, AGENT_KAFKA], &[GATEWAY, GATEWAY_KAFKA]] {
        let configuration = configuration(files);
        for kind in ["receivers", "processors", "exporters"] {
            let configured: Vec<&String> =
                configuration[kind].as_object().unwrap().keys().collect();
            let used = used(&configuration, kind);
            for name in &used {
                assert!(configured.iter().any(|known| known == name), "{files:?}: {name}");
            }
            // With Kafka what carries the spans without it stays from the first file.
            let stays = |name: &&&String| {
                files.len() == 2 && ["otlp", "loadbalancing"].contains(&name.as_str())
            };
            for name in configured.iter().filter(|name| !stays(name)) {
                assert!(used.contains(&name.as_str()), "{files:?}: {name} is in no pipeline");
            }
        }
    }
}

/// Whether the tests' Collector takes it.
async fn validated(configuration: &Value) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    // JSON is YAML.
    std::fs::write(&path, configuration.to_string()).unwrap();
    let queue = folder.path().display().to_string();
    let text = std::fs::read_to_string(&path).unwrap().replace("/var/lib/otelcol", &queue);
    std::fs::write(&path, text).unwrap();
    let program = External::COLLECTOR
        .program()
        .env("MY_POD_IP", "127.0.0.1")
        .env("OTEL_K8S_POD_NAME", "otel-gateway-0");
    let mut process = program.arg("validate").arg(format!("--config={}", path.display())).start();
    let status = process.wait_exit(DEADLINE).await;
    if status.success() { Ok(()) } else { Err(process.last_output()) }
}

#[tokio::test]
async fn the_gateways_configuration_is_one_that_the_collector_takes() {
    if External::COLLECTOR.is_not_run() {
        return;
    }
    let mut gateway = configuration(&[GATEWAY]);
    validated(&gateway).await.unwrap();

    gateway["processors"]["tail_sampling"]["decision_weight"] = json!("10s");
    let error = validated(&gateway).await.expect_err("a misspelt setting is taken");
    assert!(error.contains("decision_weight"), "{error}");
}

/// With the load balancer replaced by what it sends with, to the address that it balances over.
#[tokio::test]
async fn the_agents_configuration_but_for_the_balancing_is_one_that_the_collector_takes() {
    if External::COLLECTOR.is_not_run() {
        return;
    }
    let mut agent = configuration(&[AGENT]);
    let exporters: &mut Map<String, Value> = agent["exporters"].as_object_mut().unwrap();
    let balancing = exporters.remove("loadbalancing").unwrap();
    let mut sending = balancing["protocol"]["otlp"].clone();
    let dns = &balancing["resolver"]["dns"];
    sending["endpoint"] =
        json!(format!("{}:{}", dns["hostname"].as_str().unwrap(), dns["port"].as_str().unwrap()));
    exporters.insert("otlp_grpc/gateway".to_owned(), sending);
    agent["service"]["pipelines"]["traces"]["exporters"] = json!(["otlp_grpc/gateway", "debug"]);
    validated(&agent).await.unwrap();
}

/// What is balanced by the trace id is sampled by whole traces, on the port where the gateways listen.
#[test]
fn agents_lead_each_trace_to_one_gateway_by_the_name_that_the_gateways_have() {
    let agent = configuration(&[AGENT]);
    let balancing = &agent["exporters"]["loadbalancing"];
    assert_eq!(balancing["routing_key"], "traceID");
    let gateway = file(GATEWAY);
    let name = gateway["fullnameOverride"].as_str().unwrap();
    let dns = &balancing["resolver"]["dns"];
    assert_eq!(dns["hostname"], format!("{name}.observability.svc.cluster.local"));
    assert_eq!(gateway["service"]["clusterIP"], "None", "one address would hide the pods");
    let endpoint =
        gateway["config"]["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"].as_str().unwrap();
    assert!(endpoint.ends_with(&format!(":{}", dns["port"].as_str().unwrap())));
    assert!(used(&gateway["config"], "processors").contains(&"tail_sampling"));
    assert!(!used(&agent, "processors").contains(&"tail_sampling"));
}

#[test]
fn with_kafka_the_key_is_the_trace_id_and_both_ends_name_one_topic() {
    let (agent, gateway) =
        (configuration(&[AGENT, AGENT_KAFKA]), configuration(&[GATEWAY, GATEWAY_KAFKA]));
    let (sends, takes) = (&agent["exporters"]["kafka"], &gateway["receivers"]["kafka"]);
    assert_eq!(sends["partition_traces_by_id"], true);
    assert_eq!(texts(&takes["traces"]["topics"]), [sends["traces"]["topic"].as_str().unwrap()]);
    assert_eq!(sends["brokers"], takes["brokers"]);
    assert_eq!(sends["traces"]["encoding"], takes["traces"]["encoding"]);
    assert_eq!(used(&agent, "exporters").iter().filter(|name| **name == "kafka").count(), 1);
    assert!(!used(&agent, "exporters").contains(&"loadbalancing"));
}

/// The full stack's file is the one that is tested with traffic.
#[test]
fn what_is_dropped_rewritten_and_kept_is_as_in_the_full_stack() {
    let (full, sampling) =
        (file("infra/otel-collector.yaml"), file("infra/otel-collector.tail-sampling.yaml"));
    let (agent, gateway) = (configuration(&[AGENT]), configuration(&[GATEWAY]));
    assert_eq!(agent["processors"]["attributes"], full["processors"]["attributes"]);
    assert_eq!(gateway["processors"]["transform/nginx"], full["processors"]["transform/nginx"]);

    let here = list(&gateway["processors"]["tail_sampling"]["policies"]);
    let there = list(&sampling["processors"]["tail_sampling"]["policies"]);
    let names = |policies: &[Value]| {
        policies
            .iter()
            .map(|policy| (policy["name"].clone(), policy["type"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(here), names(there));
    assert_eq!(here[0], there[0]);
    assert_eq!(here[3..], there[3..]);
    for (ours, default) in [
        (&here[1]["latency"]["threshold_ms"], &there[1]["latency"]["threshold_ms"]),
        (
            &here[2]["probabilistic"]["sampling_percentage"],
            &there[2]["probabilistic"]["sampling_percentage"],
        ),
    ] {
        assert!(default.as_str().unwrap().ends_with(&format!(":-{ours}}}")), "{ours} {default}");
    }
    let images = [AGENT, GATEWAY].map(|path| file(path)["image"]["tag"].clone());
    let programs = crate::yaml::text("infra/programs.sh");
    for tag in images {
        assert!(
            programs.contains(&format!("collector_version={}\n", tag.as_str().unwrap())),
            "{tag}"
        );
    }
}

/// The service's address in the chart is the agents'.
#[test]
fn the_chart_sends_to_the_agents() {
    let values = file("infra/helm/tracechain/values.yaml");
    let name = file(AGENT)["fullnameOverride"].as_str().unwrap().to_owned();
    assert_eq!(
        values["otlp"]["endpoint"],
        format!("http://{name}.observability.svc.cluster.local:4318")
    );
}
