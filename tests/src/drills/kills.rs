//! `kill -9` under load: of each process of the launcher, which starts it again, and of the launcher itself.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::Outcome;
use super::launched::Launched;
use super::row::{Admitted, Kept, Row};
use super::run::Run;
use super::scale::Scale;
use super::viewer::Viewer;
use crate::engine::Engine;

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// The gateway.
    Gateway,
    /// user-service.
    User,
    /// order-service.
    Order,
    /// audit-service.
    Audit,
    /// The viewer.
    Viewer,
    /// The launcher.
    Launcher,
}

impl Victim {
    /// Its subcommand of `tracechain`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::User => "user",
            Self::Order => "order",
            Self::Audit => "audit",
            Self::Viewer => "viewer",
            Self::Launcher => "launcher",
        }
    }

    /// Its `service.name`, of whoever has one.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::User => "user-service",
            Self::Order => "order-service",
            Self::Audit => "audit-service",
            Self::Gateway | Self::Viewer | Self::Launcher => self.name(),
        }
    }

    /// How often it is killed: its end is nothing that could happen to the launcher twice.
    pub(crate) fn strikes(self, scale: &Scale) -> u32 {
        if self == Self::Launcher { 1 } else { scale.strikes }
    }
}

fn without_servers() -> Option<Outcome> {
    let missing =
        [Engine::Postgres, Engine::MySql].into_iter().find(|engine| engine.is_not_run())?;
    Some(Outcome::NotRun(format!("{missing} is not here: run infra/test.sh once")))
}

pub(super) async fn process(scale: &Scale, victim: Victim) -> Result<Outcome> {
    if let Some(missing) = without_servers() {
        return Ok(missing);
    }
    let system = Launched::start(scale, &[]).await?;
    let killed = if victim == Victim::Viewer { vec![] } else { vec![victim.title()] };
    let mut run = Run::start(scale, system.ends(), Duration::ZERO, &killed).await?;
    for _ in 0..victim.strikes(scale) {
        let struck = Instant::now();
        system.kill(victim.name()).await?;
        match victim {
            Victim::Viewer => system.viewer_is_ready().await?,
            _ => run.recovered().await?,
        }
        run.took(struck.elapsed());
        run.lead().await?;
    }
    let ran = run.end().await?;
    let mut account = system.stop().await?;
    account += ran.report.spans;
    let admitted = if victim == Victim::Viewer { Admitted::ViewerKilled } else { Admitted::Astray };
    let row = Row::new(ran, Kept { account, stored: None }, admitted);
    Ok(Outcome::Done(Box::new(row)))
}

/// Its children notice, finish what they have and leave; nothing is lost, though nobody waits for them.
pub(super) async fn launcher(scale: &Scale) -> Result<Outcome> {
    if let Some(missing) = without_servers() {
        return Ok(missing);
    }
    // One that the launcher would start would end with it, and all traces with that.
    let viewer = Viewer::start().await;
    let mut system =
        Launched::start(scale, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &viewer.otlp())]).await?;
    let mut ends = system.ends();
    (ends.traces, ends.otlp) = (viewer.query(), viewer.otlp());
    let mut run = Run::start(scale, ends, Duration::ZERO, &[]).await?;
    let struck = Instant::now();
    system.kill_launcher().await?;
    system.start_again().await?;
    run.recovered().await?;
    run.took(struck.elapsed());
    let ran = run.end().await?;
    ensure!(ran.report.answers('2') < ran.report.total.requests, "nobody has noticed the kill");
    let mut account = system.stop().await?;
    account += ran.report.spans;
    let stored = Some(viewer.stored().await?);
    let row = Row::new(ran, Kept { account, stored }, Admitted::Astray);
    Ok(Outcome::Done(Box::new(row)))
}
