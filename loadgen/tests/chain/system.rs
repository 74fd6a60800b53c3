//! The services and the viewer behind them, and the truth about what went wrong in them.

use std::collections::BTreeSet;

use serde_json::json;
use testbed::{Chain, ChainOptions, Scrape, Service, Sink, http};

use crate::run::{Ended, Run};

/// Spans of an order without a key, loadgen's own among them.
pub(crate) const SPANS: usize = 15;

/// A load that is as fast as the machine just is: what waits in an open loop's queues would become other answers on a busy one.
pub(crate) const CLOSED: [&str; 3] = ["--closed", "--connections", "4"];
/// Verification with the first look as soon as spans can be there.
pub(crate) const VERIFY: [&str; 3] = ["--verify", "--verify-after", "500ms"];

/// A system under test.
pub(crate) struct System {
    pub(crate) chain: Chain,
    pub(crate) sink: Sink,
}

/// Faults of a service that come from the laboratory's route, and how often each has struck.
pub(crate) struct Struck<'a> {
    system: &'a System,
    service: Service,
    before: Scrape,
}

impl System {
    pub(crate) async fn start() -> Self {
        Self::with(|options, _| options).await
    }

    /// One whose options are changed before the start.
    pub(crate) async fn with(change: impl FnOnce(ChainOptions, &Sink) -> ChainOptions) -> Self {
        let sink = Sink::start().await;
        let options = ChainOptions::sqlite()
            .otlp(sink.endpoint())
            .env_all("LAB", "true")
            .env_all("OTEL_LOGS_EXPORTER", "none")
            .env_all("OTEL_BSP_SCHEDULE_DELAY", "200");
        let chain = Chain::start(change(options, &sink)).await;
        Self { chain, sink }
    }

    /// Starts loadgen. Spans are exported and looked up sooner than by default, so that a test takes less time.
    pub(crate) fn begin(&self, args: &[&str], variables: &[(&str, &str)]) -> Run {
        let (target, traces) = (self.chain.url(Service::Gateway), self.sink.query_url());
        let endpoint = self.sink.endpoint();
        let own = [
            ("LOADGEN_TARGET", target.as_str()),
            ("LOADGEN_TRACES", &traces),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_BSP_SCHEDULE_DELAY", "200"),
        ];
        Run::start(args, &[&own, variables].concat())
    }

    /// Runs it to its end.
    pub(crate) async fn load(&self, load: &[&str], more: &[&str]) -> Ended {
        self.begin(&[load, more].concat(), &[]).end().await
    }

    /// Has a service misbehave from now on; an empty text ends that.
    pub(crate) async fn misbehave(&self, service: Service, faults: &str) -> Struck<'_> {
        let before = Scrape::of(&self.chain.url(service)).await;
        let request = http().put(format!("{}/faults", self.chain.url(service)));
        let answer = request.json(&json!({ "faults": faults })).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        Struck { system: self, service, before }
    }

    /// All traces that the viewer holds.
    pub(crate) fn traces(&self) -> BTreeSet<String> {
        self.sink.store().newest(usize::MAX).iter().map(ToString::to_string).collect()
    }

    /// Those that have a span of a service.
    pub(crate) fn traces_with(&self, service: &str) -> BTreeSet<String> {
        let has = |id: &String| self.sink.spans(id).iter().any(|span| span.service == service);
        self.traces().into_iter().filter(has).collect()
    }
}

impl Struck<'_> {
    /// How often a fault has struck since the service was told to misbehave; it behaves from now on.
    pub(crate) async fn count(self, fault: &str) -> u64 {
        self.system.misbehave(self.service, "").await;
        let now = Scrape::of(&self.system.chain.url(self.service)).await;
        let sample = format!("tracechain_faults_injected_total{{fault=\"{fault}\"}}");
        let struck = now.value(&sample) - self.before.value(&sample);
        format!("{struck}").parse().unwrap()
    }
}
