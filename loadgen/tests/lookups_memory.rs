//! 100,000 traces that wait for their verdict fit into little memory. In a process of its own, so that nothing else is measured.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{sync::Arc, time::Duration};

use loadgen::{
    cli::BackendName,
    outcome::Root,
    verify::{
        backend::Backend,
        contract::Contracts,
        expectation::{Expectation, Kind},
        queue::{Settings, Verifier},
    },
};
use opentelemetry::trace::{SpanId, TraceId};

const TRACES: u64 = 100_000;

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn expectation(number: u64, contract: &Arc<str>) -> Expectation {
    let (trace_id, span_id) = (TraceId::from(u128::from(number) + 1), SpanId::from(number + 1));
    Expectation {
        trace_id,
        root: Some(Root { trace_id, span_id, sampled: true }),
        contract: Some(Arc::clone(contract)),
        answer: Kind::Completed,
        keyed: Some(false),
        broken: None,
        has_chain: true,
        since: std::time::Instant::now(),
    }
}

#[tokio::test]
async fn a_hundred_thousand_waiting_traces_take_less_than_50_mib() {
    let backend =
        Backend::new(BackendName::Tempo, &"http://127.0.0.1:9".parse().unwrap(), &[]).unwrap();
    let (after, timeout) = (Duration::from_secs(3600), Duration::from_secs(7200));
    let settings = Settings { after, timeout, concurrency: 8, killed: Vec::new() };
    let contracts = Arc::new(Contracts::load(&[]).unwrap());
    let contract = "process".into();
    let before = resident();
    let verifier = Verifier::start(settings, contracts, backend, None);
    for number in 0..TRACES {
        verifier.expect(expectation(number, &contract));
        if number % 256 == 0 {
            // The verifier's turn: as under load, what is handed in does not pile up.
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(verifier.progress().expected, TRACES);
    let taken = resident().saturating_sub(before);
    println!("{} bytes per waiting trace", taken / TRACES);
    assert!(taken < 50 * 1024 * 1024, "{taken} bytes");
}
