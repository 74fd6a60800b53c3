//! The full stack but for nginx and Grafana. Where there is no Tempo the viewer stands in its place, behind the same Collector.

use testbed::{
    Chain, ChainOptions, Collector, CollectorOptions, External, Loki, Prometheus, Service, Sink,
    Target, Tempo,
};

use crate::said::{Said, examine};

enum Traces {
    Tempo(Tempo),
    Viewer(Sink),
}

struct System {
    // Whoever sends is dropped before what it sends to.
    chain: Chain,
    collector: Collector,
    loki: Loki,
    traces: Traces,
    prometheus: Prometheus,
}

impl System {
    /// `None` when a program has to be passed over.
    async fn start(chain: ChainOptions, collector: CollectorOptions) -> Option<Self> {
        let needed = [External::COLLECTOR, External::LOKI, External::PROMETHEUS];
        if needed.iter().filter(|program| program.is_not_run()).count() > 0 {
            return None;
        }
        let (prometheus, loki) = tokio::join!(Prometheus::start(), Loki::start());
        let traces = if External::TEMPO.is_not_run() {
            Traces::Viewer(Sink::start().await)
        } else {
            Traces::Tempo(Tempo::start(&prometheus.url()).await)
        };
        let spans = match &traces {
            Traces::Tempo(tempo) => tempo.otlp_address(),
            Traces::Viewer(sink) => sink.grpc_endpoint().trim_start_matches("http://").to_owned(),
        };
        let collector = collector.traces_to(&spans).logs_to(&loki.otlp_endpoint());
        let collector = Collector::start(collector).await;
        let chain = chain
            .otlp(collector.endpoint())
            .env_all("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=testing")
            .env_all("OTEL_METRIC_EXPORT_INTERVAL", "1000");
        let chain = Chain::start(chain).await;
        let system = Self { chain, collector, loki, traces, prometheus };
        system.prometheus.scrape(&system.targets());
        Some(system)
    }

    /// What compose has Prometheus scrape.
    fn targets(&self) -> Vec<Target> {
        let chain = &self.chain;
        let mut targets = vec![
            Target::service("gateway", &chain.url(Service::Gateway)),
            Target::service("user-service", &chain.url(Service::User)),
            Target::service("order-service", &chain.url(Service::Order)),
            Target::service("audit-service", &chain.url(Service::Audit)),
            Target::other("otel-collector", self.collector.metrics_address()),
            Target::other("otel-collector-prometheus", self.collector.prometheus_address()),
            Target::other("loki", self.loki.address()),
        ];
        if let Traces::Tempo(tempo) = &self.traces {
            targets.push(Target::other("tempo", tempo.address()));
        }
        targets
    }

    /// Examines it with every address as it is, but for `others`.
    async fn examine(&self, others: &[(&str, &str)]) -> Said {
        let chain = &self.chain;
        let traces = match &self.traces {
            Traces::Tempo(tempo) => tempo.url(),
            Traces::Viewer(sink) => sink.query_url(),
        };
        let gateway = chain.url(Service::Gateway);
        let all = [
            ("edge", gateway.clone()),
            ("gateway", gateway),
            ("user", chain.url(Service::User)),
            ("order", chain.url(Service::Order)),
            ("audit", chain.url(Service::Audit)),
            ("traces", traces),
            ("prometheus", self.prometheus.url()),
            ("loki", self.loki.url()),
            ("grafana", "none".to_owned()),
            ("collector", self.collector.health_url()),
            ("collector-metrics", format!("http://{}", self.collector.metrics_address())),
        ];
        let given = |flag: &str| others.iter().any(|(other, _)| *other == flag);
        let all = all.iter().filter(|(flag, _)| !given(flag));
        let flags: Vec<_> =
            all.map(|(flag, url)| (*flag, url.as_str())).chain(others.iter().copied()).collect();
        examine(&flags).await
    }

    async fn send_by_otlp(&mut self, service: Service, exporter: &str) {
        self.chain.set_env(service, exporter, "otlp");
        self.chain.restart(service).await;
    }

