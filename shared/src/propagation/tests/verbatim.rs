//! Telemetry off: what came leaves as it came.

use http::HeaderMap;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::trace::Sampler;

use super::super::{ALL, Format, Propagation, with_baggage};
use super::{SAMPLED, TRACE_ID, headers, hop, lines, traceparent};

type Row = (&'static str, &'static [(&'static str, &'static [u8])]);

const AS_THEY_CAME: &[Row] = &[
    ("sampled", &[("traceparent", b"00-12345678901234567890123456789012-1234567890123456-01")]),
    (
        "flags that are not defined",
        &[("traceparent", b"00-12345678901234567890123456789012-1234567890123456-fc")],
    ),
    (
        "a later version",
        &[("traceparent", b"cc-12345678901234567890123456789012-1234567890123456-01-more")],
    ),
    (
        "white space",
        &[
            ("traceparent", b" 00-12345678901234567890123456789012-1234567890123456-01\t"),
            ("tracestate", b" foo=1 , bar=2"),
        ],
    ),
    (
        "several lines",
        &[
            ("traceparent", b"00-12345678901234567890123456789012-1234567890123456-01"),
            ("tracestate", b"foo=1"),
            ("tracestate", b""),
            ("tracestate", b"foo=2"),
            ("baggage", b"b=1"),
            ("baggage", b"a=%41; p"),
        ],
    ),
    ("an invalid traceparent", &[("traceparent", b"garbage"), ("tracestate", b"foo=1")]),
    ("two traceparents", &[("traceparent", b"one"), ("traceparent", b"two")]),
    (
        "bytes that are not ASCII",
        &[("traceparent", b"\xff\xfe"), ("tracestate", b"\x80"), ("baggage", b"a=\xc3\xa9")],
    ),
];

fn off(formats: &[Format], inbound: &HeaderMap) -> HeaderMap {
    hop(&Propagation::new(formats, true), Sampler::AlwaysOff, true, inbound)
}

#[test]
fn inbound_headers_leave_byte_by_byte_and_line_by_line() {
    for (row, inbound) in AS_THEY_CAME {
        let inbound = headers(inbound);
        assert_eq!(off(&ALL, &inbound), inbound, "{row}");
    }
}

#[test]
fn without_any_header_new_ids_with_flag_00_go_out() {
    let outbound = off(&ALL, &HeaderMap::new());
    let (trace_id, _, flags) = traceparent(&outbound);
    assert_ne!(trace_id, "0".repeat(32));
    assert_eq!(flags, "00");
    assert_eq!(outbound.len(), 1);
}

#[test]
fn a_tracestate_without_traceparent_is_not_attached_to_the_new_trace() {
    let outbound =
        off(&ALL, &headers(&[("tracestate", "foo=1"), ("baggage", "b= 1"), ("baggage", "a=2")]));
    assert_ne!(traceparent(&outbound).0, TRACE_ID);
    assert!(!outbound.contains_key("tracestate"));
    assert_eq!(lines(&outbound, "baggage"), ["b= 1", "a=2"]);
}

#[test]
fn only_the_installed_formats_pass() {
    let inbound = headers(&[("traceparent", SAMPLED), ("tracestate", "a=1"), ("baggage", "b=1")]);
    for (formats, expected) in [
        (&[Format::TraceContext][..], vec!["traceparent", "tracestate"]),
        (&[Format::Baggage][..], vec!["baggage"]),
        (&[][..], vec![]),
    ] {
        let outbound = off(formats, &inbound);
        let mut names: Vec<&str> = outbound.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable_by_key(|name| (*name == "baggage", *name));
        assert_eq!(names, expected, "{formats:?}");
    }
}

#[test]
fn what_the_outbound_request_had_is_replaced() {
    let inbound = headers(&[("traceparent", SAMPLED)]);
    let propagation = Propagation::new(&ALL, true);
    let mut outbound = headers(&[("traceparent", "x"), ("tracestate", "y=1"), ("baggage", "z=1")]);
    propagation.inject(&propagation.extract(&inbound), &mut outbound);
    assert_eq!(outbound, inbound);
}

#[test]
fn baggage_of_ours_does_not_join_what_is_passed_through() {
    let propagation = Propagation::new(&ALL, true);
    for inbound in [
        headers(&[("traceparent", SAMPLED), ("baggage", "user.id=9")]),
        headers(&[("traceparent", SAMPLED)]),
    ] {
        let cx = with_baggage(&propagation.extract(&inbound), "user.id", "1001".into());
        let mut outbound = HeaderMap::new();
        propagation.inject(&cx, &mut outbound);
        assert_eq!(outbound, inbound);
    }
}

#[test]
fn log_lines_still_find_the_callers_trace_id() {
    let cx = Propagation::new(&ALL, true).extract(&headers(&[("traceparent", SAMPLED)]));
    assert_eq!(cx.span().span_context().trace_id().to_string(), TRACE_ID);
}
