//! A context through a database row.

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry_sdk::trace::Sampler;

use super::super::{ALL, Carrier, Installed, Propagation};
use super::{PARENT_ID, SAMPLED, TRACE_ID, headers, in_client_span, lines, traceparent};

fn on_the_wire(installed: &Installed, cx: &Context) -> HeaderMap {
    let mut outbound = HeaderMap::new();
    installed.wire.inject(cx, &mut outbound);
    outbound
}

fn kept(carrier: &Carrier) -> [Option<&str>; 3] {
    [&carrier.traceparent, &carrier.tracestate, &carrier.baggage].map(Option::as_deref)
}

#[test]
fn a_redelivery_continues_the_span_that_was_kept() {
    for sampler in [Sampler::AlwaysOn, Sampler::AlwaysOff] {
        let installed = Installed::new(&ALL, false);
        let parent = installed.wire.extract(&headers(&[
            ("traceparent", format!("00-{TRACE_ID}-{PARENT_ID}-02").as_str()),
            ("tracestate", "foo@@bar=1,baz=2"),
            ("baggage", "user.id=1001;p, a=%2C"),
        ]));
        let (first, carrier) = in_client_span(sampler.clone(), true, parent, |cx| {
            (on_the_wire(&installed, &cx), Carrier::keep(&installed, &cx))
        });
        let of_first = traceparent(&first);
        let line = format!("00-{}-{}-{}", of_first.0, of_first.1, of_first.2);
        assert_eq!(
            kept(&carrier),
            [Some(line.as_str()), Some("foo@@bar=1,baz=2"), Some("a=%2C,user.id=1001;p")]
        );

        let again = in_client_span(sampler, true, carrier.restore(&installed), |cx| {
            on_the_wire(&installed, &cx)
        });

        let of_again = traceparent(&again);
        assert_eq!((&of_again.0, &of_again.2), (&of_first.0, &of_first.2), "trace id and flags");
        assert_ne!(of_again.1, of_first.1, "the redelivery is a span of its own");
        assert_eq!(lines(&again, "tracestate"), lines(&first, "tracestate"));
        assert_eq!(lines(&again, "baggage"), lines(&first, "baggage"));
    }
}

#[test]
fn what_is_kept_does_not_depend_on_the_installed_formats() {
    let installed = Installed::new(&[], false);
    let carrier = Carrier {
        traceparent: Some(SAMPLED.into()),
        tracestate: Some("a=1".into()),
        baggage: Some("b=1".into()),
    };

    let cx = carrier.restore(&installed);

    assert_eq!(Carrier::keep(&installed, &cx), carrier);
    assert!(on_the_wire(&installed, &cx).is_empty());
}

#[test]
fn with_telemetry_off_the_callers_headers_are_kept_and_passed_on_again() {
    let installed = Installed::new(&ALL, true);
    let inbound =
        headers(&[("traceparent", SAMPLED), ("tracestate", "foo=1"), ("baggage", "user.id=1001")]);
    let carrier =
        in_client_span(Sampler::AlwaysOff, true, installed.wire.extract(&inbound), |cx| {
            Carrier::keep(&installed, &cx)
        });
    assert_eq!(kept(&carrier), [Some(SAMPLED), Some("foo=1"), Some("user.id=1001")]);

    let again = in_client_span(Sampler::AlwaysOff, true, carrier.restore(&installed), |cx| {
        on_the_wire(&installed, &cx)
    });

    assert_eq!(again, inbound);
}

#[test]
fn with_telemetry_off_only_valid_and_bounded_text_is_kept() {
    let installed = Installed::new(&ALL, true);
    let later = format!("cc-{TRACE_ID}-{PARENT_ID}-fd-{}", "x".repeat(4000));
    for (row, traceparent, expected) in
        [("a later version", later.as_str(), Some(SAMPLED)), ("garbage", "garbage", None)]
    {
        let inbound = headers(&[
            ("traceparent", traceparent),
            ("tracestate", "BAD=1"),
            ("baggage", &"x".repeat(9000)),
        ]);
        let carrier =
            in_client_span(Sampler::AlwaysOff, true, installed.wire.extract(&inbound), |cx| {
                Carrier::keep(&installed, &cx)
            });

        let kept_traceparent = carrier.traceparent.as_deref().unwrap_or_default();
        assert_eq!(kept_traceparent.len(), 55, "{row}");
        assert!(expected.is_none_or(|line| line == kept_traceparent), "{row}: {kept_traceparent}");
        assert_eq!((carrier.tracestate, carrier.baggage), (None, None), "{row}");
    }
}

#[test]
fn a_row_without_a_context_begins_a_new_trace() {
    let installed = Installed::new(&ALL, false);
    let carrier = Carrier::keep(&installed, &Context::new());
    assert_eq!(carrier, Carrier::default());
    let outbound = in_client_span(Sampler::AlwaysOn, true, carrier.restore(&installed), |cx| {
        on_the_wire(&installed, &cx)
    });
    assert_eq!(traceparent(&outbound).2, "03");
}

#[test]
fn a_row_with_damaged_text_begins_a_new_trace() {
    let carrier = Carrier {
        traceparent: Some("x\ny".into()),
        tracestate: Some("é".into()),
        baggage: Some("\0".into()),
    };
    let mut outbound = HeaderMap::new();
    Propagation::new(&ALL, false)
        .inject(&carrier.restore(&Installed::new(&ALL, false)), &mut outbound);
    assert!(outbound.is_empty());
}
