//! Three times as many requests as the system can take: it sheds, and keeps what it has said of the rest.

use anyhow::{Result, ensure};

use super::Outcome;
use super::load::Load;
use super::restarts::without_servers;
use super::row::{Admitted, Row};
use super::run::Run;
use super::scale::Scale;
use super::system::{System, servers};

/// Of the closed loop that finds out how much it can take.
const CONNECTIONS: &str = "32";
const TIMES: f64 = 3.0;

pub(super) async fn drill(scale: &Scale) -> Result<Outcome> {
    let options = servers(scale);
    if let Some(missing) = without_servers(&options) {
        return Ok(missing);
    }
    let system = System::start(options).await;
    let time = format!("{}ms", scale.duration.as_millis());
    let closed = ["--closed", "--connections", CONNECTIONS, "--duration", &time];
    let saturating = Load::start(&system.ends(), &closed.map(str::to_owned))?;
    let saturating = saturating.end(scale.duration).await?;
    ensure!(saturating.rate_reached > 0.0, "nothing was answered: {:?}", saturating.total);

    let rate = TIMES * saturating.rate_reached;
    let mut run = Run::at_rate(scale, rate, system.ends(), scale.outage, &[]).await?;
    run.stop().await?;
    run.recovered().await?;
    let ran = run.judged().await?;
    ensure!(
        ran.report.answers('2') < ran.report.total.requests,
        "{rate:.0} requests a second were not too many"
    );
    let mut loadgen = ran.report.spans;
    loadgen += saturating.spans;
    let kept = system.close(loadgen).await?;
    Ok(Outcome::Done(Box::new(Row::new(ran, kept, Admitted::Astray))))
}
