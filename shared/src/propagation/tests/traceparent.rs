//! `traceparent`: the cases of the official W3C test suite, level 1 and 2, and what they leave open.

use http::HeaderMap;
use opentelemetry_sdk::trace::Sampler;

use super::super::{ALL, Propagation};
use super::{PARENT_ID, SAMPLED, TRACE_ID, each_setup, headers, hop, parent_based, traceparent};

/// A name, and the lines of `traceparent`, where `T` stands for the 32 digits of [`TRACE_ID`] and `P` for the 16 of [`PARENT_ID`].
type Row = (&'static str, &'static [&'static [u8]]);

const CONTINUED: &[Row] = &[
    ("plain", &[b"00-T-P-01"]),
    ("version cc", &[b"cc-T-P-01"]),
    ("version cc with more behind a dash", &[b"cc-T-P-01-what-the-future-will-be-like"]),
    ("version cc with nothing behind the dash", &[b"cc-T-P-01-"]),
    ("version 01", &[b"01-T-P-01"]),
    ("version fe", &[b"fe-T-P-01"]),
    ("space before", &[b" 00-T-P-01"]),
    ("tab before", &[b"\t00-T-P-01"]),
    ("space behind", &[b"00-T-P-01 "]),
    ("tab behind", &[b"00-T-P-01\t"]),
    ("white space on both sides", &[b"\t 00-T-P-01 \t"]),
    ("all flags set", &[b"00-T-P-ff"]),
];

const BEGUN_ANEW: &[Row] = &[
    ("no header", &[]),
    ("empty", &[b""]),
    ("given twice", &[b"00-12345678901234567890123456789011-P-01", b"00-T-P-01"]),
    ("the same twice", &[b"00-T-P-01", b"00-T-P-01"]),
    ("a second line that is not ASCII", &[b"00-T-P-01", b"\xff\xfe"]),
    ("a second empty line", &[b"00-T-P-01", b""]),
    ("two in one line", &[b"00-T-P-01,00-T-P-01"]),
    ("version 00 with a dot behind", &[b"00-T-P-01."]),
    ("version 00 with a dash behind", &[b"00-T-P-01-"]),
    ("version 00 with more behind a dash", &[b"00-T-P-01-what-the-future-will-be-like"]),
    ("version cc with more behind a dot", &[b"cc-T-P-01.what-the-future-will-be-like"]),
    ("version ff", &[b"ff-T-P-01"]),
    ("version ff with more behind a dash", &[b"ff-T-P-01-x"]),
    ("version in capitals", &[b"CC-T-P-01"]),
    ("version with a dot first", &[b".0-T-P-01"]),
    ("version with a dot second", &[b"0.-T-P-01"]),
    ("version of 3 digits", &[b"000-T-P-01"]),
    ("version of 4 digits", &[b"0000-T-P-01"]),
    ("version of 1 digit", &[b"0-T-P-01"]),
    ("trace id all zero", &[b"00-00000000000000000000000000000000-P-01"]),
    ("trace id with a dot first", &[b"00-.2345678901234567890123456789012-P-01"]),
    ("trace id with a dot last", &[b"00-1234567890123456789012345678901.-P-01"]),
    ("trace id with a capital", &[b"00-1234567890123456789012345678901A-P-01"]),
    ("trace id of 33 digits", &[b"00-T3-P-01"]),
    ("trace id of 31 digits", &[b"00-1234567890123456789012345678901-P-01"]),
    ("parent id all zero", &[b"00-T-0000000000000000-01"]),
    ("parent id with a dot first", &[b"00-T-.234567890123456-01"]),
    ("parent id with a dot last", &[b"00-T-123456789012345.-01"]),
    ("parent id with a capital", &[b"00-T-123456789012345F-01"]),
    ("parent id of 17 digits", &[b"00-T-P7-01"]),
    ("parent id of 15 digits", &[b"00-T-123456789012345-01"]),
    ("flags with a dot first", &[b"00-T-P-.0"]),
    ("flags with a dot last", &[b"00-T-P-0."]),
    ("flags with a capital", &[b"00-T-P-0B"]),
    ("flags of 3 digits", &[b"00-T-P-001"]),
    ("flags of 1 digit", &[b"00-T-P-1"]),
    ("a dot for the first dash", &[b"00.T-P-01"]),
    ("a dot for the second dash", &[b"00-T.P-01"]),
    ("a dot for the third dash", &[b"00-T-P.01"]),
    ("white space inside", &[b"00-T- 234567890123456-01"]),
    ("not ASCII", &[b"00-1234567890123456789012345678901\xe9-P-01"]),
    ("UTF-8", &[b"00-\xc3\xa9345678901234567890123456789012-P-01"]),
];

fn inbound(lines: &[&[u8]]) -> HeaderMap {
    let expand = |byte: &u8| match byte {
        b'T' => TRACE_ID.as_bytes().to_vec(),
        b'P' => PARENT_ID.as_bytes().to_vec(),
        other => vec![*other],
    };
    let line = |line: &&[u8]| ("traceparent", line.iter().flat_map(expand).collect());
    headers::<_, Vec<u8>>(&lines.iter().map(line).collect::<Vec<_>>())
}

#[test]
fn a_valid_traceparent_is_continued_under_a_new_span_id() {
    each_setup(|setup, hop| {
        for (row, lines) in CONTINUED {
            let (trace_id, span_id, _) = traceparent(&hop(&inbound(lines)));
            assert_eq!(trace_id, TRACE_ID, "{row} ({setup})");
            assert_ne!(span_id, PARENT_ID, "{row} ({setup})");
        }
    });
}

#[test]
fn the_name_is_read_in_any_case_and_under_no_other_spelling() {
    each_setup(|setup, hop| {
        for (name, continued) in [
            ("TraceParent", true),
            ("TrAcEpArEnT", true),
            ("TRACEPARENT", true),
            ("trace-parent", false),
            ("trace.parent", false),
        ] {
            let (trace_id, _, _) = traceparent(&hop(&headers(&[(name, SAMPLED)])));
            assert_eq!(trace_id == TRACE_ID, continued, "{name} ({setup})");
        }
    });
}

#[test]
fn without_a_valid_traceparent_a_new_trace_begins_and_tracestate_is_ignored() {
    each_setup(|setup, hop| {
        for (row, lines) in BEGUN_ANEW {
            let mut inbound = inbound(lines);
            inbound.insert("tracestate", "foo=1".parse().expect("a header value"));

            let outbound = hop(&inbound);

            let (trace_id, _, flags) = traceparent(&outbound);
            assert_ne!(trace_id, "0".repeat(32), "{row} ({setup})");
            assert!(!trace_id.starts_with("1234567890123456789"), "{row} ({setup})");
            assert!(!outbound.contains_key("tracestate"), "{row} ({setup})");
            assert!(["02", "03"].contains(&flags.as_str()), "{row} ({setup}): flags {flags}");
        }
    });
}

#[test]
fn the_sampled_flag_is_ours_and_the_random_flag_the_callers() {
    let propagation = Propagation::new(&ALL, false);
    // Inbound flags, then what a service that samples all, none, or as its parent says passes on.
    for (inbound, always_on, always_off, as_parent) in [
        ("00", "01", "00", "00"),
        ("01", "01", "00", "01"),
        ("02", "03", "02", "02"),
        ("03", "03", "02", "03"),
        ("fc", "01", "00", "00"),
        ("ff", "03", "02", "03"),
    ] {
        let line = format!("00-{TRACE_ID}-{PARENT_ID}-{inbound}");
        let inbound = headers(&[("traceparent", line)]);
        let flags = |sampler| traceparent(&hop(&propagation, sampler, true, &inbound)).2;

        assert_eq!(flags(Sampler::AlwaysOn), always_on, "always on, {inbound:?}");
        assert_eq!(flags(Sampler::AlwaysOff), always_off, "always off, {inbound:?}");
        assert_eq!(flags(parent_based()), as_parent, "parent based, {inbound:?}");
    }
}

#[test]
fn flags_that_level_2_does_not_define_are_not_even_kept_for_export() {
    use opentelemetry::trace::TraceContextExt;
    let line = format!("00-{TRACE_ID}-{PARENT_ID}-ff");
    let cx = Propagation::new(&ALL, false).extract(&headers(&[("traceparent", line)]));
    assert_eq!(cx.span().span_context().trace_flags().to_u8(), 0x03);
}

#[test]
fn the_remote_random_flag_does_not_follow_into_another_trace() {
    use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
    let propagation = Propagation::new(&ALL, false);
    let remote =
        propagation.extract(&headers(&[("traceparent", SAMPLED), ("tracestate", "foo=1")]));
    let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().build();
    let root =
        provider.tracer("another").start_with_context("root", &opentelemetry::Context::new());

    let mut outbound = HeaderMap::new();
    propagation.inject(&remote.with_span(root), &mut outbound);

    assert_eq!(traceparent(&outbound).2, "03");
    assert!(!outbound.contains_key("tracestate"));
}

#[test]
fn several_calls_of_one_request_share_the_trace_and_differ_in_span_id() {
    each_setup(|setup, hop| {
        let inbound = headers(&[("traceparent", SAMPLED)]);
        let (first, second) = (traceparent(&hop(&inbound)), traceparent(&hop(&inbound)));
        assert_eq!(first.0, second.0, "{setup}");
        assert_ne!(first.1, second.1, "{setup}");
    });
}
