//! The store by itself: its budget, what it evicts, what it counts.

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{SpanId, wire::Origin};

fn id(n: u64) -> TraceId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_be_bytes());
    id[15] = 1;
    TraceId(id)
}

fn span_id(n: u64) -> SpanId {
    SpanId((n + 1).to_be_bytes())
}

/// Stores one span of `bytes` of some resource; returns whether it was refused.
fn insert(store: &Store, trace: u64, span: u64, bytes: &[u8], resource: &[u8]) -> bool {
    let origin = Origin { resource, ..Origin::default() };
    let spans = vec![NewSpan { trace_id: id(trace), span_id: span_id(span), bytes: bytes.into() }];
    store.insert_spans(&[SpanGroup { origin, spans }], 0) > 0
}

fn log(store: &Store, bytes: &[u8], resource: &[u8]) -> bool {
    let origin = Origin { resource, ..Origin::default() };
    let records = vec![NewLog { trace_id: None, bytes }];
    store.insert_logs(Some(&LogGroup { origin, records }), 0) > 0
}

/// What the store's figures must say whatever came in.
fn assert_consistent(store: &Store) {
    let stats = store.stats();
    assert!(stats.bytes <= stats.budget_bytes, "{stats:?}");
    assert_eq!(stats.spans_stored, stats.spans_held + stats.spans_evicted, "{stats:?}");
    assert_eq!(stats.logs_stored, stats.logs_held + stats.logs_evicted, "{stats:?}");
    let traces = store.newest(usize::MAX);
    assert_eq!(traces.len() as u64, stats.traces_held);
    let held: usize = traces.iter().map(|id| store.trace(*id).unwrap().spans.len()).sum();
    assert_eq!(held as u64, stats.spans_held);
}

#[test]
fn the_oldest_trace_makes_room() {
    let store = Store::within(MIN_BUDGET_BYTES);
    let payload = vec![0; 10_000];
    for trace in 0..200 {
        insert(&store, trace, 0, &payload, b"r");
    }
    let stats = store.stats();
    assert_eq!(stats.traces_held + stats.traces_evicted, 200);
    let first_held = stats.traces_evicted;
    assert!(first_held > 100 && first_held < 200, "{first_held}");
    for trace in 0..200 {
        let held = matches!(store.lookup(id(trace)), Lookup::Found(_));
        assert_eq!(held, trace >= first_held, "{trace}");
    }
    assert!(matches!(store.lookup(id(0)), Lookup::Evicted));
    assert!(matches!(store.lookup(id(1000)), Lookup::Unknown));
    assert_consistent(&store);
}

#[test]
fn a_trace_larger_than_its_share_keeps_what_fits_and_evicts_no_other() {
    let store = Store::within(MIN_BUDGET_BYTES);
    insert(&store, 1, 0, b"another", b"r");
    let payload = vec![0; 1000];
    let refused = (0..3000).filter(|&span| insert(&store, 2, span, &payload, b"r")).count();
    let stats = store.stats();
    assert!(refused > 2500, "{refused}");
    assert_eq!(
        (stats.spans_rejected, stats.traces_evicted, stats.traces_held),
        (refused as u64, 0, 2)
    );
    assert!(
        insert(&store, 3, 0, &vec![0; MIN_BUDGET_BYTES], b"r"),
        "a span larger than all was stored"
    );
    assert_consistent(&store);
}

#[test]
fn one_trace_of_ever_new_resources_stays_within_the_budget() {
    let store = Store::within(MIN_BUDGET_BYTES);
    for span in 0..2000_u64 {
        let resource = [&span.to_be_bytes()[..], &[0; 2000]].concat();
        insert(&store, 1, span, b"span", &resource);
        assert!(store.stats().bytes <= MIN_BUDGET_BYTES as u64);
    }
    assert_consistent(&store);
}

#[test]
fn many_tiny_traces_are_counted_with_what_they_really_cost() {
    let store = Store::within(MIN_BUDGET_BYTES);
    for trace in 0..20_000 {
        insert(&store, trace, 0, b"", b"r");
    }
    let stats = store.stats();
    assert_consistent(&store);
    // A map entry, a queue entry, a vector of spans and an allocation: far more than the bytes of the span.
    assert!(stats.traces_held < 2500, "{stats:?}");
    assert!(stats.evicted_ids > 500 && stats.evicted_ids < stats.traces_evicted, "{stats:?}");
}

#[test]
fn duplicates_are_found_in_small_and_in_indexed_traces() {
    let store = Store::within(4 * MIN_BUDGET_BYTES);
    for count in [3, 500] {
        for _ in 0..2 {
            for span in 0..count {
                insert(&store, count, span, b"span", b"r");
            }
        }
    }
    let stats = store.stats();
    assert_eq!((stats.spans_stored, stats.spans_duplicate, store.span_count()), (503, 503, 503));
}

#[test]
fn a_trace_is_large_by_its_spans_their_bytes_or_their_resources() {
    let store = Store::within(64 * MIN_BUDGET_BYTES);
    let large = |trace| store.trace(id(trace)).unwrap().is_large();
    for span in 0..501 {
        insert(&store, 1, span, b"span", b"r");
        insert(&store, 2, span % 100, &[0; 500], &[0; 500]);
    }
    insert(&store, 3, 0, &[0; 200_000], b"r");
    for span in 0..4_u8 {
        insert(&store, 4, span.into(), b"span", &[span; 60_000]);
    }
    assert_eq!([1, 2, 3, 4].map(large), [true, false, true, true]);
}

#[test]
fn log_records_leave_oldest_first_and_a_large_one_is_refused() {
    let store = Store::within(MIN_BUDGET_BYTES);
    for n in 0..2000_u64 {
        assert!(!log(&store, &[&n.to_be_bytes()[..], &[0; 200]].concat(), b"r"));
    }
    assert!(log(&store, &vec![0; MIN_BUDGET_BYTES], b"r"));
    let stats = store.stats();
    assert!(stats.logs_evicted > 1000 && stats.logs_held > 100, "{stats:?}");
    assert_eq!((store.logs(|_| true).len() as u64, stats.logs_rejected), (stats.logs_held, 1));
    assert_consistent(&store);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_budget_holds_whatever_comes(
        inserts in vec((0..400_u64, 0..50_u64, prop_oneof![0..200_usize, 0..5_000_usize, 0..200_000_usize], 0..20_u8, any::<bool>()), 1..1500),
    ) {
        let store = Store::within(MIN_BUDGET_BYTES);
        for (trace, span, length, resource, is_log) in inserts {
            let resource = vec![resource; usize::from(resource) * 100];
            let bytes = vec![0; length];
            if is_log {
                log(&store, &bytes, &resource);
            } else {
                insert(&store, trace, span, &bytes, &resource);
            }
            let stats = store.stats();
            prop_assert!(stats.bytes <= stats.budget_bytes, "{:?}", stats);
        }
        assert_consistent(&store);
    }
}
