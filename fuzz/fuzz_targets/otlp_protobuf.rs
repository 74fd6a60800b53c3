//! Bodies of any bytes as OTLP exports in protobuf; what was taken in can be read again, and the store stays within its budget.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use viewer::{MIN_BUDGET_BYTES, Store, untrusted};

static STORE: LazyLock<Store> = LazyLock::new(|| Store::within(MIN_BUDGET_BYTES));

fuzz_target!(|body: &[u8]| {
    untrusted::export_protobuf(&STORE, body);
    untrusted::read_back(&STORE);
});
