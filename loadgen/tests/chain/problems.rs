//! Answers that are problems: their traces reach the service that failed and are whole; what they count as is the scenario's and the thresholds' business.

use std::fs;

use serde_json::json;
use testbed::Service;

use crate::{
    run::{Ended, Verdicts},
    system::System,
};

const LOAD: [&str; 8] =
    ["--requests", "40", "--closed", "--connections", "4", "--verify", "--verify-after", "500ms"];

/// Runs a scenario file of one step, whose user there cannot be.
async fn invalid(system: &System, expect: &str, more: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("invalid.toml");
    let step = format!(
        "[[step]]\nmethod = 'POST'\npath = '/api/v1/process'\nbody = {{ user_id = 0, action = 'x' }}\n\
         contract = 'process'\nexpect = {expect}\n"
    );
    fs::write(&file, step).unwrap();
    let scenario = ["--scenario", file.to_str().unwrap()];
    system.load(&LOAD, &[&scenario, more].concat()).await
}

#[tokio::test]
async fn a_refusal_is_an_error_only_where_it_is_not_expected() {
    let system = System::start().await;

    let expected = invalid(&system, "[422]", &["--max-error-rate", "0", "--reconcile"]).await;
    expected.assert_ended(0, &Verdicts::whole(40));
    assert_eq!(expected.number("/total/errors"), 0);
    assert_eq!(expected.report["total"]["codes"], json!({"invalid": 40}));
    let refused = json!({"requests": 40, "orders": 0, "audit_records": 0});
    assert_eq!(expected.report["reconciliation"]["refused"], refused);

    let unexpected = invalid(&system, "[200]", &["--max-error-rate", "0.99"]).await;
    unexpected.assert_ended(1, &Verdicts::whole(40));
    assert_eq!(unexpected.number("/total/errors"), 40);
    let tolerated = invalid(&system, "[200]", &["--max-error-rate", "1"]).await;
    tolerated.assert_ended(0, &Verdicts::whole(40));
}

#[tokio::test]
async fn a_trace_that_ends_at_the_service_that_failed_is_whole() {
    let system = System::start().await;
    for service in [Service::Gateway, Service::User, Service::Order] {
        let fault = system.misbehave(service, "error=503:0.3").await;
        let ended = system.load(&LOAD, &["--max-error-rate", "1"]).await;
        let struck = fault.count("error").await;

        assert!(struck > 0 && struck < 40, "{struck}");
        ended.assert_ended(0, &Verdicts::whole(40));
        assert_eq!(ended.number("/total/statuses/503"), struck);
    }
    // audit's failure is nobody's: the record is delivered later.
    let fault = system.misbehave(Service::Audit, "error=500:0.3").await;
    let ended = system.load(&LOAD, &[]).await;
    assert!(fault.count("error").await > 0);
    ended.assert_ended(0, &Verdicts::whole(40));
}

#[tokio::test]
async fn what_failed_has_made_no_row() {
    let system = System::start().await;
    // The rows are read from the other two.
    let fault = system.misbehave(Service::User, "error=503:0.3").await;

    let ended = system.load(&LOAD, &["--max-error-rate", "1", "--reconcile"]).await;

    let struck = fault.count("error").await;
    ended.assert_ended(0, &Verdicts::whole(40));
    assert_eq!((ended.rows(), ended.mismatches()), ([40 - struck; 3], vec![]));
}

#[tokio::test]
async fn rows_are_read_through_a_gateway_that_refuses_a_share() {
    let system = System::start().await;
    let fault = system.misbehave(Service::Gateway, "error=503:0.2").await;

    let ended = system.load(&LOAD, &["--max-error-rate", "1", "--reconcile"]).await;

    let refused = ended.number("/total/statuses/503");
    // Reads of rows were refused as well, and tried again.
    assert!(refused > 0 && fault.count("error").await >= refused, "{}", ended.stdout);
    ended.assert_ended(0, &Verdicts::whole(40));
    assert_eq!((ended.rows(), ended.mismatches()), ([40 - refused; 3], vec![]));
}

#[tokio::test]
async fn a_problem_does_not_hide_a_broken_hop() {
    let system = System::start().await;
    let error = system.misbehave(Service::Order, "error=503").await;
    let context = system.misbehave(Service::User, "drop_context=0.4").await;

    let ended = system.load(&LOAD, &["--max-error-rate", "1"]).await;

    let (struck, failed) = (context.count("drop_context").await, error.count("error").await);
    assert_eq!(failed, 40);
    assert!(struck > 0 && struck < 40, "{struck}");
    let expected = Verdicts::of(
        [("whole", 40 - struck), ("broken", struck)],
        [("user-service → order-service: broken", struck)],
    );
    ended.assert_ended(3, &expected);
}

#[tokio::test]
async fn a_slow_service_misses_the_latency_that_was_asked_for() {
    let system = System::start().await;
    let _slow = system.misbehave(Service::Order, "latency=300ms").await;

    let missed = system.load(&LOAD, &["--max-p99", "290ms"]).await;
    missed.assert_ended(1, &Verdicts::whole(40));
    assert!(missed.stdout.contains("p99 at most 290 ms: got "), "{}", missed.stdout);
    let met = system.load(&LOAD, &["--max-p99", "9s"]).await;
    met.assert_ended(0, &Verdicts::whole(40));

    // A trace that is not whole outranks it.
    let _fault = system.misbehave(Service::User, "drop_context").await;
    assert_eq!(system.load(&LOAD, &["--max-p99", "290ms"]).await.code, 3);
}
