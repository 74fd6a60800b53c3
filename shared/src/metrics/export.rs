//! Who reads the metrics: `/metrics`, its further port, and what is pushed at an interval.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use opentelemetry_sdk::Resource;
use tokio_util::sync::CancellationToken;

use super::{endpoint, push::Push, spans::SpanCollector};
use crate::{
    config::telemetry::TelemetryArgs,
    server::{Protocol, cannot_listen, serve_untraced},
    telemetry::Ledger,
};

/// Connections to `METRICS_PORT`.
const MAX_SCRAPERS: usize = 64;

/// The running exporters of metrics.
#[derive(Debug)]
pub(crate) struct Export {
    push: Option<Push>,
    server: Option<tokio::task::AbortHandle>,
}

impl Export {
    pub(crate) fn start(
        args: &TelemetryArgs,
        resource: &Resource,
        ledger: Arc<Ledger>,
        service: &'static str,
    ) -> anyhow::Result<Self> {
        let exporters =
            if args.otel_sdk_disabled { Default::default() } else { args.otel_metrics_exporter };
        endpoint::serve(exporters.prometheus);
        super::registry()
            .register(Box::new(SpanCollector::new(ledger)))
            .context("the account of spans is registered already")?;
        let target = exporters.otlp.then(|| args.metrics_target()).transpose()?;
        let push =
            Push::start(args.otel_metric_export_interval, target, exporters.console, resource)?;
        let server = args
            .metrics_port
            .map(|port| serve_on(service, SocketAddr::new(args.metrics_host, port)))
            .transpose()?;
        Ok(Self { push, server })
    }

    /// Pushes a last time and ends. Blocks for at most `timeout`.
    pub(crate) fn stop(self, timeout: Duration) -> anyhow::Result<()> {
        let stopped = self.push.map_or(Ok(()), |push| push.stop(timeout));
        if let Some(server) = self.server {
            server.abort();
        }
        stopped
    }
}

/// Binds at once, so that a taken port is an error of the start.
fn serve_on(
    service: &'static str,
    address: SocketAddr,
) -> anyhow::Result<tokio::task::AbortHandle> {
    let told =
        |error: std::io::Error| anyhow::anyhow!(cannot_listen(address, "METRICS_PORT", &error));
    let listener = std::net::TcpListener::bind(address).map_err(told)?;
    listener.set_nonblocking(true).map_err(told)?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(told)?;
    let address = listener.local_addr().unwrap_or(address);
    tracing::info!(%address, "Metrics have a port of their own (METRICS_PORT)");
    let routes = endpoint::routes();
    let never = CancellationToken::new();
    let served = serve_untraced(service, listener, Protocol::Http1, routes, MAX_SCRAPERS, never);
    Ok(tokio::spawn(served).abort_handle())
}
