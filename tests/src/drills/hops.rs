//! A hop that hangs, and one that forgets the context.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::Outcome;
use super::restarts::{row, without_servers};
use super::row::Admitted;
use super::run::Run;
use super::scale::Scale;
use super::system::{System, servers};
use crate::chain_options::Service;
use crate::http_client::http;
use crate::proxy::Mode;
use crate::scrape::Scrape;

const STRUCK: &str = "tracechain_faults_injected_total{fault=\"drop_context\"}";

/// Connections to `service` are taken and requests read, and nothing comes back. What hung is delivered in the end.
pub(super) async fn hangs(scale: &Scale, service: Service) -> Result<Outcome> {
    let options = servers(scale);
    if let Some(missing) = without_servers(&options) {
        return Ok(missing);
    }
    let system = System::start(options.proxied(service)).await;
    let outage = scale.outage.max(scale.request_timeout + scale.lead);
    let mut run = Run::start(scale, system.ends(), outage, &[]).await?;
    system.chain.proxy(service).set(Mode::BlackHole).await;
    run.goes_on(outage).await?;
    system.chain.proxy(service).set(Mode::Pass).await;
    run.recovered().await?;
    let row = row(run, system, Admitted::Astray).await?;
    let felt = if service == Service::Audit { "202" } else { "504" };
    ensure!(row.report.status(felt) > 0, "nobody has waited in vain: {:?}", row.report.total);
    Ok(Outcome::Done(Box::new(row)))
}

/// A share of a service's calls goes out without context: as many traces are broken, at this hop, as the service has counted.
pub(super) async fn drops_context(scale: &Scale, service: Service) -> Result<Outcome> {
    let options = servers(scale).env_all("LAB", "true");
    if let Some(missing) = without_servers(&options) {
        return Ok(missing);
    }
    let system = System::start(options).await;
    let url = system.chain.url(service);
    let mut run = Run::start(scale, system.ends(), Duration::ZERO, &[]).await?;
    switch(&url, &format!("drop_context={}", scale.share)).await?;
    run.goes_on(scale.duration).await?;
    // Before the load ends: looking up rows goes through the gateway as well, and would be struck.
    switch(&url, "").await?;
    let count = count(Scrape::of(&url).await.value(STRUCK));
    ensure!(count > 0, "not one context was dropped");
    let (from, to) = hop(service).context("audit-service calls nobody")?;
    let admitted = Admitted::ContextDropped { from, to, count };
    Ok(Outcome::Done(Box::new(row(run, system, admitted).await?)))
}

async fn switch(url: &str, faults: &str) -> Result<()> {
    let request = http().put(format!("{url}/faults")).json(&json!({ "faults": faults }));
    request.send().await?.error_for_status()?;
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a counter is a whole number far below 2^52"
)]
fn count(value: f64) -> u64 {
    value as u64
}

fn hop(service: Service) -> Option<(&'static str, &'static str)> {
    match service {
        Service::Gateway => Some(("gateway", "user-service")),
        Service::User => Some(("user-service", "order-service")),
        Service::Order => Some(("order-service", "audit-service")),
        Service::Audit => None,
    }
}
