//! A load that goes on while things are broken, until it is told to end.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::ends::Ends;
use super::load::Load;
use super::recovery;
use super::report::Report;
use super::scale::Scale;
use crate::poll::until;
use crate::scrape::Scrape;

/// loadgen's start on a busy machine.
const FLOW_DEADLINE: Duration = Duration::from_secs(60);

/// A run under way.
#[derive(Debug)]
pub(crate) struct Run {
    scale: Scale,
    ends: Ends,
    load: Load,
    verify_timeout: Duration,
    started: Instant,
    longest: Option<Duration>,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) report: Report,
    /// The longest recovery; `None` where nothing was to recover.
    pub(crate) recovery: Option<Duration>,
}

impl Run {
    /// Starts a steady load at the scale's rate. `outage` is how long spans or rows may be held up; `killed` are services that will be.
    pub(crate) async fn start(
        scale: &Scale,
        ends: Ends,
        outage: Duration,
        killed: &[&str],
    ) -> Result<Self> {
        Self::at_rate(scale, f64::from(scale.rate), ends, outage, killed).await
    }

    /// The same at another rate.
    pub(crate) async fn at_rate(
        scale: &Scale,
        rate: f64,
        ends: Ends,
        outage: Duration,
        killed: &[&str],
    ) -> Result<Self> {
        let verify_timeout = outage + scale.patience;
        // Longer than anything takes: the drill says when it ends.
        let mut args = ["--duration", "1h", "--verify", "--reconcile"].map(str::to_owned).to_vec();
        args.extend(["--rate".to_owned(), format!("{rate:.0}")]);
        for (flag, time) in
            [("--verify-timeout", verify_timeout), ("--verify-after", scale.verify_after)]
        {
            args.extend([flag.to_owned(), format!("{}ms", time.as_millis())]);
        }
        args.extend(killed.iter().map(|service| format!("--killed={service}")));
        let before = answered(&ends.edge).await;
        let load = Load::start(&ends, &args)?;
        let mut run = Self {
            scale: *scale,
            ends,
            load,
            verify_timeout,
            started: Instant::now(),
            longest: None,
        };
        run.flows(before).await?;
        run.lead().await?;
        Ok(run)
    }

    /// Waits for the first answers: loadgen looks around before it sends, and nothing may be broken then.
    async fn flows(&mut self, before: f64) -> Result<()> {
        let flowing = until(FLOW_DEADLINE, async || {
            let last_words = self.load.last_words();
            let flows = answered(&self.ends.edge).await > before;
            (flows || last_words.is_some()).then_some(())
        });
        let flowing = flowing.await;
        self.started = Instant::now();
        self.still_runs()?;
        flowing.context("loadgen does not send")
    }

    /// Lets the load go on for a moment: before, between and after what is broken.
    pub(crate) async fn lead(&mut self) -> Result<()> {
        self.goes_on(self.scale.lead).await
    }

    /// Lets time pass under load: that something is away for so long is what a drill is about.
    pub(crate) async fn goes_on(&mut self, time: Duration) -> Result<()> {
        tokio::time::sleep(time).await;
        self.still_runs()
    }

    /// Waits until a purchase is completed again, and notes how long that took.
    pub(crate) async fn recovered(&mut self) -> Result<()> {
        let took = recovery::completed(&self.ends.edge).await?;
        self.took(took);
        Ok(())
    }

    /// Notes a recovery.
    pub(crate) fn took(&mut self, time: Duration) {
        self.longest = self.longest.max(Some(time));
    }

    /// Ends the sending, not before the least time, and after a moment of peace.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        let least = self.scale.duration.saturating_sub(self.started.elapsed());
        self.goes_on(least.max(self.scale.lead)).await?;
        self.load.interrupt();
        Ok(())
    }

    /// Waits for the judgement.
    pub(crate) async fn judged(self) -> Result<Ran> {
        let report = self.load.end(self.verify_timeout).await?;
        Ok(Ran { report, recovery: self.longest })
    }

    /// [`Run::stop`], then [`Run::judged`].
    pub(crate) async fn end(mut self) -> Result<Ran> {
        self.stop().await?;
        self.judged().await
    }

    fn still_runs(&mut self) -> Result<()> {
        let last_words = self.load.last_words();
        ensure!(last_words.is_none(), "loadgen has ended before it was told to: {last_words:?}");
        Ok(())
    }
}

/// Purchases that the edge has answered.
async fn answered(edge: &str) -> f64 {
    Scrape::of(edge).await.sum_with("http_requests_total", "endpoint=\"/api/v1/process\"")
}
