//! The loop that looks traces up, one task for all of them: verification takes at most one core from the load.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::{sync::mpsc::UnboundedReceiver, time::sleep_until};
use tokio_util::sync::CancellationToken;

use super::{
    Settings,
    condition::Condition,
    schedule::{Schedule, Waiting},
};
use crate::verify::{
    backend::{Backend, Found, LookupError},
    expectation::Expectation,
    span::Span,
    verdict::{Judgement, Verdict},
};

/// Taken over from the channel at once.
const BATCH: usize = 1024;
/// How often those whose time is over are looked for while the backend is down: it costs a walk over all that wait.
const SWEEP: Duration = Duration::from_millis(250);
/// Look-ups that may fail for a trace after its time is over, so that a hiccup at the end is no verdict.
const LATE_FAILURES: u8 = 3;

/// What the loop works on: `judge` holds spans against what is expected, `settled` takes the verdicts.
pub(super) struct Run<'a, J, S> {
    settings: &'a Settings,
    judge: J,
    settled: S,
    schedule: Schedule,
    condition: Condition,
    swept: Instant,
}

/// A look-up that has ended.
struct Looked {
    waiting: Waiting,
    started: Instant,
    result: Result<Found, LookupError>,
}

impl<'a, J, S> Run<'a, J, S>
where
    J: Fn(&Expectation, &[Span]) -> Judgement,
    S: FnMut(&Expectation, Judgement),
{
    pub(super) fn new(settings: &'a Settings, judge: J, settled: S) -> Self {
        let schedule = Schedule::new(settings.after, settings.timeout);
        let (condition, swept) = (Condition::default(), Instant::now());
        Self { settings, judge, settled, schedule, condition, swept }
    }

    /// Runs until `closing` is cancelled and every trace that came before has its verdict.
    pub(super) async fn finish(
        mut self,
        backend: &Backend,
        mut intake: UnboundedReceiver<Expectation>,
        closing: CancellationToken,
    ) {
        let mut lookups = FuturesUnordered::new();
        let mut batch = Vec::new();
        let mut open = true;
        loop {
            while let Some(waiting) = self.next(lookups.len()) {
                lookups.push(look_up(backend, waiting));
            }
            if !open && lookups.is_empty() && self.schedule.is_empty() {
                return;
            }
            let wake = self.wake(lookups.len());
            tokio::select! {
                received = intake.recv_many(&mut batch, BATCH), if open => {
                    open = received > 0;
                    batch.drain(..).for_each(|expectation| self.schedule.add(expectation));
                }
                Some(looked) = lookups.next() => self.looked(looked),
                () = sleep_until(wake.unwrap_or_else(Instant::now).into()), if wake.is_some() => {}
                // What is in the channel is still received after this.
                () = closing.cancelled(), if !intake.is_closed() => intake.close(),
            }
            self.sweep(Instant::now());
        }
    }

    /// The next trace to look up, if one is due and the backend may be asked.
    fn next(&mut self, under_way: usize) -> Option<Waiting> {
        let now = Instant::now();
        let free = under_way < self.condition.limit(self.settings.concurrency);
        let asked = free && self.condition.resting(now).is_none();
        asked.then(|| self.schedule.take_due(now)).flatten()
    }

    /// When there is something to do again that no look-up and no new trace announces.
    fn wake(&self, under_way: usize) -> Option<Instant> {
        let now = Instant::now();
        let down = self.condition.down(now, self.settings.timeout).is_some();
        let sweep = (down && !self.schedule.is_empty()).then(|| self.swept + SWEEP);
        let free = under_way < self.condition.limit(self.settings.concurrency);
        let due = self.schedule.next_due().filter(|_| free);
        let due = due.map(|due| self.condition.resting(now).map_or(due, |resume| resume.max(due)));
        sweep.into_iter().chain(due).min()
    }

    fn looked(&mut self, looked: Looked) {
        let (mut waiting, now) = (looked.waiting, Instant::now());
        let over = looked.started >= self.schedule.deadline(&waiting);
        let judgement = match looked.result {
            Ok(found) => {
                self.condition.answered();
                let judgement = self.judgement(&waiting.expectation, found);
                Some(judgement).filter(|judgement| over || !judgement.open)
            }
            Err(error) => {
                waiting.late_failures += u8::from(over);
                let judgement = unverified(&error);
                self.trouble(error, looked.started, now);
                Some(judgement).filter(|_| waiting.late_failures >= LATE_FAILURES)
            }
        };
        match judgement {
            Some(judgement) => (self.settled)(&waiting.expectation, judgement),
            None => self.schedule.again(waiting, now),
        }
    }

    fn trouble(&mut self, error: LookupError, started: Instant, now: Instant) {
        if error.concerns_all() {
            self.condition.failed(error, started, now);
        } else {
            self.condition.answered();
        }
    }

    fn judgement(&self, expectation: &Expectation, found: Found) -> Judgement {
        match found {
            Found::Spans(spans) => (self.judge)(expectation, &spans),
            Found::Unknown => (self.judge)(expectation, &[]),
            Found::Evicted => evicted(),
        }
    }

    /// Settles those whose time is over while the backend is down: asking it once for each of many thousands would never end.
    fn sweep(&mut self, now: Instant) {
        let Some(error) = self.condition.down(now, self.settings.timeout) else { return };
        if now < self.swept + SWEEP {
            return;
        }
        self.swept = now;
        let judgement = unverified(error);
        for waiting in self.schedule.take_overdue(now) {
            (self.settled)(&waiting.expectation, judgement.clone());
        }
    }
}

async fn look_up(backend: &Backend, waiting: Waiting) -> Looked {
    let started = Instant::now();
    let result = backend.fetch(waiting.expectation.trace_id).await;
    Looked { waiting, started, result }
}

fn unverified(error: &LookupError) -> Judgement {
    let detail = format!("the trace could not be looked up: the backend {error}");
    Judgement { verdict: Verdict::Unverified, hop: None, detail, open: false }
}

fn evicted() -> Judgement {
    let detail = "the backend had it and let it go before it could be judged; have it keep more (the viewer: VIEWER_STORE_BYTES), or look sooner (--verify-after)".to_owned();
    Judgement { verdict: Verdict::Evicted, hop: None, detail, open: false }
}
