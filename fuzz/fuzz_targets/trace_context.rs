//! `traceparent`, `tracestate` and `baggage` of any bytes: what goes out is one valid line each, and stays as it is at the next
//! hop and through a database row.
#![no_main]

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use shared::propagation::{Carrier, extract, inject, traceresponse, with_baggage};

const NAMES: [&str; 3] = ["traceparent", "tracestate", "baggage"];

fuzz_target!(|data: &[u8]| {
    let mut inbound = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Some((which, line)) = line.split_first() else { continue };
        if let Ok(value) = HeaderValue::from_bytes(line) {
            inbound.append(NAMES[usize::from(which % 3)], value);
        }
    }
    let once = pass(&inbound);
    for name in NAMES {
        assert!(once.get_all(name).iter().count() <= 1);
        let length = once.get(name).map_or(0, HeaderValue::len);
        assert!(length <= 16_447, "{name} of {length} bytes");
    }
    assert_eq!(pass(&once), once);

    let cx = extract(&inbound);
    let carrier = Carrier::from_context(&cx);
    assert_eq!(Carrier::from_context(&carrier.to_context()), carrier);
    assert_eq!(traceresponse(&cx).is_some(), carrier.traceparent.is_some());
    let text = String::from_utf8_lossy(data).into_owned();
    let _ = Carrier::from_context(&with_baggage(&cx, "user.id", text));
});

fn pass(inbound: &HeaderMap) -> HeaderMap {
    let mut outbound = HeaderMap::new();
    inject(&extract(inbound), &mut outbound);
    outbound
}
