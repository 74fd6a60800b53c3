//! Queries of any text, asked of a few spans.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use viewer::{MIN_BUDGET_BYTES, Store, untrusted};

/// A store with the spans of one small export.
static STORE: LazyLock<Store> = LazyLock::new(|| {
    let store = Store::within(MIN_BUDGET_BYTES);
    untrusted::export_json(&store, include_bytes!("../seeds/otlp_json/traces.json"));
    assert!(store.span_count() > 0, "the seed has spans");
    store
});

fuzz_target!(|text: &str| untrusted::query(&STORE, text));
