//! Three processes each of user, order and audit, on one Postgres and one MySQL, and one gateway.

use std::time::Duration;

use testbed::{Chain, ChainOptions, Engine, Instance, Nginx, Scrape, Service, Sink, until};

use crate::balancer::{Balancer, Front};

const REPLICAS: usize = 3;
const BALANCED: [Service; 3] = [Service::Audit, Service::Order, Service::User];
/// On a machine that does other things as well.
const DEADLINE: Duration = Duration::from_secs(120);

/// Everything that runs, but for the load.
pub(crate) struct System {
    chain: Chain,
    /// Besides the chain's own.
    others: Vec<Instance>,
    _balancer: Balancer,
    pub(crate) sink: Sink,
}

impl System {
    /// `None` where a database or nginx is passed over.
    pub(crate) async fn start() -> Option<Self> {
        let options = ChainOptions::servers(Engine::MySql);
        if options.is_not_run() || Nginx::is_not_run() {
            return None;
        }
        let sink = Sink::start().await;
        let fronts = BALANCED.map(Front::of);
        let chain = Chain::start(pointed_at(&fronts, options, &sink)).await;
        let others = others(&chain).await;
        let addresses = |service: Service| {
            let of_others = others.iter().filter(|one| one.service == service).map(Instance::url);
            let urls = std::iter::once(chain.url(service)).chain(of_others);
            urls.map(|url| url.trim_start_matches("http://").to_owned()).collect()
        };
        let behind: Vec<_> = fronts.iter().map(|front| (front, addresses(front.service))).collect();
        let balancer = Balancer::start(&behind).await;
        Some(Self { chain, others, _balancer: balancer, sink })
    }

    pub(crate) fn edge(&self) -> String {
        self.chain.url(Service::Gateway)
    }

    /// Waits until the gateway has answered that many orders.
    pub(crate) async fn wait_taken(&self, requests: f64) {
        let url = self.edge();
        let taken = async || (orders(&url, "/api/v1/process").await >= requests).then_some(());
        assert!(until(DEADLINE, taken).await.is_some(), "{requests} requests were never taken");
    }

    /// Kills a process that has taken requests.
    pub(crate) async fn kill_one(&mut self, service: Service) {
        let position = self.others.iter().position(|one| one.service == service).unwrap();
        let mut victim = self.others.remove(position);
        assert!(orders(&victim.url(), "/process").await > 0.0, "{service} was not asked");
        victim.process.kill9();
        victim.process.wait_exit(DEADLINE).await;
    }

    /// Every process that is left has taken requests.
    pub(crate) async fn assert_all_took_part(&self) {
        let of_chain = BALANCED.iter().map(|service| (*service, self.chain.url(*service)));
        let others = self.others.iter().map(|one| (one.service, one.url()));
        for (service, url) in of_chain.chain(others) {
            assert!(orders(&url, "/process").await > 0.0, "{service} at {url} was not asked");
        }
    }
}

/// Every hop, and the gateway's reads, go through the balancer.
fn pointed_at(fronts: &[Front], options: ChainOptions, sink: &Sink) -> ChainOptions {
    let options = options
        .otlp(sink.endpoint())
        .env_all("OTEL_LOGS_EXPORTER", "none")
        .env_all("OTEL_BSP_SCHEDULE_DELAY", "200");
    fronts.iter().fold(options, |options, front| {
        let before = Service::ALL.into_iter().find(|one| one.next() == Some(front.service));
        let reads = format!("{}_SERVICE_URL", front.service.name().to_uppercase());
        options.env(before.unwrap(), "NEXT_SERVICE_URL", &front.url()).env(
            Service::Gateway,
            &reads,
            &front.url(),
        )
    })
}

async fn others(chain: &Chain) -> Vec<Instance> {
    let mut others: Vec<_> = BALANCED
        .into_iter()
        .flat_map(|service| (1..REPLICAS).map(move |_| chain.another(service, &[])))
        .collect();
    for instance in &mut others {
        instance.wait_ready().await;
    }
    others
}

async fn orders(url: &str, endpoint: &str) -> f64 {
    let of_endpoint = format!("endpoint=\"{endpoint}\"");
    let scrape = Scrape::of(url).await;
    scrape.sum_with("http_requests_total", &of_endpoint)
}
