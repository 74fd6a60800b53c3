//! The moments of an open loop, one after the other, made as they are asked for: a run of any length takes no memory.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::plan::Stage;
use crate::cli::Arrivals;

/// When one request is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Due {
    /// Its number, counted from 0.
    pub(crate) n: u64,
    /// From the start of the run.
    pub(crate) at: Duration,
    pub(crate) warm_up: bool,
    /// The rate that is asked for around it.
    pub(crate) rate: f64,
}

/// All requests of the stages, in the order of their times.
pub(crate) struct Schedule {
    stages: std::vec::IntoIter<Stage>,
    arrivals: Arrivals,
    random: StdRng,
    n: u64,
    current: Option<Running>,
    /// Where the next stage begins.
    next_begin: Duration,
}

struct Running {
    stage: Stage,
    begin: Duration,
    sent: u64,
    /// Seconds into the stage of the last arrival.
    last: f64,
}

impl Schedule {
    pub(crate) fn new(stages: Vec<Stage>, arrivals: Arrivals, seed: u64) -> Self {
        Self {
            stages: stages.into_iter(),
            arrivals,
            random: StdRng::seed_from_u64(seed),
            n: 0,
            current: None,
            next_begin: Duration::ZERO,
        }
    }

    /// The stage that still has requests, if any is left.
    fn running(&mut self) -> Option<&mut Running> {
        while self.current.as_ref().is_none_or(|running| running.sent == running.stage.requests) {
            let stage = self.stages.next()?;
            let begin = self.next_begin;
            self.next_begin += stage.length.unwrap_or_default();
            self.current = Some(Running { stage, begin, sent: 0, last: 0.0 });
        }
        self.current.as_mut()
    }
}

impl Iterator for Schedule {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        let (arrivals, uniform) = (self.arrivals, self.random.random::<f64>());
        let n = self.n;
        let running = self.running()?;
        running.last = match arrivals {
            // Not the last one plus the gap: the errors of a sum would grow with the length of the run.
            Arrivals::Constant => running.sent as f64 / running.stage.rate,
            Arrivals::Poisson => running.poisson(uniform),
        };
        running.sent += 1;
        let Running { stage, begin, last, .. } = *running;
        self.n += 1;
        let at = begin + Duration::from_secs_f64(last);
        Some(Due { n, at, warm_up: stage.warm_up, rate: stage.rate })
    }
}

impl Running {
    /// The next of a Poisson process. Conditioned on the count, its arrivals are independent and uniform over the stage, and the first of `k`
    /// sorted uniform ones over what is left lies at `1 - u^(1/k)` of it.
    fn poisson(&self, uniform: f64) -> f64 {
        // Of (0, 1], since the logarithm of 0 is none.
        let uniform = 1.0 - uniform;
        match self.stage.length {
            Some(length) => {
                let left = (length.as_secs_f64() - self.last).max(0.0);
                let share = -(uniform.ln() / (self.stage.requests - self.sent) as f64).exp_m1();
                self.last + left * share
            }
            None => self.last - uniform.ln() / self.stage.rate,
        }
    }
}

#[cfg(test)]
mod tests;
