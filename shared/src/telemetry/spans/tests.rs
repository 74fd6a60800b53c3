use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Instant,
};

use opentelemetry::trace::{Tracer as _, TracerProvider as _};

use super::*;
use crate::telemetry::SpanAccount;

/// An exporter that waits for a turn per batch and does what it is told.
#[derive(Debug)]
struct Told(Mutex<mpsc::Receiver<bool>>);

impl SpanExporter for Told {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        match self.0.lock().unwrap().recv() {
            Ok(true) => Ok(()),
            _ => Err(OTelSdkError::InternalFailure("told to fail".to_owned())),
        }
    }
}

struct Bench {
    provider: SdkTracerProvider,
    ledger: Arc<Ledger>,
    tell: mpsc::Sender<bool>,
}

fn bench(queue: usize, batch: usize) -> Bench {
    let (tell, told) = mpsc::channel();
    let ledger = Arc::new(Ledger::new(queue));
    let exporter = CountingExporter {
        inner: Told(Mutex::new(told)),
        rejected: Rejected::default(),
        ledger: Arc::clone(&ledger),
    };
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(queue)
        .with_max_export_batch_size(batch)
        .with_scheduled_delay(Duration::from_millis(5))
        .build();
    let processor = AccountingProcessor {
        inner: BatchSpanProcessor::new(exporter, config),
        ledger: Arc::clone(&ledger),
        patience: Patience::default(),
    };
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::AlwaysOn)
        .with_span_processor(processor)
        .build();
    Bench { provider, ledger, tell }
}

impl Bench {
    fn end_spans(&self, count: usize) {
        let tracer = self.provider.tracer("test");
        (0..count).for_each(|_| drop(tracer.start("span")));
    }

    fn account_when(&self, reached: impl Fn(SpanAccount) -> bool) -> SpanAccount {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let account = self.ledger.snapshot();
            assert!(Instant::now() < deadline, "not reached: {account:?}");
            if reached(account) {
                return account;
            }
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_queue_that_overflows_drops_exactly_what_is_above_it() {
    let bench = bench(10, 5);
    bench.end_spans(25);
    let account = bench.ledger.snapshot();
    assert_eq!(
        account,
        SpanAccount { ended: 25, dropped: 15, queued: 10, ..SpanAccount::default() }
    );
    bench.tell.send(true).unwrap();
    bench.tell.send(true).unwrap();
    let account = bench.account_when(|account| account.queued == 0);
    assert_eq!(
        account,
        SpanAccount { ended: 25, exported: 10, dropped: 15, ..SpanAccount::default() }
    );
}

#[test]
fn a_failed_batch_is_counted_as_failed() {
    let bench = bench(100, 5);
    bench.tell.send(false).unwrap();
    bench.end_spans(5);
    let account = bench.account_when(|account| account.queued == 0);
    assert_eq!((account.ended, account.exported, account.failed), (5, 0, 5));
}

#[test]
fn a_shutdown_that_runs_out_of_time_closes_the_account() {
    let bench = bench(100, 5);
    bench.end_spans(12);
    assert!(bench.provider.shutdown_with_timeout(Duration::from_millis(50)).is_err());
    let account = bench.ledger.snapshot();
    assert_eq!(account, SpanAccount { ended: 12, failed: 5, dropped: 7, ..SpanAccount::default() });

    bench.tell.send(true).unwrap();
    bench.end_spans(1);
    assert_eq!(
        bench.ledger.snapshot().ended,
        12,
        "a provider that was shut down makes no sampled spans"
    );
}

#[test]
fn unsampled_spans_are_not_in_the_account() {
    let args = TelemetryArgs::from_flags(["--otel-traces-exporter=none"]).unwrap();
    let ledger = Arc::new(Ledger::new(10));
    let provider = provider(&args, Resource::builder_empty().build(), &ledger).unwrap();
    let span = provider.tracer("test").start("span");
    assert!(opentelemetry::trace::Span::span_context(&span).is_valid());
    drop(span);
    assert_eq!(ledger.snapshot(), SpanAccount::default());
}

#[test]
fn under_load_every_snapshot_balances_and_all_is_accounted_for_at_the_end() {
    let bench = bench(256, 64);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for turn in 0..20_000 {
            bench.tell.send(turn % 3 > 0).unwrap();
        }
        let reader = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                let account = bench.ledger.snapshot();
                assert_eq!(
                    account.ended,
                    account.exported + account.failed + account.dropped + account.queued
                );
            }
        });
        let ending: Vec<_> = (0..3).map(|_| scope.spawn(|| bench.end_spans(5_000))).collect();
        ending.into_iter().for_each(|thread| thread.join().unwrap());
        bench.provider.shutdown_with_timeout(Duration::from_secs(10)).unwrap_or_default();
        done.store(true, Ordering::Release);
        reader.join().unwrap();
    });
    let account = bench.ledger.snapshot();
    assert_eq!((account.ended, account.queued), (15_000, 0));
    assert_eq!(account.ended, account.exported + account.failed + account.dropped);
}
