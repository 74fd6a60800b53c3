use std::{
    collections::{BTreeMap, HashSet},
    fs,
};

use clap::Parser;
use serde_json::Value;
use shared::config::Invalid;

use super::*;
use crate::cli::Cli;

mod files;

const DRAWS: u64 = 10_000;

fn args(flags: &[&str]) -> RequestArgs {
    let flags = ["loadgen"].iter().chain(flags);
    Cli::try_parse_from(flags).unwrap().run.requests
}

fn scenario(flags: &[&str]) -> Scenario {
    Scenario::load(&args(flags)).unwrap()
}

fn from_text(text: &str, flags: &[&str]) -> anyhow::Result<Scenario> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.toml");
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let flags: Vec<&str> = ["--scenario", file].iter().chain(flags).copied().collect();
    Scenario::load(&args(&flags)).map_err(|error| {
        assert!(error.is::<Invalid>(), "{error:?}");
        anyhow::anyhow!("{}", error.to_string().replace(file, "own.toml"))
    })
}

fn refusal(text: &str, flags: &[&str]) -> String {
    let said = from_text(text, flags).unwrap_err().to_string();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

fn all(scenario: &Scenario) -> Vec<Prepared> {
    (0..DRAWS).map(|n| scenario.request(n)).collect()
}

/// All that goes over the wire.
fn wire(prepared: &Prepared) -> String {
    format!("{prepared:?}")
}

#[test]
fn the_same_seed_makes_the_same_requests_in_whatever_order_they_are_asked_for() {
    let flags = ["--scenario", "mixed", "--seed", "7", "--reconcile"];
    let (one, two) = (scenario(&flags), scenario(&flags));
    let forwards: Vec<String> = (0..500).map(|n| wire(&one.request(n))).collect();
    let mut backwards: Vec<String> = (0..500).rev().map(|n| wire(&two.request(n))).collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);
    assert_eq!(one.seed(), 7);
}

#[test]
fn another_seed_number_of_users_or_scenario_shares_no_id() {
    let runs: [&[&str]; 4] = [
        &["--seed", "1"],
        &["--seed", "2"],
        &["--seed", "1", "--users", "5"],
        &["--seed", "1", "--scenario", "register"],
    ];
    let ids: HashSet<Uuid> = runs
        .iter()
        .map(|flags| scenario(&[*flags, &["--reconcile"]].concat()))
        .flat_map(|scenario| (0..100).map(move |n| scenario.request(n).request_id.unwrap()))
        .collect();
    assert_eq!(ids.len(), 400);
}

#[test]
fn a_run_without_a_seed_is_like_no_other_and_its_seed_repeats_it() {
    let (one, two) = (scenario(&["--scenario", "register"]), scenario(&["--scenario", "register"]));
    assert_ne!(wire(&one.request(0)), wire(&two.request(0)));
    let seed = one.seed().to_string();
    let again = scenario(&["--scenario", "register", "--seed", &seed]);
    assert_eq!(wire(&one.request(0)), wire(&again.request(0)));
    assert!(one.seed() < 1 << 53);
}

#[test]
fn each_step_gets_its_share() {
    let mixed = scenario(&["--scenario", "mixed", "--seed", "3"]);
    let mut counts = BTreeMap::new();
    for prepared in all(&mixed) {
        *counts.entry(mixed.steps()[prepared.step].name.to_string()).or_insert(0_u32) += 1;
    }
    let weights = mixed.compiled.iter().map(|c| (c.step.name.to_string(), c.weight));
    for (name, weight) in weights {
        let (count, due) = (f64::from(counts[&name]), weight as f64 * 100.0);
        // Five standard deviations of a binomial.
        let bound = 5.0 * (due * (1.0 - due / DRAWS as f64)).sqrt();
        assert!((count - due).abs() < bound, "{name}: {count} of {due}");
    }
}

#[test]
fn the_users_are_as_many_as_asked_for_from_1001_on() {
    let users: HashSet<i64> = all(&scenario(&["--users", "50"]))
        .iter()
        .map(|p| serde_json::from_slice::<Value>(&p.body).unwrap()["user_id"].as_i64().unwrap())
        .collect();
    assert_eq!(users, (1001..=1050).collect());
}

#[test]
fn every_body_is_json_that_the_gateway_accepts() {
    for name in ["process", "register", "mixed"] {
        for prepared in all(&scenario(&["--scenario", name])) {
            if prepared.body.is_empty() {
                assert!(!prepared.headers.contains_key("content-type"));
                continue;
            }
            assert_eq!(prepared.headers["content-type"], "application/json");
            let body: Value = serde_json::from_slice(&prepared.body).unwrap();
            let text = |member: &str| body[member].as_str().map_or(0, |text| text.chars().count());
            if prepared.path == "/api/v1/register" {
                assert!((1..=100).contains(&text("first_name")), "{body}");
                assert!((1..=100).contains(&text("last_name")), "{body}");
                assert!((3..=254).contains(&text("email")), "{body}");
            } else {
                assert!(body["user_id"].as_u64().is_some_and(|id| id > 1000), "{body}");
                assert!((1..=64).contains(&text("action")), "{body}");
            }
        }
    }
}

