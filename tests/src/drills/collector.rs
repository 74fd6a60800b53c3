//! The real Collector between the services and the viewer, in trouble: requests go on, and what spans are lost is counted.

use anyhow::Result;

use super::Outcome;
use super::restarts::{row, without_servers};
use super::row::Admitted;
use super::run::Run;
use super::scale::Scale;
use super::system::{System, servers};
use super::viewer::Viewer;
use crate::backends::{Collector, CollectorOptions, External};
use crate::proxy::{Mode, Proxy};
use crate::relay::Relay;

/// What is wrong with the Collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is stopped.
    Down,
    /// It takes connections and never answers.
    BlackHole,
    /// It answers late.
    Slow,
    /// It answers 429 with `Retry-After`.
    TooManyRequests,
    /// It answers 503 with `Retry-After`.
    Unavailable,
}

/// `Retry-After` of refusals, in seconds.
const RETRY_AFTER: u64 = 1;

impl Trouble {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::BlackHole => "black-hole",
            Self::Slow => "slow",
            Self::TooManyRequests => "429",
            Self::Unavailable => "503",
        }
    }

    pub(crate) fn title(self, scale: &Scale) -> String {
        let outage = scale.outage.as_secs_f64();
        match self {
            Self::Down => format!("Collector down for {outage} s"),
            Self::BlackHole => {
                format!("Collector takes connections and never answers for {outage} s")
            }
            Self::Slow => format!("Collector answers {} s late for {outage} s", delay(scale)),
            Self::TooManyRequests | Self::Unavailable => {
                format!("Collector answers {} with Retry-After for {outage} s", self.name())
            }
        }
    }
}

/// A tenth of the outage: several batches come late one after the other.
fn delay(scale: &Scale) -> f64 {
    scale.outage.as_secs_f64() / 10.0
}

/// The Collector and what stands in front of it.
struct Way {
    collector: Collector,
    proxy: Proxy,
    relay: Relay,
}

impl Way {
    async fn start(viewer: &Viewer) -> Self {
        let options = CollectorOptions::default().traces_to(&viewer.grpc_address());
        let collector = Collector::start(options).await;
        let proxy = Proxy::to(collector.otlp_http_port()).await;
        let relay = Relay::start(|_| {}).await;
        relay.lead_to(proxy.url());
        Self { collector, proxy, relay }
    }

    async fn begin(&mut self, trouble: Trouble, scale: &Scale) {
        match trouble {
            Trouble::Down => self.collector.stop().await,
            Trouble::BlackHole => self.proxy.set(Mode::BlackHole).await,
            Trouble::Slow => {
                let delay = std::time::Duration::from_secs_f64(delay(scale));
                self.proxy.set(Mode::Delay(delay)).await;
            }
            Trouble::TooManyRequests => self.relay.refuse(429, RETRY_AFTER),
            Trouble::Unavailable => self.relay.refuse(503, RETRY_AFTER),
        }
    }

    async fn end(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::Down => self.collector.restart().await,
            Trouble::BlackHole | Trouble::Slow => self.proxy.set(Mode::Pass).await,
            Trouble::TooManyRequests | Trouble::Unavailable => self.relay.pass(),
        }
    }

    /// Only what refuses stands in between where it is needed: a relay turns a connection that is refused into one that breaks.
    fn endpoint(&self, trouble: Trouble) -> String {
        match trouble {
            Trouble::Down => self.collector.endpoint(),
            Trouble::BlackHole | Trouble::Slow => self.proxy.url(),
            Trouble::TooManyRequests | Trouble::Unavailable => self.relay.url(),
        }
    }
}

pub(super) async fn drill(scale: &Scale, trouble: Trouble) -> Result<Outcome> {
    let options = servers(scale);
    if let Some(missing) = without_servers(&options) {
        return Ok(missing);
    }
    if External::COLLECTOR.is_not_run() {
        return Ok(Outcome::NotRun("the Collector is not here: run infra/test.sh once".to_owned()));
    }
    let viewer = Viewer::start().await;
    let mut way = Way::start(&viewer).await;
    let system = System::behind(viewer, options.otlp(way.endpoint(trouble))).await;
    let mut run = Run::start(scale, system.ends(), scale.outage, &[]).await?;
    way.begin(trouble, scale).await;
    run.goes_on(scale.outage).await?;
    way.end(trouble).await;
    run.recovered().await?;
    Ok(Outcome::Done(Box::new(row(run, system, Admitted::Astray).await?)))
}
