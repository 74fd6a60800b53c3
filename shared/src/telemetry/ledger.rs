//! The account of sampled spans: where each one that ended has gone.
//!
//! Invariant: in every snapshot `ended = exported + failed + dropped + queued`, batches in flight being queued. One lock
//! guards all of it, so there is no moment at which a reader sees half a step.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Numbers of sampled spans since the start of the process.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SpanAccount {
    /// Ended in this process.
    pub ended: u64,
    /// Taken by the OTLP endpoint (or by the console, where that is the only exporter).
    pub exported: u64,
    /// Sent, or tried to be, without a success heard of; some may have arrived.
    pub failed: u64,
    /// Never sent: the queue was full, the process ended first, or the fault `drop_spans` took it.
    pub dropped: u64,
    /// Waiting for their export, or in flight.
    pub queued: u64,
}

/// Keeps the [`SpanAccount`], and admits spans against the queue's size, so that no queue behind it overflows unseen.
#[derive(Debug)]
pub(crate) struct Ledger {
    capacity: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    account: SpanAccount,
    in_flight: u64,
    closed: bool,
}

impl Ledger {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity: capacity as u64, state: Mutex::default() }
    }

    /// Books a span that ended; whether it has a place in the queue.
    pub(crate) fn admit(&self) -> bool {
        let mut state = self.lock();
        state.account.ended += 1;
        let admitted = !state.closed && state.account.queued < self.capacity;
        if admitted {
            state.account.queued += 1;
        } else {
            state.account.dropped += 1;
        }
        admitted
    }

    /// Books a span that ended and is lost at once.
    pub(crate) fn lose(&self) {
        let mut state = self.lock();
        state.account.ended += 1;
        state.account.dropped += 1;
    }

    /// Books a batch as on its way; `false` when the account is closed and the batch must not be sent.
    pub(crate) fn depart(&self, spans: u64) -> bool {
        let mut state = self.lock();
        if !state.closed {
            state.in_flight += spans;
        }
        !state.closed
    }

    /// Books how a batch that departed ended: `exported` of its spans were taken. Too late after [`Self::close`].
    pub(crate) fn settle(&self, spans: u64, exported: u64) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        let exported = exported.min(spans);
        state.in_flight -= spans;
        state.account.queued -= spans;
        state.account.exported += exported;
        state.account.failed += spans - exported;
    }

    /// Ends the account: what is in flight has failed (it may yet arrive), what still waits is dropped, what ends later too.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        state.closed = true;
        let in_flight = std::mem::take(&mut state.in_flight);
        let queued = std::mem::take(&mut state.account.queued);
        state.account.failed += in_flight;
        state.account.dropped += queued - in_flight;
    }

    pub(crate) fn snapshot(&self) -> SpanAccount {
        self.lock().account
    }

    /// Every step leaves the state whole, so a panic elsewhere while it was held does no harm.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, Ordering},
        thread,
    };

    use super::*;

    fn balanced(account: SpanAccount) -> bool {
        account.ended == account.exported + account.failed + account.dropped + account.queued
    }

    #[test]
    fn a_full_queue_drops_and_counts() {
        let ledger = Ledger::new(2);
        assert!(ledger.admit());
        assert!(ledger.admit());
        assert!(!ledger.admit());
        assert_eq!(
            ledger.snapshot(),
            SpanAccount { ended: 3, dropped: 1, queued: 2, ..SpanAccount::default() }
        );
    }

    #[test]
    fn a_lost_span_takes_no_place_and_is_dropped() {
        let ledger = Ledger::new(1);
        ledger.lose();
        assert!(ledger.admit());
        assert_eq!(
            ledger.snapshot(),
            SpanAccount { ended: 2, dropped: 1, queued: 1, ..SpanAccount::default() }
        );
    }

    #[test]
    fn a_batch_in_flight_is_still_queued() {
        let ledger = Ledger::new(2);
        ledger.admit();
        ledger.admit();
        assert!(ledger.depart(2));
        assert_eq!(ledger.snapshot().queued, 2);
        assert!(!ledger.admit(), "the place is taken until the batch has ended");
        ledger.settle(2, 1);
        let expected = SpanAccount { ended: 3, exported: 1, failed: 1, dropped: 1, queued: 0 };
        assert_eq!(ledger.snapshot(), expected);
    }

    #[test]
    fn closing_leaves_nothing_queued_and_hears_no_late_answer() {
        let ledger = Ledger::new(10);
        for _ in 0..5 {
            ledger.admit();
        }
        ledger.depart(3);
        ledger.close();
        let closed = SpanAccount { ended: 5, failed: 3, dropped: 2, ..SpanAccount::default() };
        assert_eq!(ledger.snapshot(), closed);

        ledger.settle(3, 3);
        assert!(!ledger.depart(2), "what was booked as dropped must not be sent");
        ledger.close();
        assert_eq!(ledger.snapshot(), closed);
        assert!(!ledger.admit());
        assert_eq!(ledger.snapshot(), SpanAccount { ended: 6, dropped: 3, ..closed });
    }

    #[test]
    fn every_snapshot_balances_while_threads_admit_and_export() {
        let ledger = Ledger::new(64);
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let admitting: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| (0..20_000).filter(|_| ledger.admit()).count()))
                .collect();
            let exporter = scope.spawn(|| {
                let mut turn = 0_u64;
                while !done.load(Ordering::Acquire) || ledger.snapshot().queued > 0 {
                    let batch = ledger.snapshot().queued.min(16);
                    if batch > 0 && ledger.depart(batch) {
                        ledger.settle(batch, batch * (turn % 2));
                        turn += 1;
                    }
                }
            });
            let reader = scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    let account = ledger.snapshot();
                    assert!(balanced(account) && account.queued <= 64, "{account:?}");
                }
            });
            let admitted: usize = admitting.into_iter().map(|thread| thread.join().unwrap()).sum();
            done.store(true, Ordering::Release);
            exporter.join().unwrap();
            reader.join().unwrap();
            let account = ledger.snapshot();
            assert_eq!((account.ended, account.queued), (60_000, 0));
            assert_eq!(account.exported + account.failed, admitted as u64);
        });
    }
}
