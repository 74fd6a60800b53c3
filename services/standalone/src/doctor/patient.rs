//! The system that is examined: what it consists of, and the request that was sent through it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::addresses::{Address, Addresses};
use super::ask::{Ask, Refused};
use super::report::Problem;

/// Between two looks at what is on its way.
const INTERVAL: Duration = Duration::from_secs(1);
const NO_PART: &str = "the viewer stands in Tempo's place, and the embedded default has no";

/// What came of one look at something that may be on its way.
pub(super) enum Look<T> {
    /// There it is.
    Found(T),
    /// Not yet; this is what is wrong if it stays so.
    NotYet(Problem),
    /// Waiting will not help.
    Never(Problem),
}

/// What keeps and finds traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Traces {
    Tempo,
    Viewer,
}

/// A system, as its addresses and its own answers describe it. `Err` of a part is why there is none.
pub(super) struct Patient {
    pub(super) ask: Ask,
    pub(super) edge: String,
    pub(super) services: [(&'static str, Address); 4],
    pub(super) kind: Traces,
    pub(super) traces: String,
    pub(super) prometheus: Result<String, String>,
    pub(super) loki: Result<String, String>,
    pub(super) grafana: Result<String, String>,
    pub(super) collector: Result<String, String>,
    pub(super) collector_metrics: Result<String, String>,
    pub(super) wait: Duration,
    /// The request that was sent through it.
    pub(super) sample: Result<Sample, Problem>,
}

/// A request that went through.
pub(super) struct Sample {
    /// The trace that it began at the gateway, or in front of it.
    pub(super) trace_id: String,
    /// Where the answer's `chain` has another trace id than one hop before: the caller, and who began a trace of its own.
    pub(super) broken: Option<(String, String)>,
}

impl Patient {
    /// Finds out what there is, and sends a request through it.
    pub(super) async fn meet(given: Addresses) -> Result<Self, String> {
        let mut ask = Ask::new(given.token)?;
        let kind = kind(&ask, &given.traces).await;
        if kind == Traces::Viewer {
            ask.trust(&given.traces);
        }
        let part = |address: Option<Address>, name: &str, default: &str| match (address, kind) {
            (Some(Address::Url(url)), _) => Ok(url),
            (Some(Address::Absent), _) => Err(format!("the address of {name} is `none`")),
            (None, Traces::Viewer) => Err(format!("{NO_PART} {name}")),
            (None, Traces::Tempo) => Ok(default.to_owned()),
        };
        let sample = send(&ask, &given.edge).await;
        Ok(Self {
            ask,
            edge: given.edge,
            services: [
                ("gateway", given.gateway),
                ("user-service", given.user),
                ("order-service", given.order),
                ("audit-service", given.audit),
            ],
            kind,
            traces: given.traces,
            prometheus: part(given.prometheus, "Prometheus", "http://localhost:9090"),
            loki: part(given.loki, "Loki", "http://localhost:3100"),
            grafana: part(given.grafana, "Grafana", "http://localhost:3000"),
            collector: part(given.collector, "Collector", "http://localhost:13133"),
            collector_metrics: part(given.collector_metrics, "Collector", "http://localhost:8888"),
            wait: given.wait,
            sample,
        })
    }

    /// Sends a further request; what becomes of it is not asked.
    pub(super) async fn stir(&self) {
        drop(send(&self.ask, &self.edge).await);
    }

    /// Looks until there is something, it is hopeless, or the time is over.
    pub(super) async fn until<T>(
        &self,
        mut look: impl AsyncFnMut() -> Look<T>,
    ) -> Result<T, Problem> {
        let end = Instant::now() + self.wait;
        loop {
            match look().await {
                Look::Found(found) => return Ok(found),
                Look::Never(problem) => return Err(problem),
                Look::NotYet(problem) if Instant::now() + INTERVAL > end => return Err(problem),
                Look::NotYet(_) => tokio::time::sleep(INTERVAL).await,
            }
        }
    }
}

/// The viewer says who it is, even where it shows nothing else without the token.
async fn kind(ask: &Ask, traces: &str) -> Traces {
    let health = ask.json(&format!("{traces}/health"), &[]).await.unwrap_or_default();
    if health["service"] == "viewer" { Traces::Viewer } else { Traces::Tempo }
}

async fn send(ask: &Ask, edge: &str) -> Result<Sample, Problem> {
    let url = format!("{edge}/api/v1/process");
    let body = json!({"user_id": 1, "action": "doctor"});
    let answer = ask.post(&url, &body).await.map_err(|refused| failed(&url, &refused))?;
    sample(&answer).ok_or_else(|| {
        Problem::new(
            format!("{url} answered without a chain of trace ids"),
            "is this tracechain's edge? --edge says where it is",
        )
    })
}

/// The answer's own `trace_id` is the order's, which is not the gateway's where a hop lost the context.
fn sample(answer: &Value) -> Option<Sample> {
    let chain = answer["chain"].as_array()?;
    let entry = |hop: &Value| {
        let text = |key: &str| hop[key].as_str().map(str::to_owned);
        Some((text("service")?, text("trace_id")?))
    };
    let hops: Vec<(String, String)> = chain.iter().map(entry).collect::<Option<_>>()?;
    let broken = hops.windows(2).find(|pair| pair[0].1 != pair[1].1);
    let broken = broken.map(|pair| (pair[0].0.clone(), pair[1].0.clone()));
    Some(Sample { trace_id: hops.first()?.1.clone(), broken })
}

fn failed(url: &str, refused: &Refused) -> Problem {
    match refused {
        Refused::Unreachable(_) => Problem::new(
            refused.told(url),
            "start the system (`cargo run --release`, or docker compose -f infra/compose.yaml up -d --wait), or say with --edge where it is",
        ),
        Refused::Status(_, text) => {
            let problem = serde_json::from_str::<Value>(text).unwrap_or_default();
            let service = problem["service"].as_str().unwrap_or("the service that `service` names");
            Problem::new(refused.told(url), format!("read the log of {service}, and its /health"))
        }
    }
}
