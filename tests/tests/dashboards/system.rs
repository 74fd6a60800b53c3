//! The chain with everything behind it, and all sorts of requests going through.

use std::future::Future;
use std::time::Duration;

use serde_json::{Value, json};
use testbed::{
    Chain, ChainOptions, Collector, CollectorOptions, External, Jaeger, Loki, Prometheus, Service,
    Target, Tempo, http,
};
use tokio::task::JoinHandle;

const INTERVAL: Duration = Duration::from_millis(100);

/// Whoever sends is dropped before what it sends to.
pub(crate) struct System {
    traffic: JoinHandle<()>,
    pub(crate) chain: Chain,
    _collector: Collector,
    pub(crate) loki: Loki,
    pub(crate) tempo: Option<Tempo>,
    _jaeger: Option<Jaeger>,
    pub(crate) prometheus: Prometheus,
}

impl System {
    /// `None` when a program has to be passed over. Jaeger takes the spans where there is no Tempo.
    pub(crate) async fn start() -> Option<Self> {
        let with_tempo = !External::TEMPO.is_not_run();
        let backend = if with_tempo { External::TEMPO } else { External::JAEGER };
        let needed = [External::COLLECTOR, External::LOKI, External::PROMETHEUS, backend];
        if needed.iter().filter(|program| program.is_not_run()).count() > 0 {
            return None;
        }
        let (prometheus, loki) = tokio::join!(Prometheus::start(), Loki::start());
        let url = prometheus.url();
        let tempo = when(with_tempo, Tempo::start(&url)).await;
        let jaeger = when(!with_tempo, Jaeger::start()).await;
        let spans = tempo.as_ref().map(Tempo::otlp_address);
        let spans = spans.or_else(|| jaeger.as_ref().map(Jaeger::otlp_address)).unwrap();
        let options = CollectorOptions::default().traces_to(&spans).logs_to(&loki.otlp_endpoint());
        let collector = Collector::start(options).await;
        let chain = Chain::start(troubled(&collector)).await;
        prometheus.scrape(&targets(&chain, &collector, &loki, tempo.as_ref()));
        let traffic = tokio::spawn(traffic(chain.url(Service::Gateway)));
        Some(Self {
            traffic,
            chain,
            _collector: collector,
            loki,
            tempo,
            _jaeger: jaeger,
            prometheus,
        })
    }

    /// One request that succeeds; gives its trace id.
    pub(crate) async fn request(&self) -> String {
        let url = format!("{}/api/v1/process", self.chain.url(Service::Gateway));
        loop {
            let answer = post(&url, &json!({"user_id": 7, "action": "purchase"})).await;
            if let Some(trace_id) = answer["chain"].as_array().and(answer["trace_id"].as_str()) {
                return trace_id.to_owned();
            }
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.traffic.abort();
    }
}

async fn when<T>(condition: bool, started: impl Future<Output = T>) -> Option<T> {
    if condition { Some(started.await) } else { None }
}

/// Some requests are slow and some fail, so that the panels about those have something to show.
fn troubled(collector: &Collector) -> ChainOptions {
    ChainOptions::sqlite()
        .otlp(collector.endpoint())
        .env_all("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=testing")
        .env(Service::Gateway, "FAULTS", "latency=400ms:0.1,error=503:0.05")
}

fn targets(
    chain: &Chain,
    collector: &Collector,
    loki: &Loki,
    tempo: Option<&Tempo>,
) -> Vec<Target> {
    let mut targets = vec![
        Target::service("gateway", &chain.url(Service::Gateway)),
        Target::service("user-service", &chain.url(Service::User)),
        Target::service("order-service", &chain.url(Service::Order)),
        Target::service("audit-service", &chain.url(Service::Audit)),
        Target::other("otel-collector", collector.metrics_address()),
        Target::other("loki", loki.address()),
        // Nobody is there: what cannot be scraped is a panel, too.
        Target::other("grafana", "127.0.0.1:1".to_owned()),
    ];
    targets.extend(tempo.map(|tempo| Target::other("tempo", tempo.address())));
    targets
}

/// Goes on until it is ended: what is asked for are rates.
async fn traffic(gateway: String) {
    let url = |path: &str| format!("{gateway}/api/v1/{path}");
    let mut ticks = tokio::time::interval(INTERVAL);
    for number in 1.. {
        ticks.tick().await;
        let body = json!({"user_id": number % 20 + 1, "action": "purchase"});
        post(&url("process"), &body).await;
        match number % 4 {
            0 => {
                let email = format!("{number}@example.org");
                let body = json!({"first_name": "Ada", "last_name": "Byron", "email": email});
                post(&url("register"), &body).await;
            }
            1 => {
                let items = json!([{"sku": "no-such-thing", "quantity": 1}]);
                post(&url("process"), &json!({"user_id": 1, "action": "purchase", "items": items}))
                    .await;
            }
            2 => drop(http().get(url("orders")).send().await),
            _ => {}
        }
    }
}

async fn post(url: &str, body: &Value) -> Value {
    let answer = http().post(url).json(body).send().await.unwrap();
    answer.json().await.unwrap()
}
