//! Hands every outcome to all who want it.

use std::sync::Arc;

use crate::{
    outcome::{Observe, Outcome},
    reconcile::Reconciler,
    report::Recorder,
    verify::{
        expectation::{Asked, Expectation, Names},
        queue::Intake,
    },
    watch::Watch,
};

/// All who watch a load.
pub(super) struct Observer {
    pub(super) recorder: Recorder,
    pub(super) verification: Option<Verification>,
    pub(super) reconciler: Option<Arc<Reconciler>>,
    pub(super) watch: Option<Arc<Watch>>,
}

/// What turns an outcome into a trace to verify.
pub(super) struct Verification {
    pub(super) intake: Intake,
    /// By step of the scenario.
    pub(super) asked: Vec<Asked>,
    pub(super) names: Names,
}

impl Observe for Observer {
    fn observe(&self, outcome: Outcome) {
        self.recorder.record(&outcome);
        if let Some(watch) = &self.watch {
            watch.request(&outcome);
        }
        if let Some(reconciler) = &self.reconciler {
            reconciler.note(&outcome);
        }
        if let Some(verification) = &self.verification {
            verification.expect(&outcome);
        }
    }

    fn reads_answers(&self) -> bool {
        self.verification.is_some() || self.reconciler.is_some()
    }
}

impl Verification {
    fn expect(&self, outcome: &Outcome) {
        let Some(asked) = self.asked.get(outcome.step) else { return };
        if let Some(expectation) = Expectation::of(outcome, asked, &self.names) {
            self.intake.expect(expectation);
        }
    }
}
