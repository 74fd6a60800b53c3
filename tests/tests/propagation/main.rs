//! Trace context through the running services: what arrives at the last hop by DESIGN section 4, in every mode of telemetry.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod formats;
mod passage;
mod restart;

use passage::{Lines, Passage, Passed, USER_ID};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const NOT_SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

/// A request, and what of it arrives when the services make spans.
struct Row {
    what: &'static str,
    sent: Lines<'static>,
    /// Whether the caller's trace goes on.
    continued: bool,
    /// With the spans sampled by their parent, and with sampler `always_off`.
    flags: [&'static str; 2],
    tracestate: &'static [&'static str],
    baggage: &'static [&'static str],
}

const ROWS: &[Row] = &[
    Row {
        what: "everything, in several lines",
        sent: &[
            ("traceparent", SAMPLED),
            ("tracestate", "vendor=a1"),
            ("tracestate", "other=b2 , third=c3"),
            ("baggage", "tenant=blue"),
            ("baggage", "user.id=1,color=red"),
        ],
        continued: true,
        flags: ["01", "00"],
        tracestate: &["vendor=a1,other=b2,third=c3"],
        baggage: &["color=red", "tenant=blue"],
    },
    Row {
        what: "the random flag",
        sent: &[("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03")],
        continued: true,
        flags: ["03", "02"],
        tracestate: &[],
        baggage: &[],
    },
    Row {
        what: "not sampled",
        sent: &[("traceparent", NOT_SAMPLED), ("tracestate", "vendor=a1")],
        continued: true,
        flags: ["00", "00"],
        tracestate: &["vendor=a1"],
        baggage: &[],
    },
    Row {
        what: "not sampled, random",
        sent: &[("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02")],
        continued: true,
        flags: ["02", "02"],
        tracestate: &[],
        baggage: &[],
    },
    Row {
        what: "a later version that says more",
        sent: &[("traceparent", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")],
        continued: true,
        flags: ["01", "00"],
        tracestate: &[],
        baggage: &[],
    },
    Row {
        what: "a tracestate that is not valid",
        sent: &[("traceparent", SAMPLED), ("tracestate", "vendor=a1,BAD=1")],
        continued: true,
        flags: ["01", "00"],
        tracestate: &[],
        baggage: &[],
    },
    Row {
        what: "nothing",
        sent: &[],
        continued: false,
        flags: ["03", "02"],
        tracestate: &[],
        baggage: &[],
    },
    Row {
        what: "two parents",
        sent: &[
            ("traceparent", SAMPLED),
            ("traceparent", SAMPLED),
            ("tracestate", "vendor=a1"),
            ("baggage", "tenant=blue"),
        ],
        continued: false,
        flags: ["03", "02"],
        tracestate: &[],
        baggage: &["tenant=blue"],
    },
    Row {
        what: "garbage",
        sent: &[("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01")],
        continued: false,
        flags: ["03", "02"],
        tracestate: &[],
        baggage: &[],
    },
];

/// Requests whose headers leave a process without telemetry as they came.
const VERBATIM: &[Lines<'static>] = &[
    &[("traceparent", SAMPLED), ("tracestate", "vendor=a1"), ("baggage", "user.id=1,tenant=blue")],
    &[
        ("traceparent", SAMPLED),
        ("tracestate", "vendor=a1"),
        ("tracestate", "other=b2 , third=c3"),
        ("baggage", "tenant=blue"),
        ("baggage", "user.id=1;p=q , color=%72ed"),
    ],
    &[("traceparent", NOT_SAMPLED), ("tracestate", "vendor=a1,BAD=1")],
    &[("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fc")],
    &[("traceparent", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")],
];

/// One row: `mode` is the column of its flags.
fn check(row: &Row, passed: &Passed, mode: usize) {
    let [trace_id, parent, flags] = passed.traceparent();
    let what = format!("{}: {}", row.what, passed.shown());
    assert_eq!(trace_id == TRACE, row.continued, "{what}");
    assert_ne!(parent, PARENT, "{what}");
    assert_eq!(flags, row.flags[mode], "{what}");
    assert_eq!(passed.trace_id(), trace_id, "{what}");
    assert_eq!(passed.lines("tracestate"), row.tracestate, "{what}");
    let own = format!("user.id={USER_ID}");
    let expected = row.baggage.iter().copied().chain([own.as_str()]);
    assert_eq!(passed.baggage(), expected.collect::<Vec<_>>(), "{what}");
}

#[tokio::test]
async fn with_telemetry_on_the_callers_context_arrives_and_its_sampling_is_kept() {
    let mut passage = Passage::start(&[], &[]).await;
    for row in ROWS {
        check(row, &passage.pass(row.sent).await, 0);
    }
    let sampled = passage.pass(&[]).await.trace_id().to_owned();

    passage.stop().await;

    let seen = passage.sink.spans(&sampled);
    assert_eq!(seen.len(), 12, "\n{}", testbed::tree(&seen));
}

#[tokio::test]
async fn a_caller_that_does_not_sample_makes_nothing_be_exported() {
    let mut passage = Passage::start(&[], &[]).await;
    for flags in ["00", "02"] {
        let passed =
            passage.pass(&[("traceparent", &format!("00-{TRACE}-{PARENT}-{flags}"))]).await;
        assert_eq!(passed.traceparent()[2], flags, "{}", passed.shown());
    }

    passage.stop().await;

    assert_eq!(
        passage.sink.store().span_count(),
        0,
        "\n{}",
        testbed::tree(&passage.sink.spans(TRACE))
    );
}

#[tokio::test]
async fn with_sampler_always_off_the_callers_context_arrives_and_nothing_is_exported() {
    let mut passage = Passage::start(&[("OTEL_TRACES_SAMPLER", "always_off")], &[]).await;
    for row in ROWS {
        check(row, &passage.pass(row.sent).await, 1);
    }

    passage.stop().await;

    assert_eq!(passage.sink.store().span_count(), 0);
}

/// The headers pass as through a proxy; without any, new ids are made that all services share.
async fn off(variable: (&str, &str)) {
    let mut passage = Passage::start(&[variable], &[]).await;
    for sent in VERBATIM {
        let passed = passage.pass(sent).await;
        for name in ["traceparent", "tracestate", "baggage"] {
            let lines = sent.iter().filter(|(of, _)| *of == name).map(|(_, line)| *line);
            assert_eq!(
                passed.lines(name),
                lines.collect::<Vec<_>>(),
                "{name} of {sent:?}: {}",
                passed.shown()
            );
        }
        assert_eq!(passed.trace_id(), TRACE, "{sent:?}");
    }
    for sent in [&[][..], &[("tracestate", "vendor=a1"), ("baggage", "tenant=blue")]] {
        let passed = passage.pass(sent).await;
        let [trace_id, parent, flags] = passed.traceparent();
        assert_eq!(flags, "00", "{}", passed.shown());
        assert!(trace_id != "0".repeat(32) && parent != "0".repeat(16), "{}", passed.shown());
        assert_eq!(passed.trace_id(), trace_id);
        assert!(passed.lines("tracestate").is_empty(), "{}", passed.shown());
    }

    passage.stop().await;

    assert_eq!(passage.sink.store().span_count(), 0);
}

#[tokio::test]
async fn with_the_sdk_disabled_the_headers_pass_as_they_came() {
    off(("OTEL_SDK_DISABLED", "true")).await;
}

#[tokio::test]
async fn without_a_traces_exporter_the_headers_pass_as_they_came() {
    off(("OTEL_TRACES_EXPORTER", "none")).await;
}