#[test]
fn every_registration_is_somebody_new() {
    let register = scenario(&["--scenario", "register"]);
    for member in ["first_name", "last_name", "email"] {
        let seen: HashSet<String> = all(&register)
            .iter()
            .map(|p| serde_json::from_slice::<Value>(&p.body).unwrap()[member].to_string())
            .collect();
        assert_eq!(seen.len() as u64, DRAWS, "{member}");
    }
}

#[test]
fn with_reconcile_every_post_and_nothing_else_has_a_key_of_its_own() {
    let mut keys = HashSet::new();
    let mixed = all(&scenario(&["--scenario", "mixed", "--reconcile"]));
    for prepared in &mixed {
        let sent = prepared.headers.get("idempotency-key").map(|key| key.to_str().unwrap());
        assert_eq!(sent.map(str::to_owned), prepared.request_id.map(|id| id.to_string()));
        assert_eq!(prepared.request_id.is_some(), prepared.method == "POST");
        keys.extend(prepared.request_id);
    }
    assert_eq!(keys.len(), mixed.iter().filter(|p| p.method == "POST").count());
    assert!(scenario(&[]).request(0).request_id.is_none());
}

#[test]
fn a_header_of_the_step_wins_over_that_of_the_command_line_which_wins_over_the_token() {
    let text = "[[step]]\nmethod = 'POST'\npath = '/'\nbody = {}\n\
                headers = { x-a = 'step {{seq}}', Content-Type = 'application/x+json' }";
    let flags = ["-H", "x-a: line", "-H", "x-b: 1", "-H", "x-b: 2", "--token", "secret"];
    let headers = from_text(text, &flags).unwrap().request(4).headers;
    assert_eq!(headers.get_all("x-a").iter().collect::<Vec<_>>(), ["step 5"]);
    assert_eq!(headers.get_all("x-b").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(headers["authorization"], "Bearer secret");
    assert_eq!(headers.get_all("content-type").iter().collect::<Vec<_>>(), ["application/x+json"]);
    let flags = ["-H", "authorization: Basic abc", "--token", "secret"];
    let headers = from_text(text, &flags).unwrap().request(4).headers;
    assert_eq!(headers.get_all("authorization").iter().collect::<Vec<_>>(), ["Basic abc"]);
}

#[test]
fn a_step_of_a_file_is_sent_as_it_says() {
    let text = "[[step]]\nmethod = 'PATCH'\npath = '/orders/{{uuid}}?as={{user}}'\n\
                body = '{\"n\": \"{{seq}}\"}'\nexpect = [200, 409]\ncontract = 'own'";
    let scenario = from_text(text, &["--users", "1", "--reconcile"]).unwrap();
    let step = &scenario.steps()[0];
    assert_eq!((&*step.name, &*step.template), ("PATCH /orders/{uuid}", "/orders/{uuid}"));
    assert_eq!(step.contract.as_deref(), Some("own"));
    let prepared = scenario.request(0);
    let id = prepared.path.strip_prefix("/orders/").and_then(|path| path.strip_suffix("?as=1001"));
    assert!(id.is_some_and(|id| Uuid::try_parse(id).is_ok()), "{}", prepared.path);
    assert_eq!(prepared.body, "{\"n\": 1}");
    assert_eq!(*prepared.expected, [200, 409]);
    assert_eq!(prepared.request_id, None);
}

#[test]
fn a_key_of_the_step_is_the_request_id_when_it_is_a_uuid() {
    let text = |key| {
        format!("[[step]]\nmethod = 'POST'\npath = '/'\nheaders = {{ Idempotency-Key = '{key}' }}")
    };
    let prepared = from_text(&text("{{uuid}}"), &["--reconcile"]).unwrap().request(0);
    let id = prepared.request_id.unwrap().to_string();
    assert_eq!(prepared.headers.get_all("idempotency-key").iter().collect::<Vec<_>>(), [&*id]);
    assert!(from_text(&text("a-{{seq}}"), &[]).unwrap().request(0).request_id.is_none());
    for key in ["a-{{seq}}", "fixed"] {
        let said = refusal(&text(key), &["--reconcile"]);
        assert!(said.contains("header 'idempotency-key' beside --reconcile"), "{said}");
    }
}
