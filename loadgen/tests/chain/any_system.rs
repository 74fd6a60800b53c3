//! A system of which nothing is known but its traces: a contract written from a good one, and ids to verify.

use std::{collections::BTreeSet, fs, path::Path};

use testbed::{Service, http};

use crate::{
    run::{Ended, Verdicts},
    system::{CLOSED, System},
};

/// Requests that something else makes, which exports no span: their traces.
async fn ask(system: &System, count: usize) -> BTreeSet<String> {
    let before = system.traces();
    for _ in 0..count {
        let body = serde_json::json!({"user_id": 1001, "action": "purchase"});
        let url = format!("{}/api/v1/process", system.chain.url(Service::Gateway));
        assert_eq!(http().post(url).json(&body).send().await.unwrap().status(), 200);
    }
    let made = testbed::until(std::time::Duration::from_secs(10), async || {
        let gateways = system.traces_with("gateway");
        let made: BTreeSet<_> = gateways.difference(&before).cloned().collect();
        (made.len() >= count).then_some(made)
    });
    made.await.expect("the traces are exported")
}

async fn contract(system: &System, from: &str, file: &Path) -> Ended {
    let output = file.to_str().unwrap();
    let args = ["contract", "--from-trace", from, "--name", "order", "--output", output];
    system.begin(&args, &[]).end().await
}

/// Verifies ids from a file against that contract.
async fn verify(system: &System, ids: &BTreeSet<String>, contract: &Path) -> Ended {
    let file = contract.with_file_name("ids.txt");
    let lines: Vec<_> = ids.iter().map(String::as_str).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let (ids, contract) = (file.to_str().unwrap(), contract.to_str().unwrap());
    let args = ["verify", "--ids", ids, "--contract", contract, "--against", "order"];
    system.begin(&[&args[..], &["--verify-timeout", "5s"]].concat(), &[]).end().await
}

#[tokio::test]
async fn a_contract_from_a_trace_judges_those_of_any_caller() {
    let system = System::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("order.toml");
    let first = ask(&system, 1).await;
    let written = contract(&system, first.first().unwrap(), &file).await;
    assert_eq!(written.code, 0, "{}", written.stderr);
    assert!(fs::read_to_string(&file).unwrap().contains("user-service.insert-users"));

    // Made by something that exports no span, then by loadgen, which does.
    let others = ask(&system, 10).await;
    verify(&system, &others, &file).await.assert_ended(0, &Verdicts::whole(10));
    let before = system.traces();
    let own = system.load(&["--requests", "10"], &CLOSED).await;
    assert_eq!(own.code, 0);
    let own: BTreeSet<_> = system.traces().difference(&before).cloned().collect();
    assert_eq!(own.len(), 10);
    verify(&system, &own, &file).await.assert_ended(0, &Verdicts::whole(10));

    // And as the contract of a load.
    let scenario = folder.path().join("scenario.toml");
    fs::write(
        &scenario,
        "[[step]]\nmethod = 'POST'\npath = '/api/v1/process'\nbody = { user_id = 1, action = 'x' }\ncontract = 'order'\n",
    )
    .unwrap();
    let (scenario, file) = (scenario.to_str().unwrap(), file.to_str().unwrap());
    let args = ["--scenario", scenario, "--contract", file, "--verify", "--requests", "20"];
    system.load(&args, &CLOSED).await.assert_ended(0, &Verdicts::whole(20));
}

#[tokio::test]
async fn a_broken_hop_is_named_from_the_spans_alone() {
    let system = System::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("order.toml");
    let good = ask(&system, 1).await;
    assert_eq!(contract(&system, good.first().unwrap(), &file).await.code, 0);
    for (service, hop) in [
        (Service::Gateway, "gateway → user-service: broken"),
        (Service::User, "user-service → order-service: broken"),
        (Service::Order, "order-service → audit-service: broken"),
    ] {
        let fault = system.misbehave(service, "drop_context").await;
        let made = ask(&system, 5).await;
        assert_eq!(fault.count("drop_context").await, 5);

        let ended = verify(&system, &made, &file).await;

        ended.assert_ended(3, &Verdicts::of([("broken", 5)], [(hop, 5)]));
    }
}

#[tokio::test]
async fn what_is_no_good_trace_makes_no_contract_and_what_is_not_there_is_missing() {
    let system = System::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("order.toml");
    let unknown = "0af7651916cd43dd8448eb211c80319c";
    let args = ["contract", "--from-trace", unknown, "--verify-timeout", "1s"];
    let ended = system.begin(&args, &[]).end().await;
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("it is not there"), "{}", ended.stderr);
    assert!(!file.exists());

    let args = ["verify", "--trace", unknown, "--verify-timeout", "1s"];
    let ended = system.begin(&args, &[]).end().await;
    ended.assert_ended(3, &Verdicts::of([("missing", 1)], []));
}
