//! The services' own metrics: `SCRAPE_TARGETS` are read every few seconds, and what the Metrics page draws of them is kept.
//!
//! - `target`: what a target may be.
//! - `fetch` over `exposition`: one read of `/metrics`, and the text format itself.
//! - `reading`: of one read, what is looked at, series by series.
//! - `point`: how much has happened between two reads. Increases are worked out here, series by series, so that a counter that began
//!   again with its process is told apart from one that went on, whatever the sum over all of them did.
//! - `history`: the points, oldest out first.
//!
//! Invariants: a read is bounded in time, bytes and series, the history in points, and both in targets; a target that was not read
//! is kept as such, never as zero.

mod exposition;
mod fetch;
mod history;
mod point;
mod reading;
mod target;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

pub use target::{Target, Targets};

pub(crate) use fetch::{MAX_BODY, TIMEOUT};
pub(crate) use history::{CAPACITY, History};
pub(crate) use point::{Counts, Gauges, Increase, Outcome, Point};
pub(crate) use reading::{MAX_BOUNDS, MAX_SERIES};
pub(crate) use target::MAX_TARGETS;

use fetch::Fetcher;
use point::Since;

/// Between two reads of a target.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);

/// What is known of all targets.
#[derive(Debug)]
pub(crate) struct Scrapes {
    pub(crate) interval: Duration,
    watched: Vec<Watched>,
}

/// One target and its points.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) target: Target,
    history: Mutex<History>,
}

impl Scrapes {
    /// Begins to read `targets` every `interval`, until `stop`.
    pub(crate) fn start(
        Targets(targets): &Targets,
        interval: Duration,
        tasks: &mut JoinSet<()>,
        stop: &CancellationToken,
    ) -> anyhow::Result<Arc<Self>> {
        let watched = targets
            .iter()
            .map(|target| Watched { target: target.clone(), history: Mutex::default() });
        let scrapes = Arc::new(Self { interval, watched: watched.collect() });
        if targets.is_empty() {
            return Ok(scrapes);
        }
        let fetcher = Fetcher::new(targets)?;
        for place in 0..targets.len() {
            let (scrapes, fetcher, stop) = (Arc::clone(&scrapes), fetcher.clone(), stop.clone());
            tasks.spawn(async move {
                let watching = scrapes.watched[place].watch(&fetcher, interval);
                // It watches until it is told to stop.
                stop.run_until_cancelled(watching).await;
            });
        }
        Ok(scrapes)
    }

    pub(crate) fn targets(&self) -> &[Watched] {
        &self.watched
    }
}

impl Watched {
    /// Runs `look` on the points while no new one can come.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&History) -> T) -> T {
        look(&self.history.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn watch(&self, fetcher: &Fetcher, period: Duration) {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut since = Since::new(now());
        loop {
            ticks.tick().await;
            let fetched = fetcher.fetch(&self.target).await;
            let point = since.point(now(), fetched);
            self.history.lock().unwrap_or_else(PoisonError::into_inner).push(point);
        }
    }
}

/// Milliseconds since the epoch.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
