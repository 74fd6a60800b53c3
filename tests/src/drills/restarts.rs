//! Services that are stopped in order under load.

use anyhow::{Result, ensure};

use super::Outcome;
use super::row::{Admitted, Row};
use super::run::Run;
use super::scale::Scale;
use super::system::{FROM_THE_EDGE, System, servers};
use crate::chain_options::{ChainOptions, Service};

/// Says what is missing where a system cannot be started.
pub(super) fn without_servers(options: &ChainOptions) -> Option<Outcome> {
    let text = "a database server is not here: run infra/test.sh once";
    options.is_not_run().then(|| Outcome::NotRun(text.to_owned()))
}

/// Ends the run and the system, and makes the row.
pub(super) async fn row(run: Run, system: System, admitted: Admitted) -> Result<Row> {
    let ran = run.end().await?;
    let kept = system.close(ran.report.spans).await?;
    Ok(Row::new(ran, kept, admitted))
}

/// SIGTERM, the end, and a new start, of one service after the other.
pub(super) async fn rolling(scale: &Scale) -> Result<Outcome> {
    let options = servers(scale);
    if let Some(missing) = without_servers(&options) {
        return Ok(missing);
    }
    let mut system = System::start(options).await;
    let mut run = Run::start(scale, system.ends(), scale.outage, &[]).await?;
    for service in FROM_THE_EDGE {
        system.stop(service).await;
        system.chain.restart(service).await;
        run.recovered().await?;
        run.lead().await?;
    }
    Ok(Outcome::Done(Box::new(row(run, system, Admitted::Astray).await?)))
}

/// What audit misses is delivered when it is back, within the traces that it belongs to.
pub(super) async fn audit_down(scale: &Scale) -> Result<Outcome> {
    let options = servers(scale);
    if let Some(missing) = without_servers(&options) {
        return Ok(missing);
    }
    let mut system = System::start(options).await;
    let mut run = Run::start(scale, system.ends(), scale.audit_outage, &[]).await?;
    system.stop(Service::Audit).await;
    run.goes_on(scale.audit_outage).await?;
    system.chain.restart(Service::Audit).await;
    run.recovered().await?;
    let row = row(run, system, Admitted::Astray).await?;
    ensure!(row.report.status("202") > 0, "nothing was left for later: {:?}", row.report.total);
    Ok(Outcome::Done(Box::new(row)))
}
