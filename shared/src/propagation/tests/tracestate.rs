//! `tracestate`: the cases of the official W3C test suite, level 1 and 2, and what they leave open.

use opentelemetry::trace::{SpanContext, TraceContextExt, TraceState};

use super::super::{ALL, Propagation};
use super::{NOT_SAMPLED, TRACE_ID, each_setup, headers, lines, traceparent};

const EVERY_VALUE_CHARACTER: &str = " !\"#$%&'()*+-./0123456789:;<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

type Passed = (&'static str, Vec<String>, String);

/// A name, the lines that come in, and the line that goes out.
fn row(name: &'static str, lines: &[&str], out: &str) -> Passed {
    let lines = lines.iter().map(ToString::to_string).collect();
    (name, lines, out.to_owned())
}

fn passed_on() -> Vec<Passed> {
    [lists_and_keys(), with_white_space(), at_the_limits()].concat()
}

fn lists_and_keys() -> Vec<Passed> {
    let every_key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
    vec![
        row("two members", &["foo=1,bar=2"], "foo=1,bar=2"),
        row(
            "several lines with different keys",
            &["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
            "foo=1,bar=2,rojo=1,congo=2,baz=3",
        ),
        row("order is kept", &["z=1,a=2", "m=3"], "z=1,a=2,m=3"),
        row("an empty line behind", &["foo=1", ""], "foo=1"),
        row("an empty line before", &["", "foo=1"], "foo=1"),
        row("empty members", &["foo=1,,bar=2, ,", ","], "foo=1,bar=2"),
        row("the same member twice", &["foo=1,foo=1"], "foo=1"),
        row("a key twice keeps the first", &["foo=1,foo=2"], "foo=1"),
        row("a key in two lines keeps the first", &["foo=1", "foo=2"], "foo=1"),
        row("the same member in two lines", &["foo=1", "foo=1"], "foo=1"),
        row(
            "every allowed character",
            &[&format!("{every_key}={EVERY_VALUE_CHARACTER}")],
            &format!("{every_key}={EVERY_VALUE_CHARACTER}"),
        ),
        row(
            "every allowed character with a vendor",
            &[&format!("{every_key}@a-z0-9_-*/={EVERY_VALUE_CHARACTER}")],
            &format!("{every_key}@a-z0-9_-*/={EVERY_VALUE_CHARACTER}"),
        ),
        row("a key that ends in @", &["foo@=1,bar=2"], "foo@=1,bar=2"),
        row("a key with @@", &["foo@@bar=1,bar=2"], "foo@@bar=1,bar=2"),
        row("a key with two @", &["foo@bar@baz=1,bar=2"], "foo@bar@baz=1,bar=2"),
        row("a key that begins with a digit", &["1foo=1"], "1foo=1"),
    ]
}

fn with_white_space() -> Vec<Passed> {
    vec![
        row("space and tab around commas", &["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        row(
            "tab and space around commas",
            &["foo=1\t \t,\t \tbar=2,\t \tbaz=3"],
            "foo=1,bar=2,baz=3",
        ),
        row("space before", &[" foo=1"], "foo=1"),
        row("tab before", &["\tfoo=1"], "foo=1"),
        row("space behind", &["foo=1 "], "foo=1"),
        row("tab behind", &["foo=1\t"], "foo=1"),
        row("white space on both sides", &["\t foo=1 \t"], "foo=1"),
        row("a space that begins a value belongs to it", &["foo= 1"], "foo= 1"),
    ]
}

fn at_the_limits() -> Vec<Passed> {
    let key = |length| "z".repeat(length);
    let long_tenant = format!("{}@{}", "t".repeat(241), "v".repeat(14));
    let short_system = format!("{}@v", "t".repeat(242));
    vec![
        row(
            "a key of 256",
            &["foo=1", &format!("{}=1", key(256))],
            &format!("foo=1,{}=1", key(256)),
        ),
        row(
            "a tenant of 241",
            &["foo=1", &format!("{long_tenant}=1")],
            &format!("foo=1,{long_tenant}=1"),
        ),
        row(
            "a tenant of 242",
            &["foo=1", &format!("{short_system}=1")],
            &format!("foo=1,{short_system}=1"),
        ),
        row("a vendor of 15", &["foo=1", "t@vvvvvvvvvvvvvvv=1"], "foo=1,t@vvvvvvvvvvvvvvv=1"),
        row("a value of 256", &[&format!("foo={}", key(256))], &format!("foo={}", key(256))),
        row("32 members", &[&members(1..=20), &members(21..=32)], &members(1..=32)),
    ]
}

fn discarded() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let row =
        |name, lines: &[&str]| (name, lines.iter().map(|line| line.as_bytes().to_vec()).collect());
    let long = "z".repeat(257);
    vec![
        row("empty", &[""]),
        row("only commas", &[",,", " , "]),
        row("33 members", &[&members(1..=10), &members(11..=33)]),
        row("33 members, one of them twice", &[&members(1..=32), "bar01=x"]),
        row("no equals sign", &["foo=1,bar"]),
        row("a space in the key", &["foo =1"]),
        row("capitals in the key", &["FOO=1"]),
        row("a dot in the key", &["foo.bar=1"]),
        row("a key that begins with @", &["@foo=1,bar=2"]),
        row("a key that begins with _", &["_foo=1,bar=2"]),
        row("no key", &["=1,bar=2"]),
        row("a key of 257", &["foo=1", &format!("{long}=1")]),
        row("an equals sign in the value", &["foo=bar=baz"]),
        row("no value", &["foo=,bar=3"]),
        row("a tab in the value", &["foo=a\tb"]),
        row("a value of 257", &[&format!("foo={long}")]),
        row("a value that is not ASCII", &["foo=é"]),
        ("a bad line beside a good one", vec![b"foo=1".to_vec(), b"bar=\xff".to_vec()]),
    ]
}

fn members(range: std::ops::RangeInclusive<u32>) -> String {
    let member = |n| format!("bar{n:02}={n:02}");
    range.map(member).collect::<Vec<_>>().join(",")
}

#[test]
fn a_valid_tracestate_is_passed_on_in_order() {
    let rows = passed_on();
    each_setup(|setup, hop| {
        for (row, tracestate, expected) in &rows {
            let mut inbound = headers(&[("traceparent", NOT_SAMPLED)]);
            for line in tracestate {
                inbound.append("TraceState", line.parse().expect("a header value"));
            }
            let outbound = hop(&inbound);
            assert_eq!(lines(&outbound, "tracestate"), [expected.as_str()], "{row} ({setup})");
            assert_eq!(traceparent(&outbound).0, TRACE_ID, "{row} ({setup})");
        }
    });
}

#[test]
fn a_tracestate_with_a_bad_member_is_discarded_as_a_whole_and_the_trace_goes_on() {
    let rows = discarded();
    each_setup(|setup, hop| {
        for (row, tracestate) in &rows {
            let mut inbound = vec![("traceparent", NOT_SAMPLED.as_bytes())];
            inbound.extend(tracestate.iter().map(|line| ("tracestate", line.as_slice())));
            let outbound = hop(&headers(&inbound));
            assert!(!outbound.contains_key("tracestate"), "{row} ({setup})");
            assert_eq!(traceparent(&outbound).0, TRACE_ID, "{row} ({setup})");
        }
    });
}

#[test]
fn a_tracestate_under_another_name_is_not_read() {
    each_setup(|setup, hop| {
        for name in ["trace-state", "trace.state"] {
            let inbound = headers(&[("traceparent", NOT_SAMPLED), (name, "foo=1")]);
            assert!(!hop(&inbound).contains_key("tracestate"), "{name} ({setup})");
        }
    });
}

#[test]
fn spans_are_exported_with_the_tracestate_that_the_sdk_can_hold() {
    let propagation = Propagation::new(&ALL, false);
    let inbound = headers(&[("traceparent", NOT_SAMPLED), ("tracestate", "foo=1, bar=2")]);
    let cx = propagation.extract(&inbound);
    assert_eq!(cx.span().span_context().trace_state().header(), "foo=1,bar=2");
}

#[test]
fn a_tracestate_that_a_sampler_changed_goes_out_as_changed() {
    let propagation = Propagation::new(&ALL, false);
    let inbound = headers(&[("traceparent", NOT_SAMPLED), ("tracestate", "foo=1,bar=2")]);
    for (changed, expected) in [("ours=3,foo=1", vec!["ours=3,foo=1"]), ("", vec![])] {
        let cx = propagation.extract(&inbound);
        let remote = cx.span().span_context().clone();
        let state: TraceState = changed.parse().expect("a tracestate");
        let current =
            SpanContext::new(remote.trace_id(), 0xabc.into(), remote.trace_flags(), false, state);

        let mut outbound = http::HeaderMap::new();
        propagation.inject(&cx.with_remote_span_context(current), &mut outbound);

        assert_eq!(lines(&outbound, "tracestate"), expected, "{changed:?}");
    }
}
