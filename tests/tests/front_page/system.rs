//! Everything that `tracechain` starts, on ports of its own, and a browser in front of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use testbed::{Browser, Process, Program, SystemPorts, http, tracechain, until};

/// Five processes of a debug build, migrations, and a machine that does other things too.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// The running system.
pub(crate) struct System {
    ports: SystemPorts,
    /// As in an address.
    host: String,
    _process: Process,
}

impl System {
    pub(crate) async fn start() -> Self {
        Self::on("127.0.0.1").await
    }

    /// Listening on this address.
    pub(crate) async fn on(host: &'static str) -> Self {
        let ports = SystemPorts::reserve();
        let program = Program::new(tracechain()).env("OTEL_BSP_SCHEDULE_DELAY", "100");
        let mut program = program.env("HOST", host);
        for (name, port) in ports.variables() {
            program = program.env(name, port);
        }
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let system = Self { _process: program.start(), ports, host };
        // The gateway is started last, and its edge listens with it.
        let ready = system.edge("/health/ready");
        let answer = until(DEADLINE, async || {
            http().get(&ready).send().await.ok()?.error_for_status().ok().map(drop)
        });
        assert!(answer.await.is_some(), "not ready:\n{}", system._process.last_output());
        system
    }

    fn at(&self, variable: &str, path: &str) -> String {
        format!("http://{}:{}{path}", self.host, self.ports.number(variable))
    }

    pub(crate) fn edge(&self, path: &str) -> String {
        self.at("EDGE_PORT", path)
    }

    /// The gateway's own port.
    pub(crate) fn gateway(&self, path: &str) -> String {
        self.at("GATEWAY_PORT", path)
    }

    pub(crate) fn viewer(&self, path: &str) -> String {
        self.at("VIEWER_PORT", path)
    }

    /// Every address that the pages may ask.
    pub(crate) fn own_origins(&self) -> BTreeSet<String> {
        ["EDGE_PORT", "VIEWER_PORT", "VIEWER_OTLP_HTTP_PORT"].map(|port| self.at(port, "")).into()
    }

    /// The front page, ready for its reader.
    pub(crate) async fn front_page(&self, browser: &Browser) {
        browser.open(&self.edge("/")).await;
        browser.wait_for("document.documentElement.dataset.ready").await;
    }

    /// The spans of a trace, once there are those that `is_whole` wants.
    pub(crate) async fn trace(&self, id: &str, is_whole: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let url = self.viewer(&format!("/api/traces/{id}"));
        let mut last = Vec::new();
        let found = until(DEADLINE, async || {
            let answer = http().get(&url).send().await.ok()?.error_for_status().ok()?;
            last = spans(&answer.json().await.ok()?);
            is_whole(&last).then_some(())
        });
        let found = found.await;
        assert!(found.is_some(), "the trace {id} is not what it should be: {last:#?}");
        last
    }

    /// What is on: each service that has faults, with them.
    pub(crate) async fn faults(&self) -> BTreeMap<String, Value> {
        let mut on = BTreeMap::new();
        for (service, path) in [
            ("gateway", "/faults"),
            ("user-service", "/lab/user-service/faults"),
            ("order-service", "/lab/order-service/faults"),
            ("audit-service", "/lab/audit-service/faults"),
        ] {
            let answer = http().get(self.edge(path)).send().await.unwrap();
            let faults = answer.json::<Value>().await.unwrap()["faults"].take();
            if !faults.as_object().unwrap().is_empty() {
                on.insert(service.to_owned(), faults);
            }
        }
        on
    }

    /// Nothing was complained about, and nobody else was asked.
    pub(crate) async fn assert_quiet(&self, browser: &Browser) {
        assert_eq!(browser.console().await, Vec::<String>::new());
        let asked = browser.asked().await;
        assert!(asked.is_subset(&self.own_origins()), "another host was asked: {asked:?}");
    }
}

/// What the tests look at of a span.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) nanoseconds: (u64, u64),
    pub(crate) attributes: BTreeMap<String, Value>,
}

fn spans(trace: &Value) -> Vec<Span> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for batch in list(&trace["batches"]) {
        let resource = attributes(&batch["resource"]["attributes"]);
        let service = resource["service.name"].as_str().unwrap().to_owned();
        for span in list(&batch["scopeSpans"]).iter().flat_map(|scope| list(&scope["spans"])) {
            let text = |name: &str| span[name].as_str().unwrap_or_default().to_owned();
            found.push(Span {
                service: service.clone(),
                name: text("name"),
                kind: text("kind"),
                id: text("spanId"),
                parent: text("parentSpanId"),
                nanoseconds: (
                    text("startTimeUnixNano").parse().unwrap(),
                    text("endTimeUnixNano").parse().unwrap(),
                ),
                attributes: attributes(&span["attributes"]),
            });
        }
    }
    found
}

fn attributes(list: &Value) -> BTreeMap<String, Value> {
    let pairs = list.as_array().into_iter().flatten().map(|pair| {
        let value = pair["value"].as_object().and_then(|value| value.values().next()).cloned();
        (pair["key"].as_str().unwrap().to_owned(), value.unwrap_or_default())
    });
    pairs.collect()
}
