//! The services as processes of their own and the viewer behind them: what most drills break something in.

use std::time::Duration;

use anyhow::Result;

use super::account::Account;
use super::ends::Ends;
use super::row::Kept;
use super::scale::Scale;
use super::viewer::Viewer;
use crate::chain::Chain;
use crate::chain_options::{ChainOptions, Service};
use crate::engine::Engine;
use crate::poll::until;

/// A client's way, and the order in which nothing that is stopped is still called.
pub(crate) const FROM_THE_EDGE: [Service; 4] =
    [Service::Gateway, Service::User, Service::Order, Service::Audit];

/// What a Collector may take to pass on what it has.
const ARRIVAL_DEADLINE: Duration = Duration::from_secs(30);

/// A running system; everything ends with the value.
#[derive(Debug)]
pub(crate) struct System {
    // Whoever sends is dropped before what it sends to.
    pub(crate) chain: Chain,
    viewer: Viewer,
    account: Account,
}

/// Postgres and MySQL, telemetry's logs off (nothing of a drill reads them), and the scale's timeout.
pub(crate) fn servers(scale: &Scale) -> ChainOptions {
    on(ChainOptions::servers(Engine::MySql), scale)
}

/// These databases, and the rest as [`servers`] has it.
pub(crate) fn on(databases: ChainOptions, scale: &Scale) -> ChainOptions {
    databases
        .env_all("OTEL_LOGS_EXPORTER", "none")
        .env_all("REQUEST_TIMEOUT_MS", &scale.request_timeout.as_millis().to_string())
}

impl System {
    /// Starts it; spans go straight to the viewer.
    pub(crate) async fn start(options: ChainOptions) -> Self {
        let viewer = Viewer::start().await;
        let otlp = viewer.otlp();
        Self::behind(viewer, options.otlp(otlp)).await
    }

    /// Starts the services in front of a viewer; where their spans go is said already.
    pub(crate) async fn behind(viewer: Viewer, options: ChainOptions) -> Self {
        Self { chain: Chain::start(options).await, viewer, account: Account::default() }
    }

    /// Where loadgen finds it.
    pub(crate) fn ends(&self) -> Ends {
        Ends {
            edge: self.chain.url(Service::Gateway),
            traces: self.viewer.query(),
            otlp: self.viewer.otlp(),
        }
    }

    /// Stops a service in order and books what it says of its spans.
    pub(crate) async fn stop(&mut self, service: Service) {
        if let Some(process) = self.chain.stop(service).await {
            self.account += Account::of(&process);
        }
    }

    /// Stops all services, and gives what they and loadgen say of their spans, and what the viewer has of them.
    pub(crate) async fn close(mut self, loadgen: Account) -> Result<Kept> {
        for service in FROM_THE_EDGE {
            self.stop(service).await;
        }
        let mut account = self.account;
        account += loadgen;
        // A Collector in between may still be passing on.
        let arrived = until(ARRIVAL_DEADLINE, async || {
            self.viewer.stored().await.ok().filter(|stored| *stored >= account.exported)
        });
        let stored = match arrived.await {
            Some(stored) => stored,
            None => self.viewer.stored().await?,
        };
        Ok(Kept { account, stored: Some(stored) })
    }
}
