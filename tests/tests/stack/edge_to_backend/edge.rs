//! nginx, the services on servers, the Collector, Loki and Prometheus; the trace backend is the test's.

use testbed::{
    Chain, ChainOptions, Collector, CollectorOptions, Engine, External, Loki, Nginx, NginxOptions,
    Prometheus, Service, Target,
};

use tokio::sync::{Mutex, MutexGuard};

use crate::system;

/// One at a time: each has as much to carry as a small machine can.
static TURN: Mutex<()> = Mutex::const_new(());

/// Everything but the trace backend and the caller.
pub(crate) struct Edge {
    // Whoever sends is dropped before what it sends to.
    pub(crate) nginx: Nginx,
    pub(crate) chain: Chain,
    pub(crate) collector: Collector,
    pub(crate) loki: Loki,
    pub(crate) prometheus: Prometheus,
    /// Whether nginx makes spans of its own.
    pub(crate) traced: bool,
    _turn: MutexGuard<'static, ()>,
}

/// Whether something of it has to be passed over; each is said by name.
pub(crate) fn is_not_run() -> bool {
    let programs = [External::COLLECTOR, External::LOKI, External::PROMETHEUS];
    system::is_not_run(&programs) || options().is_not_run() || Nginx::is_not_run()
}

/// As in compose.yaml: Postgres, MySQL, Postgres.
fn options() -> ChainOptions {
    ChainOptions::servers(Engine::MySql)
}

impl Edge {
    /// Starts it, with traces going to an OTLP/gRPC `host:port`.
    pub(crate) async fn start(backend: &str, prometheus: Prometheus, traced: bool) -> Self {
        let turn = TURN.lock().await;
        let loki = Loki::start().await;
        let collector = CollectorOptions::default().traces_to(backend);
        let collector = Collector::start(collector.logs_to(&loki.otlp_endpoint())).await;
        let chain = Chain::start(options().otlp(collector.endpoint())).await;
        let nginx = NginxOptions::in_front_of(gateway(&chain));
        let otlp = collector.grpc_endpoint().replace("http://", "");
        let nginx = if traced { nginx.traced(&otlp) } else { nginx };
        let nginx = Nginx::start(nginx).await;
        let edge = Self { nginx, chain, collector, loki, prometheus, traced, _turn: turn };
        edge.scrape(&[]);
        edge
    }

    /// Has Prometheus scrape all of it, and more.
    pub(crate) fn scrape(&self, more: &[Target]) {
        let service = |name, service| Target::service(name, &self.chain.url(service));
        let own = [
            service("gateway", Service::Gateway),
            service("user-service", Service::User),
            service("order-service", Service::Order),
            service("audit-service", Service::Audit),
            Target::other("otel-collector", self.collector.metrics_address()),
            Target::other("loki", self.loki.address()),
        ];
        self.prometheus.scrape(&[&own, more].concat());
    }
}

fn gateway(chain: &Chain) -> u16 {
    let url = chain.url(Service::Gateway);
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok());
    port.unwrap_or_else(|| panic!("no port in {url}"))
}
