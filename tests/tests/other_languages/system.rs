//! The chain with hops of other languages in it, and loadgen before it.

use std::time::Duration;

use serde_json::json;
use sqlx::Connection as _;
use testbed::{
    Chain, ChainOptions, Port, Process, Program, SeenSpan, Service, Sink, http, loadgen, until,
};

use crate::contract;
use crate::hop::Language;

const REQUESTS: u32 = 100;
/// A virtual machine and an agent have to start, on a machine that does other things as well.
const DEADLINE: Duration = Duration::from_secs(120);

/// Everything that runs.
pub(crate) struct System {
    chain: Chain,
    hops: Vec<(Language, Service)>,
    _processes: Vec<Process>,
    sink: Sink,
}

impl System {
    /// Each hop stands before the service beside it. `None` where one's instrumentation is passed over.
    pub(crate) async fn start(hops: &[(Language, Service)]) -> Option<Self> {
        if hops.iter().any(|(language, _)| language.instrumentation().is_not_run()) {
            return None;
        }
        let sink = Sink::start().await;
        let ports: Vec<_> = hops.iter().map(|_| Port::reserve()).collect();
        let mut options = ChainOptions::sqlite()
            .otlp(sink.endpoint())
            .env_all("OTEL_LOGS_EXPORTER", "none")
            .env_all("OTEL_BSP_SCHEDULE_DELAY", "200");
        for ((_, behind), port) in hops.iter().zip(&ports) {
            options = options.env(before(*behind), "NEXT_SERVICE_URL", &url(port.number()));
        }
        let chain = Chain::start(options).await;
        let mut processes = Vec::new();
        for ((language, behind), port) in hops.iter().zip(ports) {
            let mut process =
                language.start(port.number(), &chain.url(*behind), &sink.endpoint()).await;
            wait_ready(&mut process, &url(port.number())).await;
            processes.push(process);
        }
        Some(Self { chain, hops: hops.to_vec(), _processes: processes, sink })
    }

    /// A load, every trace of which is verified, with the hops in the contract.
    pub(crate) async fn every_trace_is_whole(&self) {
        let folder = tempfile::tempdir().unwrap();
        let contract = folder.path().join("process.toml");
        std::fs::write(&contract, contract::with(&self.hops)).unwrap();
        let mut process = Program::new(loadgen())
            .in_folder(folder.path())
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", self.sink.endpoint())
            .arg("--closed")
            .arg("--connections=4")
            .arg(format!("--requests={REQUESTS}"))
            .arg(format!("--target={}", self.chain.url(Service::Gateway)))
            .arg(format!("--traces={}", self.sink.query_url()))
            .arg(format!("--contract={}", contract.display()))
            .arg("--verify")
            .arg("--reconcile")
            .arg("--verify-timeout=60s")
            .start();

        let status = process.wait_exit(DEADLINE).await;

        let output = process.last_output();
        assert_eq!(status.code(), Some(0), "{output}");
        assert!(output.contains(&format!("{REQUESTS} of {REQUESTS} traces whole")), "{output}");
    }

    /// One request of a caller that has both.
    pub(crate) async fn state_and_baggage_come_through(&self) {
        let trace_id = uuid::Uuid::new_v4().simple().to_string();
        let answer = http()
            .post(format!("{}/api/v1/process", self.chain.url(Service::Gateway)))
            .header("traceparent", format!("00-{trace_id}-00f067aa0ba902b7-01"))
            .header("tracestate", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")
            .header("baggage", "tenant=blue")
            .json(&json!({"user_id": 4711, "action": "purchase"}));
        assert_eq!(answer.send().await.unwrap().status(), 200);

        let last = self.last_span(&trace_id).await;
        assert_eq!(last.trace_state, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7");
        let baggage = self.stored_baggage(&trace_id).await;
        assert!(baggage.split(',').any(|member| member.trim() == "tenant=blue"), "{baggage}");
    }

    /// What the last service has seen: everything before it has passed it on.
    async fn last_span(&self, trace_id: &str) -> SeenSpan {
        let last = async || {
            self.sink.spans(trace_id).into_iter().find(|span| span.service == "audit-service")
        };
        let last = until(Duration::from_secs(20), last).await;
        last.unwrap_or_else(|| panic!("audit is not in {:#?}", self.sink.spans(trace_id)))
    }

    /// The order service keeps what it was given, for a delivery that comes later.
    async fn stored_baggage(&self, trace_id: &str) -> String {
        let database = self.chain.database(Service::Order);
        let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
        sqlx::query_scalar("SELECT baggage FROM orders WHERE trace_id = ?")
            .bind(trace_id)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }
}

fn before(behind: Service) -> Service {
    Service::ALL.into_iter().find(|service| service.next() == Some(behind)).unwrap()
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

async fn wait_ready(process: &mut Process, url: &str) {
    let answers = async || {
        let ended = process.exit_status();
        assert!(ended.is_none(), "it has ended: {ended:?}\n{}", process.last_output());
        let answer = http().get(format!("{url}/health")).send().await.ok()?;
        answer.status().is_success().then_some(())
    };
    let ready = until(DEADLINE, answers).await;
    assert!(ready.is_some(), "{}", process.last_output());
}
