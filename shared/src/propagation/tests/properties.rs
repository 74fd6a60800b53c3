//! What holds for every input, not only for those that somebody thought of.

use http::{HeaderMap, HeaderValue};
use opentelemetry::baggage::BaggageExt;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::super::{ALL, Carrier, Propagation, traceresponse, with_baggage};
use super::lines;

fn pass(propagation: &Propagation, inbound: &HeaderMap) -> HeaderMap {
    let mut outbound = HeaderMap::new();
    propagation.inject(&propagation.extract(inbound), &mut outbound);
    outbound
}

/// Lines of any bytes that a header may hold, and more often ones that are nearly right.
fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..80),
        "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}.{0,3}".prop_map(String::into_bytes),
        "([a-z@ ]{0,4}=?[ -~\t%é]{0,4}[,;]?){0,8}".prop_map(String::into_bytes),
    ]
}

fn any_headers() -> impl Strategy<Value = HeaderMap> {
    let name = prop::sample::select(vec!["traceparent", "tracestate", "baggage"]);
    vec((name, line()), 0..8).prop_map(|lines| {
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                headers.append(name, value);
            }
        }
        headers
    })
}

proptest! {
    #[test]
    fn ids_flags_and_tracestate_are_kept_for_any_valid_input(
        trace_id in 1..u128::MAX,
        span_id in 1..u64::MAX,
        flags in 0..4u8,
        members in btree_map("[a-z0-9][a-z0-9_*/@-]{0,20}", "[ -+--<>-~]{0,20}[!-+--<>-~]", 0..=32),
    ) {
        let traceparent = format!("00-{trace_id:032x}-{span_id:016x}-{flags:02x}");
        let members: Vec<String> = members.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let mut inbound = HeaderMap::new();
        inbound.insert("traceparent", traceparent.parse().expect("a header value"));
        for half in members.chunks(16) {
            inbound.append("tracestate", half.join(" ,\t").parse().expect("a header value"));
        }

        let outbound = pass(&Propagation::new(&ALL, false), &inbound);

        prop_assert_eq!(lines(&outbound, "traceparent"), [traceparent]);
        prop_assert_eq!(lines(&outbound, "tracestate").concat(), members.join(","));
    }

    #[test]
    fn no_bytes_in_any_header_panic_and_what_goes_out_is_stable(inbound in any_headers()) {
        let propagation = Propagation::new(&ALL, false);
        let once = pass(&propagation, &inbound);
        for name in ["traceparent", "tracestate", "baggage"] {
            prop_assert!(lines(&once, name).len() <= 1, "{} goes out in one line", name);
            prop_assert!(lines(&once, name).iter().all(|line| line.is_ascii()));
        }
        prop_assert_eq!(&pass(&propagation, &once), &once);

        let cx = propagation.extract(&inbound);
        let carrier = Carrier::from_context(&cx);
        let text = |name: &str| lines(&once, name).pop();
        prop_assert_eq!(&carrier.traceparent, &text("traceparent"));
        prop_assert_eq!(&carrier.tracestate, &text("tracestate"));
        prop_assert_eq!(&carrier.baggage, &text("baggage"));
        prop_assert_eq!(traceresponse(&cx).is_some(), carrier.traceparent.is_some());
    }

    #[test]
    fn no_bytes_in_any_header_change_on_their_way_through_a_process_without_telemetry(inbound in any_headers()) {
        let outbound = pass(&Propagation::new(&ALL, true), &inbound);
        if inbound.contains_key("traceparent") {
            prop_assert_eq!(outbound, inbound);
        } else {
            prop_assert!(!outbound.contains_key("tracestate"));
            prop_assert_eq!(lines(&outbound, "baggage"), lines(&inbound, "baggage"));
        }
    }

    #[test]
    fn any_baggage_value_arrives_as_it_was(value in any::<String>(), other in any::<String>()) {
        let propagation = Propagation::new(&ALL, false);
        let cx = with_baggage(&opentelemetry::Context::new(), "other", other.clone());
        let cx = with_baggage(&cx, "user.id", value.clone());
        let mut sent = HeaderMap::new();
        propagation.inject(&cx, &mut sent);

        let received = propagation.extract(&sent);

        for (key, value) in [("user.id", &value), ("other", &other)] {
            let found = received.baggage().get(key).map(ToString::to_string);
            prop_assert_eq!(found.as_ref(), Some(value));
        }
    }
}
