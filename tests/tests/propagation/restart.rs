//! `EDGE_TRUST=restart`: a new trace begins at the gateway, whatever the caller sent.

use testbed::tree;

use crate::passage::{Lines, Passage, Passed, USER_ID};
use crate::{NOT_SAMPLED, PARENT, SAMPLED, TRACE};

const RESTART: Lines<'static> = &[("EDGE_TRUST", "restart")];

async fn sent_by_a_stranger(passage: &Passage, traceparent: &str) -> Passed {
    let lines = [
        ("traceparent", traceparent),
        ("tracestate", "vendor=a1"),
        ("baggage", "user.id=1,tenant=blue"),
    ];
    passage.pass(&lines).await
}

/// Nothing of the caller's arrives.
fn check(passed: &Passed, expected_flags: &str) {
    let [trace_id, parent, flags] = passed.traceparent();
    assert_ne!(trace_id, TRACE, "{}", passed.shown());
    assert_ne!(parent, PARENT, "{}", passed.shown());
    assert_eq!(flags, expected_flags, "{}", passed.shown());
    assert_eq!(passed.trace_id(), trace_id);
    assert!(passed.lines("tracestate").is_empty(), "{}", passed.shown());
    assert_eq!(passed.baggage(), [format!("user.id={USER_ID}")], "{}", passed.shown());
}

#[tokio::test]
async fn a_restarted_trace_is_new_and_links_to_the_callers_span() {
    let mut passage = Passage::start(&[], RESTART).await;
    let mut trace_ids = Vec::new();
    for traceparent in [SAMPLED, NOT_SAMPLED] {
        let passed = sent_by_a_stranger(&passage, traceparent).await;
        check(&passed, "03");
        trace_ids.push(passed.trace_id().to_owned());
    }
    let alone = passage.pass(&[]).await.trace_id().to_owned();

    passage.stop().await;

    assert!(passage.sink.spans(TRACE).is_empty(), "the caller's trace was continued");
    for trace_id in trace_ids {
        let spans = passage.sink.spans(&trace_id);
        let links =
            spans.iter().flat_map(|seen| seen.span.links.iter().map(move |link| (seen, link)));
        let links: Vec<_> = links.collect();
        let [(seen, link)] = links.as_slice() else {
            panic!("{} links in\n{}", links.len(), tree(&spans))
        };
        assert_eq!(
            (seen.service.as_str(), seen.name.as_str(), seen.parent.as_str()),
            ("gateway", "POST /api/v1/process", "")
        );
        assert_eq!(hex(&link.trace_id), TRACE);
        assert_eq!(hex(&link.span_id), PARENT);
    }
    let spans = passage.sink.spans(&alone);
    assert_eq!(spans.len(), 12, "\n{}", tree(&spans));
    assert!(spans.iter().all(|seen| seen.span.links.is_empty()), "a link to nothing: {spans:?}");
}

#[tokio::test]
async fn a_trace_is_restarted_with_telemetry_off_too() {
    for off in [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")] {
        let passage = Passage::start(&[off], RESTART).await;

        check(&sent_by_a_stranger(&passage, SAMPLED).await, "00");
    }
}

#[tokio::test]
async fn a_trace_is_restarted_with_sampler_always_off_too() {
    let passage = Passage::start(&[("OTEL_TRACES_SAMPLER", "always_off")], RESTART).await;

    check(&sent_by_a_stranger(&passage, SAMPLED).await, "02");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
