//! Every object against the schemas of Kubernetes and of the Prometheus operator.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use testbed::External;

use crate::render::{CASES, EVERYTHING, Rendered, chart, helm, render};
use crate::yaml::documents;

const DEADLINE: Duration = Duration::from_secs(120);
/// The oldest that Chart.yaml admits, and the newest whose schemas are there.
const KUBERNETES: [&str; 2] = ["1.27", "1.37"];

fn is_custom(object: &Value) -> bool {
    object["apiVersion"] == "monitoring.coreos.com/v1"
}

/// What the validator says of a text: whether it passed, and its lines.
async fn validate(text: &str) -> (bool, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("objects.yaml");
    std::fs::write(&file, text).unwrap();
    let mut program = External::KUBERNETES_VALIDATE.program().arg("--strict");
    for version in KUBERNETES {
        program = program.arg("-k").arg(version);
    }
    let mut process = program.arg(&file).start();
    let status = process.wait_exit(DEADLINE).await;
    (status.success(), process.lines().into_iter().map(|line| line.text).collect())
}

#[tokio::test]
async fn every_object_is_one_that_kubernetes_takes() {
    if External::KUBERNETES_VALIDATE.is_not_run() {
        return;
    }
    // In one go and each text once: reading the schemas is what takes the time.
    let mut texts = BTreeSet::new();
    for values in CASES {
        let Some(rendered) = render(values).await else { return };
        // Four Deployments with their Services, their settings, and the pod of `helm test`.
        assert!(rendered.objects.len() >= 10, "{values}: only {} objects", rendered.objects.len());
        texts.extend(rendered.text.split("\n---\n").map(str::to_owned));
    }
    let all = texts.into_iter().collect::<Vec<_>>().join("\n---\n");
    let ours = documents(&all).iter().filter(|object| !is_custom(object)).count();

    let (passed, lines) = validate(&all).await;

    let said = lines.join("\n");
    assert!(passed, "{said}");
    // What it has no schema for it only warns about: each object has to have passed, in each version.
    assert_eq!(said.matches(" passed for resource ").count(), ours * KUBERNETES.len(), "{said}");
}

#[tokio::test]
async fn an_object_that_kubernetes_would_not_take_is_seen() {
    if External::KUBERNETES_VALIDATE.is_not_run() {
        return;
    }
    let Some(Rendered { text, .. }) = render("").await else { return };
    for (right, wrong) in [
        ("maxUnavailable: 1\n", "maxUnavailabel: 1\n"),
        ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: maybe"),
    ] {
        assert!(text.contains(right), "{right}");
        let (passed, lines) = validate(&text.replacen(right, wrong, 1)).await;
        assert!(!passed, "{wrong} passed: {}", lines.join("\n"));
    }
}

/// The schema of a kind, in which what is not named is refused: the API server drops it in silence.
fn custom_schema(crds: &[Value], kind: &str) -> Value {
    let of_kind = crds.iter().find(|crd| crd["spec"]["names"]["kind"] == kind).unwrap();
    let version = of_kind["spec"]["versions"].as_array().unwrap().iter();
    let v1 = version.clone().find(|version| version["name"] == "v1").unwrap();
    let mut schema = v1["schema"]["openAPIV3Schema"].clone();
    close(&mut schema);
    // Its members are Kubernetes' own, which every object has.
    schema["properties"]["metadata"] = json!({"type": "object"});
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[tokio::test]
async fn the_prometheus_operators_objects_are_what_its_crds_take() {
    if External::MONITORING_CRDS.is_not_run() {
        return;
    }
    let file = External::MONITORING_CRDS.find().expect("the CRDs are not here: run infra/test.sh");
    let crds = documents(&std::fs::read_to_string(file).unwrap());
    let Some(rendered) = render(EVERYTHING).await else { return };
    let custom: Vec<&Value> = rendered.objects.iter().filter(|object| is_custom(object)).collect();

    assert_eq!(custom.len(), 3, "a ServiceMonitor, and the rules in two files");
    for object in custom {
        let kind = object["kind"].as_str().unwrap();
        let validator = jsonschema::validator_for(&custom_schema(&crds, kind)).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(object)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{kind}: {}", errors.join("\n"));

        let mut misspelt = object.clone();
        misspelt["spec"]["selectors"] = json!({});
        assert!(!validator.is_valid(&misspelt), "{kind}: a member that is not there is taken");
    }
}

#[tokio::test]
async fn helm_lint_has_nothing_to_say() {
    if External::HELM.is_not_run() {
        return;
    }
    for values in CASES {
        let said = helm(&["lint", "--strict", &chart()], values).await;
        assert!(said.as_ref().is_ok_and(|said| said.contains("0 chart(s) failed")), "{said:?}");
    }
}

#[tokio::test]
async fn no_two_objects_have_one_name_and_all_carry_the_release() {
    for values in CASES {
        let Some(rendered) = render(values).await else { return };
        let mut seen = BTreeSet::new();
        for object in &rendered.objects {
            let metadata = &object["metadata"];
            let name = (object["kind"].to_string(), metadata["name"].to_string());
            assert!(seen.insert(name.clone()), "{values}: {name:?} twice");
            assert_eq!(metadata["labels"]["app.kubernetes.io/instance"], "tracechain", "{name:?}");
        }
    }
}

/// `helm test --logs` reads the pod after it has succeeded.
#[tokio::test]
async fn the_pod_of_a_test_stays_for_its_log() {
    let Some(rendered) = render("").await else { return };
    let annotations = &rendered.object("Pod", "-test")["metadata"]["annotations"];
    assert_eq!(annotations["helm.sh/hook-delete-policy"], "before-hook-creation");
}

/// A release may be called `1.2` or `true`; a Service's name has no dot and begins with a letter, and a label is a text.
#[tokio::test]
async fn any_name_of_a_release_gives_names_and_labels_that_kubernetes_takes() {
    if External::HELM.is_not_run() {
        return;
    }
    for (release, name) in [("1.2", "x1-2-tracechain-gateway"), ("true", "true-tracechain-gateway")]
    {
        let text = helm(&["template", release, &chart()], "").await.unwrap();
        let objects = documents(&text);
        let gateway = objects
            .iter()
            .find(|object| object["kind"] == "Service" && object["metadata"]["name"] == name)
            .unwrap_or_else(|| panic!("no Service {name}"));
        assert_eq!(gateway["metadata"]["labels"]["app.kubernetes.io/instance"], release);
    }
}
