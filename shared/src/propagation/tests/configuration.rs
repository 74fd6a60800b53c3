//! `OTEL_PROPAGATORS`, what is installed, what is overwritten, and `traceresponse`.

use http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_sdk::trace::Sampler;

use super::super::Format::{Baggage, TraceContext};
use super::super::{ALL, Format, Propagation, parse_formats, traceresponse};
use super::{SAMPLED, headers, in_client_span, lines, traceparent};

#[test]
fn the_names_of_the_specification_are_read() {
    for (value, expected) in [
        ("tracecontext,baggage", vec![TraceContext, Baggage]),
        ("baggage, tracecontext", vec![Baggage, TraceContext]),
        ("tracecontext", vec![TraceContext]),
        (" baggage ", vec![Baggage]),
        ("baggage,baggage", vec![Baggage]),
        ("none", vec![]),
        ("", vec![TraceContext, Baggage]),
    ] {
        assert_eq!(parse_formats(value), Ok(expected), "{value:?}");
    }
}

#[test]
fn another_name_is_an_error_that_says_which_and_what_is_accepted() {
    for (value, named) in [
        ("b3", "b3"),
        ("tracecontext,jaeger", "jaeger"),
        ("none,baggage", "none"),
        ("baggage,", ""),
        ("Baggage", "Baggage"),
    ] {
        let error = parse_formats(value).expect_err("a refused value");
        let quoted = format!("{named:?}");
        for part in ["OTEL_PROPAGATORS", quoted.as_str(), "tracecontext", "baggage", "none"] {
            assert!(error.contains(part), "{part} is missing in: {error}");
        }
    }
}

#[test]
fn a_format_that_is_not_installed_is_neither_read_nor_written() {
    let inbound = headers(&[("traceparent", SAMPLED), ("tracestate", "a=1"), ("baggage", "b=1")]);
    for (formats, trace, baggage) in [
        (&[TraceContext, Baggage][..], true, true),
        (&[TraceContext][..], true, false),
        (&[Baggage][..], false, true),
        (&[][..], false, false),
    ] {
        let outbound =
            super::hop(&Propagation::new(formats, false), Sampler::AlwaysOn, true, &inbound);
        assert_eq!(outbound.contains_key("traceparent"), trace, "{formats:?}");
        assert_eq!(outbound.contains_key("tracestate"), trace, "{formats:?}");
        assert_eq!(outbound.contains_key("baggage"), baggage, "{formats:?}");
    }
}

#[test]
fn before_and_after_install_both_formats_pass_through_the_public_functions() {
    let inbound =
        headers(&[("traceparent", SAMPLED), ("tracestate", "a@@b=1"), ("baggage", "b=1")]);
    let pass = || {
        let mut outbound = HeaderMap::new();
        super::super::inject(&super::super::extract(&inbound), &mut outbound);
        outbound
    };
    assert_eq!(pass(), inbound);

    super::super::install(&[Format::TraceContext, Format::Baggage], false);

    assert_eq!(pass(), inbound);
    let fields = opentelemetry::global::get_text_map_propagator(|p| p.fields().count());
    assert_eq!(fields, 3, "the global propagator reads and writes the same three headers");
}

#[test]
fn traceresponse_names_the_current_span() {
    let propagation = Propagation::new(&[TraceContext], false);
    let parent = propagation.extract(&headers(&[("traceparent", SAMPLED)]));
    in_client_span(Sampler::AlwaysOn, true, parent, |cx| {
        let mut outbound = HeaderMap::new();
        propagation.inject(&cx, &mut outbound);
        let response = traceresponse(&cx).expect("a span is current");
        assert_eq!(lines(&outbound, "traceparent"), [response.to_str().expect("ASCII")]);
        assert_eq!(traceparent(&outbound).2, "01");
    });
    assert_eq!(traceresponse(&opentelemetry::Context::new()), None);
}

#[test]
fn the_propagator_works_on_any_text_map() {
    let propagator = super::super::W3cPropagator;
    let inbound = std::collections::HashMap::from([
        ("traceparent".to_owned(), SAMPLED.to_owned()),
        ("tracestate".to_owned(), "a@@b=1".to_owned()),
    ]);
    let mut outbound = std::collections::HashMap::new();
    propagator.inject_context(&propagator.extract(&inbound), &mut outbound);
    assert_eq!(outbound, inbound);
}

#[test]
fn what_the_headers_said_of_another_trace_is_replaced() {
    let propagation = Propagation::new(&ALL, false);
    let mut outbound = headers(&[
        ("traceparent", "00-0000000000000000000000000000000a-000000000000000b-01"),
        ("tracestate", "stale=1"),
        ("tracestate", "stale=2"),
    ]);

    let cx = propagation.extract(&headers(&[("traceparent", SAMPLED)]));
    propagation.inject(&cx, &mut outbound);

    assert_eq!(lines(&outbound, "traceparent"), [SAMPLED]);
    assert!(!outbound.contains_key("tracestate"));
}

#[test]
fn a_context_without_a_span_leaves_the_headers_alone() {
    let propagation = Propagation::new(&ALL, false);
    let mut outbound =
        headers(&[("traceparent", SAMPLED), ("tracestate", "foo=1"), ("baggage", "a=1")]);
    let before = outbound.clone();

    propagation.inject(&opentelemetry::Context::new(), &mut outbound);

    assert_eq!(outbound, before);
}
