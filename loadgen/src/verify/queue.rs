//! Looks every trace up, again and again until it is whole or its time is over.
//!
//! Invariants:
//! - Every trace that is expected gets exactly one verdict.
//! - Expecting never blocks, and what is kept of a trace until its verdict is small (a test says how much) whatever its size.
//! - A backend in trouble is asked by one look-up at a time and rests as long as it asks for; it is never called missing what it could not be asked for.

use std::{
    panic,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::mpsc::{self, UnboundedSender};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    backend::Backend,
    contract::Contracts,
    expectation::Expectation,
    judge,
    summary::Summary,
    verdict::{Judgement, Verdict},
};

mod condition;
mod run;
mod schedule;

/// How traces are looked up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The first look-up comes so long after the answer.
    pub after: Duration,
    /// Spans may come for so long after the answer.
    pub timeout: Duration,
    /// Look-ups at once.
    pub concurrency: usize,
    /// Services that are killed on purpose.
    pub killed: Vec<String>,
}

/// Called with every verdict, from the task that looks up: it must be quick.
pub type OnVerdict = Arc<dyn Fn(&Judgement) + Send + Sync>;

/// The running verifier. Dropping it ends all look-ups.
#[derive(Debug)]
pub struct Verifier {
    intake: Intake,
    closing: CancellationToken,
    task: AbortOnDropHandle<Summary>,
}

/// Takes traces to verify; may be cloned and kept where answers come in.
#[derive(Clone, Debug)]
pub struct Intake {
    sender: UnboundedSender<Expectation>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    expected: AtomicU64,
    verified: AtomicU64,
    whole: AtomicU64,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Progress {
    /// Traces to verify so far.
    pub expected: u64,
    /// Those that have their verdict.
    pub verified: u64,
    /// Those of them that are whole.
    pub whole: u64,
}

impl Verifier {
    /// Starts on the caller's runtime.
    #[must_use]
    pub fn start(
        settings: Settings,
        contracts: Arc<Contracts>,
        backend: Backend,
        on_verdict: Option<OnVerdict>,
    ) -> Self {
        let (sender, received) = mpsc::unbounded_channel();
        let counts = Arc::<Counts>::default();
        let intake = Intake { sender, counts: Arc::clone(&counts) };
        let closing = CancellationToken::new();
        let closed = closing.clone();
        let task = tokio::spawn(async move {
            let mut summary = Summary::default();
            let judge = |expectation: &Expectation, spans: &[_]| {
                judge::judge(&contracts, expectation, spans, &settings.killed)
            };
            let settled = |expectation: &Expectation, judgement: Judgement| {
                counts.settled(judgement.verdict);
                if let Some(tell) = &on_verdict {
                    tell(&judgement);
                }
                summary.settle(expectation, judgement);
            };
            let run = run::Run::new(&settings, judge, settled);
            run.finish(&backend, received, closed).await;
            summary.expected = counts.expected.load(Ordering::Relaxed);
            summary
        });
        Self { intake, closing, task: AbortOnDropHandle::new(task) }
    }

    /// Has a trace verified. Never blocks.
    pub fn expect(&self, expectation: Expectation) {
        self.intake.expect(expectation);
    }

    /// Where traces to verify can be handed in beside [`Verifier::expect`], and the progress be read while [`Verifier::finish`] waits.
    #[must_use]
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// How far it is; cheap.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.intake.progress()
    }

    /// Takes no more traces, and gives the summary when every one has its verdict.
    pub async fn finish(self) -> Summary {
        self.closing.cancel();
        match self.task.await {
            Ok(summary) => summary,
            // The task is only aborted by the drop of this value, which is borrowed here.
            Err(error) => panic::resume_unwind(error.into_panic()),
        }
    }
}

impl Intake {
    /// Has a trace verified. Never blocks; after [`Verifier::finish`] it is neither counted nor verified.
    pub fn expect(&self, expectation: Expectation) {
        // Counted first: a verdict must never be seen before what it is on.
        self.counts.expected.fetch_add(1, Ordering::Relaxed);
        if self.sender.send(expectation).is_err() {
            self.counts.expected.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// How far it is; cheap.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let read = |count: &AtomicU64| count.load(Ordering::Acquire);
        // In this order, so that a part is never read as more than its whole.
        let (whole, verified) = (read(&self.counts.whole), read(&self.counts.verified));
        Progress { expected: read(&self.counts.expected), verified, whole }
    }
}

impl Counts {
    fn settled(&self, verdict: Verdict) {
        self.verified.fetch_add(1, Ordering::Release);
        if verdict == Verdict::Whole {
            self.whole.fetch_add(1, Ordering::Release);
        }
    }
}
