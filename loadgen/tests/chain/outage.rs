//! audit-service is down: what is delivered later is waited for, what never is is told, and what was killed on purpose is no failure.

use std::time::Duration;

use testbed::{Mode, Scrape, Service, until};

use crate::{run::Verdicts, system::System};

const LOAD: [&str; 8] =
    ["--requests", "40", "--closed", "--connections", "4", "--verify", "--verify-after", "500ms"];
const DEADLINE: Duration = Duration::from_secs(30);

/// Until so many requests got an answer.
async fn answered(system: &System, count: f64) {
    let all = until(DEADLINE, async || {
        let scrape = Scrape::of(&system.chain.url(Service::Gateway)).await;
        (scrape.sum_with("http_requests_total", "endpoint=\"/api/v1/process\"") >= count)
            .then_some(())
    });
    all.await.expect("all requests are answered");
}

#[tokio::test]
async fn what_audit_gets_late_completes_its_traces_and_rows() {
    let mut system = System::start().await;
    let load = ["--requests", "60", "--rate", "20", "--verify", "--reconcile"];
    let run = system.begin(&load, &[]);
    answered(&system, 10.0).await;
    system.chain.stop(Service::Audit).await;
    answered(&system, 60.0).await;
    system.chain.restart(Service::Audit).await;

    let ended = run.end().await;

    ended.assert_ended(0, &Verdicts::whole(60));
    let late = ended.number("/total/statuses/202");
    assert!(late >= 20, "{late}");
    assert_eq!((ended.rows(), ended.mismatches()), ([60; 3], vec![]));
}

#[tokio::test]
async fn what_audit_never_gets_is_told_by_traces_and_rows() {
    let system = System::with(|options, _| options.proxied(Service::Audit)).await;
    // Only the way to it: what it has can be read.
    system.chain.proxy(Service::Audit).set(Mode::Refuse).await;

    let ended = system.load(&LOAD, &["--reconcile", "--verify-timeout", "4s"]).await;

    let hop = "order-service → audit-service: incomplete";
    ended.assert_ended(3, &Verdicts::of([("incomplete", 40)], [(hop, 40)]));
    assert_eq!(ended.number("/total/statuses/202"), 40);
    assert_eq!(ended.mismatches(), [("audit_pending".to_owned(), 40)]);
    assert_eq!(ended.rows(), [40, 40, 0]);
    assert!(ended.stdout.contains("40 whose audit record is still pending: "), "{}", ended.stdout);
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_told_before_the_load_or_after_it() {
    let mut system = System::start().await;
    let load = ["--requests", "40", "--rate", "20", "--reconcile"];
    let run = system.begin(&load, &[]);
    answered(&system, 10.0).await;
    system.chain.stop(Service::Audit).await;
    let ended = run.end().await;
    assert_eq!(ended.code, 3, "{}", ended.stdout);
    let rows = &ended.report["reconciliation"];
    assert!(rows["error"].as_str().unwrap().contains("/api/v1/audit"), "{rows:#}");
    assert!(ended.stdout.contains("Rows could not be reconciled: "), "{}", ended.stdout);

    let ended = system.load(&load, &[]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.starts_with("error: rows cannot be reconciled: "), "{}", ended.stderr);
    answered(&system, 40.0).await;
}

#[tokio::test]
async fn what_only_lacks_a_killed_service_is_no_failure() {
    // What it has in its queue is lost with it.
    let mut system =
        System::with(|options, _| options.env(Service::Audit, "OTEL_BSP_SCHEDULE_DELAY", "60000"))
            .await;
    let killed = ["--killed", "audit-service", "--verify-timeout", "6s"];
    let run = system.begin(&[&LOAD[..], &killed].concat(), &[]);
    answered(&system, 40.0).await;
    system.chain.kill(Service::Audit).await;
    let ended = run.end().await;
    ended.assert_ended(
        0,
        &Verdicts::of([("killed", 40)], [("order-service → audit-service: killed", 40)]),
    );
    assert!(
        ended.stdout.contains("0 of 40 traces whole, 40 killed on purpose"),
        "{}",
        ended.stdout
    );
    assert_eq!(system.traces_with("audit-service").len(), 0);

    // Down from the beginning: nothing is delivered.
    let ended = system.load(&LOAD, &killed).await;
    assert_eq!(ended.number("/total/statuses/202"), 40);
    ended.assert_ended(
        0,
        &Verdicts::of([("killed", 40)], [("order-service → audit-service: killed", 40)]),
    );

    // Another service's death excuses nothing.
    let other = ["--killed", "user-service", "--verify-timeout", "4s"];
    let ended = system.load(&LOAD, &other).await;
    assert_eq!((ended.verdicts().counts, ended.code), (vec![("incomplete".to_owned(), 40)], 3));
}
