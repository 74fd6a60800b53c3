//! Spans that do not arrive: the service that exports none is named, and of spans that are lost now and then exactly those traces that lost one.

use std::collections::BTreeSet;

use testbed::{Mode, Port, Proxy, SeenSpan, Service};

use crate::{
    run::Verdicts,
    system::{CLOSED, SPANS, System, VERIFY},
};

const LOAD: [&str; 2] = ["--requests", "40"];
const TIMEOUT: [&str; 2] = ["--verify-timeout", "4s"];

#[tokio::test]
async fn a_service_whose_exports_go_nowhere_is_named() {
    let refused = Port::reserve();
    let refused = format!("http://127.0.0.1:{}", refused.number());
    let system = System::with(|options, _| {
        options.env(Service::User, "OTEL_EXPORTER_OTLP_ENDPOINT", &refused)
    });
    let system = system.await;

    let ended = system.load(&LOAD, &[&CLOSED[..], &VERIFY, &TIMEOUT].concat()).await;

    let expected = Verdicts::of([("incomplete", 40)], [("gateway → user-service: incomplete", 40)]);
    ended.assert_ended(3, &expected);
    let (_, detail) = ended.failures().remove(0);
    assert!(detail.contains("user-service has no span at all"), "{detail}");
    assert_eq!(system.traces_with("order-service").len(), 40);
}

#[tokio::test]
async fn a_service_whose_exports_are_swallowed_is_named_be_it_the_last() {
    let (hole, system) = {
        let hole = Proxy::to(9).await;
        hole.set(Mode::BlackHole).await;
        let url = hole.url();
        let system = System::with(move |options, _| {
            options.env(Service::Audit, "OTEL_EXPORTER_OTLP_ENDPOINT", &url)
        });
        (hole, system.await)
    };

    let ended = system.load(&LOAD, &[&CLOSED[..], &VERIFY, &TIMEOUT].concat()).await;

    let hop = "order-service → audit-service: incomplete";
    ended.assert_ended(3, &Verdicts::of([("incomplete", 40)], [(hop, 40)]));
    assert!(hole.accepted() > 0);
}

#[tokio::test]
async fn a_service_that_passes_the_context_on_and_traces_nothing_is_named() {
    let system =
        System::with(|options, _| options.env(Service::User, "OTEL_TRACES_EXPORTER", "none")).await;

    let ended = system.load(&LOAD, &[&CLOSED[..], &VERIFY, &TIMEOUT].concat()).await;

    // What it should have put between gateway and order-service is not there.
    let hop = "user-service → order-service: wrong_parent";
    ended.assert_ended(3, &Verdicts::of([("wrong_parent", 40)], [(hop, 40)]));
    let (_, detail) = ended.failures().remove(0);
    assert!(detail.contains("it belongs below user-service CLIENT POST /process"), "{detail}");
}

/// The spans of an order by service, kind and name: what a trace of one must have, whatever comes on top of it.
fn rows(spans: &[SeenSpan]) -> BTreeSet<(String, &'static str, String)> {
    let row = |span: &SeenSpan| (span.service.clone(), span.kind.as_str_name(), span.name.clone());
    spans.iter().filter(|span| !span.failed).map(row).collect()
}

/// Whether the caller's span or any other is not there, or one hangs below what is not.
fn is_holed(spans: &[SeenSpan]) -> bool {
    let ids: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    let dangles = |span: &SeenSpan| !span.parent.is_empty() && !ids.contains(span.parent.as_str());
    rows(spans).len() < SPANS || spans.iter().any(dangles)
}

#[tokio::test]
async fn of_traces_that_lose_spans_exactly_those_are_not_whole() {
    let system = System::start().await;
    let mut faults = Vec::new();
    for service in Service::ALL {
        faults.push(system.misbehave(service, "drop_spans=0.02").await);
    }

    let ended =
        system.load(&["--requests", "100"], &[&CLOSED[..], &VERIFY, &TIMEOUT].concat()).await;

    let mut lost = 0;
    for fault in faults {
        lost += fault.count("drop_spans").await;
    }
    let traces = system.traces_with("loadgen");
    assert_eq!(traces.len(), 100);
    let holed = |trace: &&String| is_holed(&system.sink.spans(trace));
    let holed: BTreeSet<_> = traces.iter().filter(holed).cloned().collect();
    assert!(!holed.is_empty() && holed.len() as u64 <= lost, "{} by {lost}", holed.len());
    let failed: BTreeSet<_> = ended.failures().into_iter().map(|(id, _)| id).collect();
    assert_eq!(failed, holed);
    let Verdicts { counts, .. } = ended.verdicts();
    let whole = counts.iter().find(|(verdict, _)| verdict == "whole").unwrap().1;
    assert_eq!((whole as usize, ended.code), (100 - holed.len(), 3), "{counts:?}");
    assert!(counts.iter().all(|(verdict, _)| verdict != "broken"), "{counts:?}");
}
