//! The chart as helm renders it.

use std::time::Duration;

use serde_json::Value;
use testbed::{External, Process, Program};

use crate::yaml::{documents, list, workspace};

const DEADLINE: Duration = Duration::from_secs(60);
/// The release's name is contained in the chart's, so that it stands in front of every object's by itself.
const RELEASE: &str = "tracechain";

/// The switches, each by the values that turn it from its default.
pub(crate) const IN_CLUSTER: &str = "databases.enabled=true,viewer.enabled=true";
pub(crate) const EVERYTHING: &str = "databases.enabled=true,viewer.enabled=true,ingress.enabled=true,\
    monitoring.serviceMonitor.enabled=true,monitoring.prometheusRule.enabled=true,monitoring.dashboards.enabled=true,\
    loadgen.enabled=true,loadgen.reconcile=true,service.autoscaling.enabled=true,apiToken.existingSecret=token,\
    otlp.headers.existingSecret=headers,image.digest=sha256:\
    0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef,service.priorityClassName=high,\
    service.nodeSelector.disk=ssd,image.pullSecrets[0].name=registry";
pub(crate) const NOTHING: &str = "migrations.enabled=false,networkPolicy.enabled=false,\
    service.podDisruptionBudget.enabled=false,serviceAccount.create=false";

/// What the values of a test are: `--set` for a text with `=`, `--values` for a file of the chart.
pub(crate) const CASES: [&str; 5] = ["", "values-production.yaml", IN_CLUSTER, EVERYTHING, NOTHING];

/// The objects of one rendering.
pub(crate) struct Rendered {
    pub(crate) text: String,
    pub(crate) objects: Vec<Value>,
}

/// `None` where helm is not here, which is then said by the test's name.
pub(crate) async fn render(values: &str) -> Option<Rendered> {
    let text = template(values).await?.unwrap_or_else(|error| panic!("{values}: {error}"));
    Some(Rendered { objects: documents(&text), text })
}

/// What helm prints, or what it has against the values.
pub(crate) async fn template(values: &str) -> Option<Result<String, String>> {
    if External::HELM.is_not_run() {
        return None;
    }
    let process = helm(&["template", RELEASE, &chart(), "--namespace=tracechain"], values).await;
    Some(process)
}

/// Runs helm on the chart, with the versions of Kubernetes that it is made for.
pub(crate) async fn helm(arguments: &[&str], values: &str) -> Result<String, String> {
    let mut process = start(arguments, values);
    let status = process.wait_exit(DEADLINE).await;
    let lines = process.lines();
    // Each link of the chart is told of, every time.
    let told = |line: &&testbed::Line| line.is_stderr && !line.text.contains("found symbolic link");
    let of = |lines: Vec<&testbed::Line>| {
        lines.iter().map(|line| format!("{}\n", line.text)).collect::<String>()
    };
    if status.success() {
        Ok(of(lines.iter().filter(|line| !line.is_stderr).collect()))
    } else {
        Err(of(lines.iter().filter(told).collect()))
    }
}

fn start(arguments: &[&str], values: &str) -> Process {
    let helm = External::HELM.program().env("HOME", ".");
    let helm = arguments.iter().fold(helm, Program::arg);
    // Packing asks for none.
    let helm = if arguments[0] == "package" { helm } else { helm.arg("--kube-version=1.34.0") };
    match values {
        "" => helm.start(),
        file if !file.contains('=') => {
            helm.arg("--values").arg(format!("{}/{file}", chart())).start()
        }
        set => helm.arg("--set").arg(set).start(),
    }
}

pub(crate) fn chart() -> String {
    workspace().join("infra/helm/tracechain").display().to_string()
}

impl Rendered {
    /// The objects of a kind.
    pub(crate) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects.iter().filter(move |object| object["kind"] == kind)
    }

    /// The object of this kind and name.
    pub(crate) fn object(&self, kind: &str, name: &str) -> &Value {
        let found = self.objects.iter().find(|object| {
            object["kind"] == kind && object["metadata"]["name"] == format!("{RELEASE}{name}")
        });
        found.unwrap_or_else(|| panic!("no {kind} {RELEASE}{name}"))
    }

    /// Every pod that would run, with its labels and the name of what makes it.
    pub(crate) fn pods(&self) -> impl Iterator<Item = Pod<'_>> {
        self.objects.iter().filter_map(|object| {
            let made = match object["kind"].as_str()? {
                "Pod" => object,
                "Deployment" | "StatefulSet" | "Job" => &object["spec"]["template"],
                _ => return None,
            };
            let name = object["metadata"]["name"].as_str()?;
            let component = made["metadata"]["labels"]["app.kubernetes.io/component"].as_str()?;
            Some(Pod { name, component, spec: &made["spec"] })
        })
    }

    /// The pod of a component.
    pub(crate) fn pod(&self, component: &str) -> Pod<'_> {
        let found = self.pods().find(|pod| pod.component == component);
        found.unwrap_or_else(|| panic!("no pod of {component}"))
    }
}

/// A pod that would run.
#[derive(Clone, Copy)]
pub(crate) struct Pod<'a> {
    pub(crate) name: &'a str,
    pub(crate) component: &'a str,
    pub(crate) spec: &'a Value,
}

impl<'a> Pod<'a> {
    /// Its containers, those that run before too.
    pub(crate) fn containers(self) -> impl Iterator<Item = &'a Value> {
        list(&self.spec["initContainers"]).iter().chain(list(&self.spec["containers"]))
    }

    /// The one that stays.
    pub(crate) fn container(self) -> &'a Value {
        &self.spec["containers"][0]
    }
}
