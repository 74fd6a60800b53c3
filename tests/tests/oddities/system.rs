//! Everything that `tracechain` starts, once for all tests of this program.

use std::time::Duration;

use testbed::{Process, Program, SystemPorts, http, tracechain, until};
use tokio::sync::OnceCell;

/// Five processes of a debug build, migrations, and a machine that does other things too.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// The running system. It ends with the test program.
pub(crate) struct System {
    ports: SystemPorts,
    process: Process,
}

/// The one of this program.
pub(crate) async fn system() -> &'static System {
    static SYSTEM: OnceCell<System> = OnceCell::const_new();
    SYSTEM.get_or_init(System::start).await
}

impl System {
    async fn start() -> Self {
        let ports = SystemPorts::reserve();
        let mut program = Program::new(tracechain())
            .env("LAB", "true")
            // A machine that does other things too must not make answers late: a 5xx is what is looked for here.
            .env("REQUEST_TIMEOUT_MS", "60000");
        for (name, port) in ports.variables() {
            program = program.env(name, port);
        }
        let system = Self { process: program.start(), ports };
        let ready = until(DEADLINE, async || system.is_ready().await.then_some(()));
        assert!(ready.await.is_some(), "not ready:\n{}", system.process.last_output());
        system
    }

    async fn is_ready(&self) -> bool {
        for variable in ["EDGE_PORT", "USER_PORT", "ORDER_PORT", "AUDIT_PORT", "VIEWER_PORT"] {
            let url = self.ports.url(variable, "/health/ready");
            match http().get(url).send().await {
                Ok(answer) if answer.status().is_success() => {}
                _ => return false,
            }
        }
        true
    }

    pub(crate) fn port(&self, variable: &str) -> u16 {
        self.ports.number(variable)
    }

    /// The services' ports with the path of a POST there; the edge is the gateway's second port.
    pub(crate) fn services(&self) -> [(u16, &'static str); 5] {
        [
            (self.port("EDGE_PORT"), "/api/v1/process"),
            (self.port("GATEWAY_PORT"), "/api/v1/process"),
            (self.port("USER_PORT"), "/process"),
            (self.port("ORDER_PORT"), "/process"),
            (self.port("AUDIT_PORT"), "/process"),
        ]
    }

    /// Every port that speaks HTTP/1.1.
    pub(crate) fn all(&self) -> Vec<u16> {
        let viewer = ["VIEWER_PORT", "VIEWER_QUERY_PORT", "VIEWER_OTLP_HTTP_PORT"];
        let services = self.services().map(|(port, _)| port);
        services.into_iter().chain(viewer.map(|name| self.port(name))).collect()
    }

    /// Every service is well, none has panicked or was started again, and none has answered with a 5xx.
    pub(crate) async fn is_well(&self) {
        let well = until(DEADLINE, async || self.is_ready().await.then_some(()));
        assert!(well.await.is_some(), "not well:\n{}", self.process.last_output());
        for line in self.process.lines() {
            assert!(!line.text.contains("panicked"), "{}", line.text);
            assert!(!line.text.contains("starting it again"), "{}", line.text);
        }
        for variable in ["GATEWAY_PORT", "USER_PORT", "ORDER_PORT", "AUDIT_PORT"] {
            let url = self.ports.url(variable, "/metrics");
            let metrics = http().get(url).send().await.unwrap().text().await.unwrap();
            let failed = |line: &&str| {
                line.starts_with("http_requests_total{") && line.contains("status_code=\"5")
            };
            assert_eq!(metrics.lines().find(failed), None, "{variable}");
        }
    }
}
