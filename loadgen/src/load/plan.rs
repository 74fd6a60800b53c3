//! How much is sent, and when: the command line's wish, made exact.

use std::{num::NonZeroUsize, time::Duration};

use shared::config::Invalid;

use crate::cli::{Arrivals, CLOSED_CONNECTIONS, LoadArgs, OPEN_CONNECTIONS, Ramp};

/// Requests per second of an open loop whose rate is not given.
const RATE: f64 = 50.0;
/// The same when it only watches.
const WATCH_RATE: f64 = 1.0;
/// How long is sent unless said otherwise.
const DURATION: Duration = Duration::from_secs(10);
/// Steps of a ramp without a duration.
const RAMP_STEPS: usize = 10;
/// More would be a ramp that no one can read, and a report without end.
const MAX_RAMP_STEPS: f64 = 1000.0;

/// What a run sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// When requests leave.
    pub pace: Pace,
    /// Connections held at most.
    pub connections: usize,
    /// The longest that a request may take from its scheduled start.
    pub timeout: Duration,
}

/// When requests leave.
#[derive(Clone, Debug, PartialEq)]
pub enum Pace {
    /// At their own time, whatever the answers do.
    Open {
        /// One after the other; the warm-up is the first.
        stages: Vec<Stage>,
        /// How they are spaced within a stage.
        arrivals: Arrivals,
    },
    /// When the answer before is there.
    Closed {
        /// Sent for so long before the figures begin.
        warm_up: Duration,
        /// When it ends.
        until: Until,
    },
}

/// A stretch of an open loop at one rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Requests per second.
    pub rate: f64,
    /// How long it lasts; `None` where it has no end.
    pub length: Option<Duration>,
    /// Requests in it: rate x length, rounded; without an end as many as there are numbers.
    pub requests: u64,
    /// Whether it is sent before the figures begin.
    pub warm_up: bool,
}

/// The end of a closed loop, counted from where the figures begin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// No request begins later.
    Elapsed(Duration),
    /// So many requests.
    Sent(u64),
}

impl Plan {
    /// The plan of a command line; `watch` runs without end unless it says otherwise.
    ///
    /// # Errors
    /// Values that go together with no load.
    pub fn new(args: &LoadArgs, watch: bool) -> Result<Self, Invalid> {
        let pace = match (args.closed, args.ramp) {
            (true, _) => closed(args),
            (false, Some(ramp)) => open(args, ramp_stages(ramp, args.duration)?)?,
            (false, None) => open(args, vec![flat(args, watch)])?,
        };
        let connections = if args.closed { CLOSED_CONNECTIONS } else { OPEN_CONNECTIONS };
        let connections = args.connections.map_or(connections, NonZeroUsize::get);
        Ok(Self { pace, connections, timeout: args.timeout })
    }

    /// The requests of the figures, where they are known before: not in a closed loop of some duration, nor without an end.
    #[must_use]
    pub fn requests(&self) -> Option<u64> {
        match &self.pace {
            Pace::Open { stages, .. } => stages
                .iter()
                .filter(|stage| !stage.warm_up)
                .map(|stage| stage.length.map(|_| stage.requests))
                .sum(),
            Pace::Closed { until: Until::Sent(requests), .. } => Some(*requests),
            Pace::Closed { .. } => None,
        }
    }

    /// How long requests are released, warm-up included; `None` where that is not known before.
    #[must_use]
    pub fn length(&self) -> Option<Duration> {
        match &self.pace {
            Pace::Open { stages, .. } => stages.iter().map(|stage| stage.length).sum(),
            Pace::Closed { warm_up, until: Until::Elapsed(length) } => Some(*warm_up + *length),
            Pace::Closed { .. } => None,
        }
    }

    /// How long it warms up.
    #[must_use]
    pub fn warm_up(&self) -> Duration {
        match &self.pace {
            Pace::Open { stages, .. } => {
                stages.iter().filter(|stage| stage.warm_up).filter_map(|stage| stage.length).sum()
            }
            Pace::Closed { warm_up, .. } => *warm_up,
        }
    }
}

impl Stage {
    fn new(rate: f64, length: Duration) -> Self {
        let requests = requests(rate, length);
        Self { rate, length: Some(length), requests, warm_up: false }
    }
}

fn requests(rate: f64, length: Duration) -> u64 {
    (rate * length.as_secs_f64()).round() as u64
}

fn closed(args: &LoadArgs) -> Pace {
    let until = match args.requests {
        Some(requests) => Until::Sent(requests.get() as u64),
        None => Until::Elapsed(args.duration.unwrap_or(DURATION)),
    };
    Pace::Closed { warm_up: args.warm_up.unwrap_or_default(), until }
}

fn open(args: &LoadArgs, mut stages: Vec<Stage>) -> Result<Pace, Invalid> {
    if stages.iter().all(|stage| stage.requests == 0) {
        let rate = stages.first().map_or(0.0, |stage| stage.rate);
        let text = format!(
            "--rate {rate} for the duration given is not one request: give a higher --rate or a longer --duration"
        );
        return Err(Invalid(text));
    }
    if let (Some(length), Some(first)) = (args.warm_up, stages.first().copied()) {
        stages.insert(0, Stage { warm_up: true, ..Stage::new(first.rate, length) });
    }
    Ok(Pace::Open { stages, arrivals: args.arrivals })
}

fn flat(args: &LoadArgs, watch: bool) -> Stage {
    let rate = args.rate.unwrap_or(if watch { WATCH_RATE } else { RATE });
    match (args.requests, args.duration) {
        (Some(requests), _) => {
            let requests = requests.get() as u64;
            let length = Duration::from_secs_f64(requests as f64 / rate);
            Stage { rate, length: Some(length), requests, warm_up: false }
        }
        (None, None) if watch => Stage { rate, length: None, requests: u64::MAX, warm_up: false },
        (None, duration) => Stage::new(rate, duration.unwrap_or(DURATION)),
    }
}

/// Steps from the first rate to the last, evenly; where the duration is no multiple of a step's length, the last is shorter.
fn ramp_stages(ramp: Ramp, duration: Option<Duration>) -> Result<Vec<Stage>, Invalid> {
    let Ramp { from, to, step } = ramp;
    let total = duration.unwrap_or(step * RAMP_STEPS as u32);
    let steps = (total.as_secs_f64() / step.as_secs_f64()).ceil();
    if total < step * 2 || steps > MAX_RAMP_STEPS {
        let text = format!(
            "--ramp has steps of {} and --duration is {}: give a duration of at least two steps and at most {MAX_RAMP_STEPS}, \
             or leave it out for {RAMP_STEPS} steps",
            humantime::format_duration(step),
            humantime::format_duration(total),
        );
        return Err(Invalid(text));
    }
    let stage = |index: u32| {
        let share = f64::from(index) / (steps - 1.0);
        Stage::new(from + (to - from) * share, step.min(total.saturating_sub(step * index)))
    };
    Ok((0..steps as u32).map(stage).collect())
}

#[cfg(test)]
mod tests;
