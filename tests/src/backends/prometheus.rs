//! The real Prometheus on `infra/prometheus/prometheus.yaml` and the rules beside it.
//!
//! The files are linked into a folder, not copied: `file_sd` looks beside the file, so the targets there are the test's own.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::backends::ask::ask;
use crate::backends::external::External;
use crate::backends::restartable::Restartable;
use crate::environment::workspace;
use crate::ports::Port;
use crate::scratch;

const FILES: [&str; 3] = ["prometheus.yaml", "recording-rules.yaml", "alert-rules.yaml"];

/// Something to scrape: the file below `targets` that it stands in, without `.yaml`, and what stands there.
#[derive(Clone, Debug)]
pub struct Target {
    file: &'static str,
    address: String,
    service: Option<&'static str>,
}

impl Target {
    /// A service of the chain, by its `service.name`.
    #[must_use]
    pub fn service(name: &'static str, url: &str) -> Self {
        let address = url.trim_start_matches("http://").to_owned();
        Self { file: "tracechain", address, service: Some(name) }
    }

    /// Anything else, by its file.
    #[must_use]
    pub fn other(file: &'static str, address: String) -> Self {
        Self { file, address, service: None }
    }
}

/// One series and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The labels, the name of the metric among them as `__name__`.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

/// A running Prometheus; it ends with the value.
#[derive(Debug)]
pub struct Prometheus {
    runs: Restartable,
    port: Port,
    folder: tempfile::TempDir,
}

impl Prometheus {
    /// Starts it on a free port, scraping itself only.
    ///
    /// # Panics
    /// When it is not here or does not become ready; the text holds its output.
    pub async fn start() -> Self {
        let port = Port::reserve();
        let folder = scratch::folder("prometheus");
        let folder =
            folder.unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"));
        let linked = link_files(folder.path());
        linked
            .unwrap_or_else(|error| panic!("cannot prepare {}: {error}", folder.path().display()));
        let (number, path) = (port.number(), folder.path().to_path_buf());
        let program = move || {
            External::PROMETHEUS
                .program()
                .arg(format!("--config.file={}", path.join(FILES[0]).display()))
                .arg(format!("--storage.tsdb.path={}", path.join("data").display()))
                .arg(format!("--web.listen-address=127.0.0.1:{number}"))
                .arg("--storage.tsdb.retention.time=15d")
                .arg("--enable-feature=exemplar-storage")
                .arg("--web.enable-remote-write-receiver")
                .arg("--web.enable-lifecycle")
        };
        let ready = format!("http://127.0.0.1:{number}/-/ready");
        let runs = Restartable::start("Prometheus", ready, program).await;
        let prometheus = Self { runs, port, folder };
        prometheus.scrape(&[]);
        prometheus
    }

    /// `http://host:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }

    /// Sets what is scraped, beside itself. It sees so within seconds.
    ///
    /// # Panics
    /// When the files cannot be written.
    pub fn scrape(&self, targets: &[Target]) {
        let own = Target::other("prometheus", format!("127.0.0.1:{}", self.port.number()));
        let mut files: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for target in targets.iter().chain([&own]) {
            let mut group = json!({"targets": [target.address]});
            if let Some(service) = target.service {
                group["labels"] = json!({"service": service});
            }
            files.entry(target.file).or_default().push(group);
        }
        for (file, groups) in files {
            // JSON is YAML. Renamed into place, because Prometheus may read at any moment.
            let file = self.folder.path().join("targets").join(format!("{file}.yaml"));
            let written = fs::write(file.with_extension("new"), Value::from(groups).to_string())
                .and_then(|()| fs::rename(file.with_extension("new"), &file));
            written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
    }

    /// What an instant query gives now.
    ///
    /// # Panics
    /// When Prometheus refuses the query.
    pub async fn query(&self, query: &str) -> Vec<Sample> {
        let body = self.get("/api/v1/query", &[("query", query)]).await;
        let samples = body["data"]["result"].as_array().into_iter().flatten();
        samples.map(sample).collect()
    }

    /// What `/api/v1/...` answers.
    ///
    /// # Panics
    /// When the answer is not a success.
    pub async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        ask(&format!("{}{path}", self.url()), parameters).await
    }

    /// The end of its log.
    #[must_use]
    pub fn last_output(&self) -> String {
        self.runs.last_output()
    }
}

fn link_files(folder: &Path) -> std::io::Result<()> {
    fs::create_dir(folder.join("targets"))?;
    for file in FILES {
        symlink(workspace().join("infra/prometheus").join(file), folder.join(file))?;
    }
    Ok(())
}

fn sample(value: &Value) -> Sample {
    let labels = serde_json::from_value(value["metric"].clone()).unwrap_or_default();
    let number = value["value"][1].as_str().and_then(|text| text.parse().ok());
    Sample { labels, value: number.unwrap_or(f64::NAN) }
}
