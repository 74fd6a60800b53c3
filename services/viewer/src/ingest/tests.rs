use super::*;

/// `ResourceSpans { scope_spans { items } }`, or the same of logs, the lengths in three bytes each.
fn body(items: &[u8]) -> Vec<u8> {
    let framed = |key: u8, bytes: &[u8]| {
        let [low, middle, high] = [0, 7, 14].map(|bits| (bytes.len() >> bits) as u8);
        [&[key, low | 0x80, middle | 0x80, high & 0x7f], bytes].concat()
    };
    framed(0x0a, &framed(0x12, items))
}

/// A span of ids only; the number is its own and its trace's.
fn span(number: u16) -> Vec<u8> {
    let [high, low] = (number + 1).to_be_bytes();
    let ids = [&[0x0a, 16][..], &[high, low].repeat(8), &[0x12, 8], &[high, low].repeat(4)];
    [&[0x12, 28][..], &ids.concat()].concat()
}

#[test]
fn very_many_items_go_to_the_store_a_part_at_a_time() {
    let spans: Vec<u8> = (0..2500).flat_map(span).collect();
    for (signal, items) in [(Signal::Logs, [0x12, 0].repeat(2500)), (Signal::Traces, spans)] {
        let store = Store::within(64 * crate::MIN_BUDGET_BYTES);

        let refused = export(&store, signal, &body(&items)).unwrap();

        let stats = store.stats();
        assert_eq!((refused, stats.logs_stored + stats.spans_stored), (Refused::default(), 2500));
        assert!(*store.changes().borrow() >= 3, "they came to the store in three parts");
    }
}

#[test]
fn a_body_that_is_malformed_after_very_many_spans_stores_none_of_them() {
    let mut items: Vec<u8> = (0..2500).flat_map(span).collect();
    // A span whose trace id is longer than the span.
    items.extend([0x12, 2, 0x0a, 16]);
    let store = Store::within(crate::MIN_BUDGET_BYTES);

    assert!(export(&store, Signal::Traces, &body(&items)).is_err());
    assert_eq!(store.stats().spans_stored, 0);
}
