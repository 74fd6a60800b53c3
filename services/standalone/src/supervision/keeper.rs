//! The task that owns one child: starts it, waits until it is ready, starts it again when it dies.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use super::process::{Ending, Process};
use super::{ChildSpec, Report, Wish};
use crate::announcement::say;
use crate::failure::Failure;
use crate::{ports, probe};

/// A child that answers its readiness later than this is not ready.
pub(super) const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
const PROBE_INTERVAL: Duration = Duration::from_millis(50);

const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// A child that died this often before it was ever ready will not become so by itself.
const STARTS: u32 = 5;

/// A child that ran this long was well: its next death is a first one again.
const RAN_WELL: Duration = Duration::from_secs(60);

pub(super) struct Keeper {
    spec: ChildSpec,
    client: reqwest::Client,
    wishes: watch::Receiver<Wish>,
    reports: mpsc::UnboundedSender<Report>,
    /// Until when the first readiness has to be there.
    deadline: Instant,
    was_ready: bool,
    deaths_in_a_row: u32,
}

/// Why watching ended.
enum Watched {
    Died(Ending),
    NeverReady(String),
    ToldToStop,
}

impl Keeper {
    pub(super) fn new(
        spec: ChildSpec,
        client: reqwest::Client,
        wishes: watch::Receiver<Wish>,
        reports: mpsc::UnboundedSender<Report>,
    ) -> Self {
        let deadline = Instant::now() + spec.ready_within;
        Self { spec, client, wishes, reports, deadline, was_ready: false, deaths_in_a_row: 0 }
    }

    /// Runs until told to stop, or until it has reported that it cannot go on. The child is gone
    /// in either case.
    pub(super) async fn keep(mut self) {
        while *self.wishes.borrow() == Wish::Run {
            let started = Instant::now();
            let mut process = match Process::start(&self.spec) {
                Ok(process) => process,
                Err(error) => return self.give_up(self.not_started(&error)),
            };
            let watched = self.watch(&mut process).await;
            match watched {
                Watched::ToldToStop => return self.stop(&mut process).await,
                Watched::NeverReady(last) => {
                    self.stop(&mut process).await;
                    return self.give_up(self.never_ready(&last));
                }
                Watched::Died(ending) => match self.after_death(&ending, started) {
                    Ok(delay) => self.pause(delay).await,
                    Err(failure) => return self.give_up(failure),
                },
            }
        }
    }

    /// Waits for whatever happens to the child first, telling once that it is ready.
    async fn watch(&mut self, process: &mut Process) -> Watched {
        let started = Instant::now();
        tokio::select! {
            ending = process.gone() => return Watched::Died(ending),
            () = told_to_stop(&mut self.wishes) => return Watched::ToldToStop,
            ready = wait_until_ready(&self.client, &self.spec.ready_url, (!self.was_ready).then_some(self.deadline)) => {
                if let Err(last) = ready {
                    return Watched::NeverReady(last);
                }
            }
        }
        self.tell_ready(started);
        tokio::select! {
            ending = process.gone() => Watched::Died(ending),
            () = told_to_stop(&mut self.wishes) => Watched::ToldToStop,
        }
    }

    fn tell_ready(&mut self, started: Instant) {
        let again = if self.was_ready { " again" } else { "" };
        self.was_ready = true;
        let took = started.elapsed().as_secs_f64();
        say(&format!("{} is ready{again} after {took:.2} s", self.spec.name));
        let _ = self.reports.send(Report::Ready(self.spec.name.clone()));
    }

    /// How long to wait before the next start, or why there is no use in one.
    fn after_death(&mut self, ending: &Ending, started: Instant) -> Result<Duration, Failure> {
        let name = &self.spec.name;
        if ending.is_refusal() && !self.was_ready {
            return Err(Failure::refused(format!(
                "{name} cannot work with this configuration ({ending}, its message is above); everything is \
                 stopped. What it names may have been set for it alone, with {}_ in front",
                name.to_uppercase()
            )));
        }
        ports::check(&self.spec.ports)?;
        if !self.was_ready && Instant::now() >= self.deadline {
            return Err(self.never_ready(&format!("it died with {ending}")));
        }
        if started.elapsed() >= RAN_WELL {
            self.deaths_in_a_row = 0;
        }
        if !self.was_ready && self.deaths_in_a_row + 1 >= STARTS {
            return Err(Failure::failed(format!(
                "{name} died {STARTS} times before it was ever ready, the last time with {ending}, its message is \
                 above; everything is stopped"
            )));
        }
        let delay =
            LONGEST_DELAY.min(FIRST_DELAY * 2_u32.saturating_pow(self.deaths_in_a_row.min(16)));
        self.deaths_in_a_row += 1;
        say(&format!("{name} died ({ending}); starting it again in {:.1} s", delay.as_secs_f64()));
        Ok(delay)
    }

    async fn pause(&mut self, delay: Duration) {
        tokio::select! {
            () = sleep(delay) => {}
            () = told_to_stop(&mut self.wishes) => {}
        }
    }

    /// SIGTERM, then patience, then SIGKILL: at once when that is the wish.
    async fn stop(&mut self, process: &mut Process) {
        if *self.wishes.borrow() != Wish::Kill {
            process.terminate();
            tokio::select! {
                gone = timeout(self.spec.stop_within, process.gone()) => match gone {
                    Ok(_) => return,
                    Err(_) => say(&format!(
                        "{} did not stop within {} s and is killed", self.spec.name, self.spec.stop_within.as_secs()
                    )),
                },
                _ = self.wishes.wait_for(|wish| *wish == Wish::Kill) => {}
            }
        }
        process.kill();
        process.gone().await;
    }

    fn give_up(&self, failure: Failure) {
        let _ = self.reports.send(Report::Fatal(failure));
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure::failed(format!(
            "{} could not be started from {}: {error}",
            self.spec.name,
            self.spec.program.display()
        ))
    }

    fn never_ready(&self, last: &str) -> Failure {
        Failure::failed(format!(
            "{} was not ready within {} s, the last of {}: {last}; everything is stopped",
            self.spec.name,
            self.spec.ready_within.as_secs(),
            self.spec.ready_url
        ))
    }
}

/// Also when the other end is gone: then nobody is left to keep a child for.
async fn told_to_stop(wishes: &mut watch::Receiver<Wish>) {
    let _ = wishes.wait_for(|wish| *wish != Wish::Run).await;
}

/// Asks until the answer is 200.
///
/// # Errors
/// The last answer, when `deadline` has passed.
async fn wait_until_ready(
    client: &reqwest::Client,
    url: &str,
    deadline: Option<Instant>,
) -> Result<(), String> {
    let url: reqwest::Url = url.parse().map_err(|error| format!("{url} is no URL: {error}"))?;
    loop {
        let last = match probe::get(client, url.clone()).await {
            Ok(answer) if answer.status == reqwest::StatusCode::OK => return Ok(()),
            Ok(answer) => format!("{} {}", answer.status, answer.body.trim()),
            Err(cause) => cause,
        };
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(last);
        }
        sleep(PROBE_INTERVAL).await;
    }
}
