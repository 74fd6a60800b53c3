//! `OTEL_PROPAGATORS`: only the formats that it names are read and written, with telemetry on and off.

use std::time::Duration;

use testbed::{Port, Program, tracechain};

use crate::passage::{Lines, Passage, Passed, USER_ID};
use crate::{SAMPLED, TRACE};

const OFF: (&str, &str) = ("OTEL_SDK_DISABLED", "true");

async fn passed_with(variables: Lines<'_>) -> Passed {
    let passage = Passage::start(variables, &[]).await;
    let lines = [
        ("traceparent", SAMPLED),
        ("tracestate", "vendor=a1"),
        ("baggage", "user.id=1,tenant=blue"),
    ];
    passage.pass(&lines).await
}

#[tokio::test]
async fn with_propagators_none_nothing_arrives_and_each_service_has_a_trace_of_its_own() {
    for variables in [&[("OTEL_PROPAGATORS", "none")][..], &[("OTEL_PROPAGATORS", "none"), OFF]] {
        let passed = passed_with(variables).await;

        for name in ["traceparent", "tracestate", "baggage"] {
            assert!(passed.lines(name).is_empty(), "{name}: {}", passed.shown());
        }
        let chain = passed.answer["chain"].as_array().unwrap();
        let mut traces: Vec<_> =
            chain.iter().map(|entry| entry["trace_id"].as_str().unwrap()).collect();
        traces.sort_unstable();
        traces.dedup();
        assert!(traces.len() == 3 && !traces.contains(&TRACE), "{}", passed.shown());
    }
}

#[tokio::test]
async fn with_tracecontext_alone_no_baggage_arrives() {
    for off in [false, true] {
        let variables = [("OTEL_PROPAGATORS", "tracecontext"), OFF];
        let passed = passed_with(if off { &variables } else { &variables[..1] }).await;

        let [trace_id, _, flags] = passed.traceparent();
        assert_eq!((trace_id.as_str(), flags.as_str()), (TRACE, "01"), "{}", passed.shown());
        assert_eq!(passed.lines("tracestate"), ["vendor=a1"], "{}", passed.shown());
        assert!(passed.lines("baggage").is_empty(), "{}", passed.shown());
        assert_eq!(passed.trace_id(), TRACE);
    }
}

#[tokio::test]
async fn with_baggage_alone_no_trace_arrives() {
    let passed = passed_with(&[("OTEL_PROPAGATORS", "baggage")]).await;

    assert!(passed.lines("traceparent").is_empty(), "{}", passed.shown());
    assert!(passed.lines("tracestate").is_empty(), "{}", passed.shown());
    let expected = ["tenant=blue".to_owned(), format!("user.id={USER_ID}")];
    assert_eq!(passed.baggage(), expected, "{}", passed.shown());
}

#[tokio::test]
async fn an_unknown_propagator_is_refused_by_name() {
    let port = Port::reserve();
    let mut process = Program::new(tracechain())
        .arg("gateway")
        .env("PORT", port.number().to_string())
        .env("OTEL_PROPAGATORS", "tracecontext,b3")
        .start();

    let status = process.wait_exit(Duration::from_secs(20)).await;

    assert!(!status.success());
    let output = process.last_output();
    assert!(output.contains("OTEL_PROPAGATORS") && output.contains("b3"), "{output}");
}
