//! Runs in which nothing goes wrong: every trace is whole, every row agrees.

use std::collections::BTreeSet;

use crate::{
    run::{Ended, Verdicts},
    system::{System, VERIFY},
};

const LOAD: [&str; 5] = ["--requests", "60", "--closed", "--connections", "4"];

fn assert_whole(ended: &Ended, requests: u64) {
    ended.assert_ended(0, &Verdicts::whole(requests));
    assert_eq!(ended.number("/total/requests"), requests, "{}", ended.stdout);
    assert_eq!(ended.number("/total/errors"), 0, "{}", ended.stdout);
    assert_eq!(ended.number("/verification/without_contract"), 0, "{}", ended.stdout);
    let line = format!("\n{requests} of {requests} traces whole");
    assert!(ended.stdout.contains(&line), "{}", ended.stdout);
}

fn assert_rows(ended: &Ended, rows: u64) {
    assert_eq!(ended.rows(), [rows; 3], "{}", ended.stdout);
    assert_eq!(ended.mismatches(), [], "{}", ended.stdout);
    let line = format!("\n{rows} answers, {rows} orders, {rows} audit records");
    assert!(ended.stdout.contains(&line), "{}", ended.stdout);
}

#[tokio::test]
async fn every_scenario_is_whole_with_keys_and_without() {
    let system = System::start().await;
    for scenario in ["process", "register", "mixed"] {
        let load = [&LOAD[..], &["--scenario", scenario]].concat();
        let before = system.traces().len();

        let plain = system.load(&load, &VERIFY).await;
        assert_whole(&plain, 60);
        assert!(plain.report["reconciliation"].is_null());

        let keyed = system.load(&load, &[&VERIFY[..], &["--reconcile"]].concat()).await;
        assert_whole(&keyed, 60);
        // Of the mixed scenario some only read.
        let statuses = &keyed.report["total"]["statuses"];
        let written = |step: &serde_json::Value| {
            let reads = ["newest", "an order that", "a user"];
            !reads.iter().any(|name| step["name"].as_str().unwrap().starts_with(name))
        };
        let steps = keyed.report["steps"].as_array().unwrap().iter().filter(|step| written(step));
        let writes: u64 = steps.map(|step| step["requests"].as_u64().unwrap()).sum();
        assert!(scenario == "mixed" || writes == 60, "{statuses}");
        assert_rows(&keyed, writes);

        // Neither look-ups nor the reading of rows leave traces.
        assert_eq!(system.traces().len() - before, 120, "{scenario}");
    }
}

#[tokio::test]
async fn open_loops_and_their_warm_up_are_whole_too() {
    let system = System::start().await;
    for arrivals in ["constant", "poisson"] {
        let load = ["--arrivals", arrivals, "--requests", "60", "--rate", "20", "--warm-up", "1s"];

        let ended = system.load(&load, &[&VERIFY[..], &["--reconcile"]].concat()).await;

        let sent = 60 + ended.number("/warm_up_requests");
        assert_eq!((sent, ended.number("/total/requests")), (80, 60));
        ended.assert_ended(0, &Verdicts::whole(sent));
        // On a machine that is too busy for the rate some are refused: their traces are whole as well, and no row is amiss.
        let [requests, orders, audit_records] = ended.rows();
        assert_eq!((orders, audit_records), (requests, requests));
        assert_eq!(ended.mismatches(), []);
        let others = ["refused", "indeterminate"]
            .map(|kind| ended.number(&format!("/reconciliation/{kind}/requests")));
        assert_eq!(requests + others[0] + others[1], sent);
    }
}

#[tokio::test]
async fn of_a_share_that_is_sampled_exactly_that_share_is_expected() {
    let system = System::start().await;

    let sampled =
        system.load(&LOAD, &[&VERIFY[..], &["--sampled", "0.3", "--reconcile"]].concat()).await;

    let traces = system.traces();
    assert!(!traces.is_empty() && traces.len() < 60, "{}", traces.len());
    sampled.assert_ended(0, &Verdicts::whole(traces.len() as u64));
    assert_eq!(traces, system.traces_with("audit-service"));
    assert_eq!(sampled.number("/spans/ended"), traces.len() as u64);
    // Rows are made by all of them.
    assert_rows(&sampled, 60);
}

#[tokio::test]
async fn without_own_spans_the_answers_tell_which_traces_to_look_up() {
    let system = System::start().await;
    for args in [&["--scenario", "process"][..], &["--scenario", "mixed"]] {
        let before = system.traces();
        let args = [&LOAD[..], &VERIFY, args, &["--reconcile"]].concat();
        let ended = system.begin(&args, &[("OTEL_TRACES_EXPORTER", "none")]).end().await;

        assert!(ended.report["spans"].is_null());
        let made: BTreeSet<_> = system.traces().difference(&before).cloned().collect();
        assert_eq!(made.len(), 60);
        assert!(made.is_disjoint(&system.traces_with("loadgen")));
        assert_whole(&ended, 60);
    }
}

#[tokio::test]
async fn the_same_seed_again_is_a_replay_and_whole_as_well() {
    let system = System::start().await;
    let args = [&VERIFY[..], &["--seed", "7", "--reconcile", "--scenario"]].concat();
    for scenario in ["process", "register"] {
        let args = [&args[..], &[scenario]].concat();
        let first = system.load(&LOAD, &args).await;
        assert_whole(&first, 60);
        assert_rows(&first, 60);
        let first = system.traces();

        let again = system.load(&LOAD, &args).await;

        assert_whole(&again, 60);
        assert_rows(&again, 60);
        assert_eq!(system.traces().len(), first.len() + 60);
    }
}