    /// Waits until Prometheus answers a query with so many series.
    async fn wait_for(&self, query: &str, count: usize) {
        let there = testbed::until(std::time::Duration::from_secs(60), async || {
            (self.prometheus.query(query).await.len() == count).then_some(())
        });
        assert!(there.await.is_some(), "{query}: {}", self.prometheus.last_output());
    }
}

#[tokio::test]
async fn each_check_finds_what_is_wrong_and_a_mended_system_is_well() {
    let chain = ChainOptions::sqlite().env(Service::User, "OTEL_LOGS_EXPORTER", "none").env(
        Service::Order,
        "OTEL_TRACES_EXPORTER",
        "none",
    );
    let Some(mut system) = System::start(chain, CollectorOptions::default()).await else { return };

    let said = system.examine(&[("wait", "20"), ("prometheus", "none")]).await;
    assert_eq!(said.code, Some(1));
    assert_eq!(said.wrong(), ["traces", "logs", "from a trace to its logs"], "{}", said.text);
    assert!(said.problem("traces").contains("has no span of order-service"), "{}", said.text);
    assert!(said.problem("logs").contains("no log line of user-service"), "{}", said.text);

    system.send_by_otlp(Service::User, "OTEL_LOGS_EXPORTER").await;
    system.send_by_otlp(Service::Order, "OTEL_TRACES_EXPORTER").await;
    let said = system.examine(&[("wait", "180")]).await;
    assert_eq!((said.code, said.with("ok").len()), (Some(0), 7), "{}", said.text);

    let nobody = "http://127.0.0.1:1";
    let broken = [("wait", "5"), ("audit", nobody), ("grafana", nobody), ("collector", nobody)];
    let said = system.examine(&broken).await;
    assert_eq!(said.code, Some(1));
    assert_eq!(said.wrong(), ["metrics, /metrics", "dashboards", "Collector"], "{}", said.text);
    for (check, name) in
        said.wrong().into_iter().zip(["audit-service", "Grafana", "otel-collector"])
    {
        assert!(said.problem(check).contains(name), "{}", said.problem(check));
    }

    two_jobs_for_one_service(&system).await;
}

async fn two_jobs_for_one_service(system: &System) {
    let gateway = system.chain.url(Service::Gateway).trim_start_matches("http://").to_owned();
    let mut targets = system.targets();
    targets.push(Target::other("grafana", gateway));
    system.prometheus.scrape(&targets);
    system.wait_for("http_requests_total{job=\"grafana\"} > 0", 1).await;

    let problem = two_sources(system).await;

    assert!(problem.contains("comes from the jobs grafana and tracechain"), "{problem}");
}

/// What the one check says that finds something wrong.
async fn two_sources(system: &System) -> String {
    let said = system.examine(&[("wait", "60")]).await;
    assert_eq!(said.code, Some(1));
    assert_eq!(said.wrong(), ["metrics, one source per name"], "{}", said.text);
    said.problem("metrics, one source per name").to_owned()
}

#[tokio::test]
async fn services_that_push_their_metrics_are_well_and_one_that_is_scraped_too_is_named() {
    let chain = ChainOptions::sqlite().env_all("OTEL_METRICS_EXPORTER", "otlp");
    let Some(mut system) = System::start(chain, CollectorOptions::default()).await else { return };
    let said = system.examine(&[("wait", "180")]).await;
    assert_eq!((said.code, said.with("ok").len()), (Some(0), 7), "{}", said.text);

    system.chain.set_env(Service::Order, "OTEL_METRICS_EXPORTER", "prometheus");
    system.chain.restart(Service::Order).await;
    // Until the Collector forgets what was pushed, it is there twice.
    system.wait_for("otel_sdk_spans_ended_total{service=\"order-service\"}", 2).await;
    let problem = two_sources(&system).await;
    assert!(problem.contains("the metrics of order-service are scraped, and pushed"), "{problem}");
}

#[tokio::test]
async fn a_tail_that_keeps_next_to_nothing_keeps_what_the_doctor_looks_for() {
    let collector = CollectorOptions::default().tail_sampling().env("TAIL_SAMPLING_PERCENT", "0");
    let Some(system) = System::start(ChainOptions::sqlite(), collector).await else { return };

    let said = system.examine(&[("wait", "180")]).await;

    assert_eq!((said.code, said.with("ok").len()), (Some(0), 7), "{}", said.text);
}
