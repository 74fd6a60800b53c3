use std::{
    collections::{BTreeMap, HashSet},
    fs,
};

use clap::Parser;
use serde_json::Value;
use shared::config::Invalid;

use super::*;
use crate::cli::Cli;

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

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_place_and_what_is_accepted() {
    let step = "[[step]]\nmethod = 'GET'\npath = '/'\n";
    let second = |lines: &str| format!("{step}\n[[step]]\n{lines}");
    let cases = [
        (String::new(), "own.toml: missing field `step`"),
        ("step = []".to_owned(), "it has no step; accepted: one [[step]] or more"),
        (format!("{step}wieght = 2"), "line 4: unknown field `wieght`, expected one of `name`"),
        ("steps = 1".to_owned(), "line 1: unknown field `steps`, expected `step`"),
        ("[[step]\n".to_owned(), "line 1: "),
        (format!("{step}weight = -1"), "line 4: invalid value: integer `-1`"),
        (second("method = 'get'\npath = '/'"), "line 5: step 2: method is 'get'; accepted: GET, "),
        (
            second("method = 'GET'\npath = 'x'"),
            "line 5: step 2: path is 'x'; accepted: a path that",
        ),
        (second("method = 'GET'\npath = '/a b'"), "step 2: path is '/a b'; accepted"),
        (second("method = 'GET'\npath = '/a#b'"), "step 2: path is '/a#b'; accepted"),
        (
            second("method = 'GET'\npath = '/{{n}}'"),
            "path: '{{n}}' is not known; accepted: {{seq}}",
        ),
        (second("method = 'GET'\npath = '/b'\nweight = 0"), "weight is 0; accepted: 1 to 1000000"),
        (second("method = 'GET'\npath = '/b'\nexpect = []"), "expect is empty; accepted: statuses"),
        (second("method = 'GET'\npath = '/b'\nexpect = [99]"), "expect has 99; accepted: statuses"),
        (second("method = 'GET'\npath = '/b'\nname = ''"), "name is ''; accepted: 1 to 100"),
        (
            second("method = 'GET'\npath = '/b'\ncontract = ''"),
            "contract is ''; accepted: the name",
        ),
        (
            second("method = 'GET'\npath = '/'"),
            "line 5: step 2: has the name 'GET /', as step 1 has; accepted",
        ),
        (second("method = 'PUT'\npath = '/'\nbody = '{'"), "step 2: body is not JSON (EOF"),
        (second("method = 'PUT'\npath = '/'\nbody = 1"), "body is '1'; accepted: a table"),
        (second("method = 'PUT'\npath = '/'\nheaders = {'a b'='c'}"), "header 'a b'; accepted"),
        (
            second("method = 'PUT'\npath = '/'\nheaders = {traceparent='c'}"),
            "header 'traceparent' is set by loadgen itself; accepted: any other header",
        ),
        (
            second("method = 'PUT'\npath = '/'\nheaders = {a=\"b\\nc\"}"),
            "the value of header 'a'; accepted: visible ASCII characters",
        ),
    ];
    for (text, said) in cases {
        let error = refusal(&text, &[]);
        assert!(error.starts_with("scenario own.toml: "), "{error}");
        assert!(error.contains(said), "{text}\nis refused by: {error}\nand not by: {said}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_told_with_its_own_line() {
    let step = "[[step]]\nmethod = 'GET'\npath = '/'\n\n[[step]]\n";
    for (lines, said) in [
        ("path = '/'", "line 5: missing field `method`"),
        ("method = 'GET'\npath = 7", "line 7: invalid type: integer `7`"),
        ("method = 'GET'\npath = '/'\nexpect = ['x']", "line 8: invalid type: string"),
        ("method = 'GET'\npath = '/'\n[step.headers]\na = 1", "line 9: invalid type: integer `1`"),
    ] {
        let error = refusal(&format!("{step}{lines}"), &[]);
        assert!(error.starts_with(&format!("scenario own.toml: {said}")), "{error}");
    }
    let error = refusal("# nothing\n# here\n", &[]);
    assert_eq!(error, "scenario own.toml: missing field `step`");
}

#[test]
fn a_scenario_that_is_neither_built_in_nor_a_file_is_refused() {
    let error = Scenario::load(&args(&["--scenario", "mixd"])).unwrap_err();
    assert!(error.is::<Invalid>());
    assert!(error.to_string().starts_with("--scenario is 'mixd', which is neither built in nor"));
    assert!(
        error.to_string().ends_with("accepted: process, register, mixed, or a TOML file of steps")
    );
}

proptest::proptest! {
    #[test]
    fn no_text_as_a_file_makes_it_panic_and_what_is_refused_is_told_in_one_line(text in "\\PC{0,60}") {
        if let Err(said) = from_text(&text, &[]) {
            proptest::prop_assert_eq!(said.to_string().lines().count(), 1, "{:?}", said);
        }
    }

    #[test]
    fn no_file_near_a_scenario_makes_it_panic_and_what_is_refused_is_told_in_one_line(
        members in proptest::collection::vec(
            (
                "name|method|path|weight|expect|contract|headers|body|body\\.\"[a-z\n]{0,3}\"|\"\\PC{0,4}\"",
                "\"(/?[a-z$\\{\\}(),.0-9%\\\\n ]{0,24})\"|-?[0-9]{1,19}|\\[[0-9, ]{0,8}\\]|\\{ ?(\"[a-z-]{1,6}\" = \"[a-z$\\{\\}]{0,8}\")? ?\\}|true|nan",
            ),
            0..6,
        ),
        whole in proptest::bool::ANY,
    ) {
        let mut text = "[[step]]\n".to_owned();
        if whole {
            text += "method = \"POST\"\npath = \"/a\"\n";
        }
        for (name, value) in members {
            text += &format!("{name} = {value}\n");
        }
        match from_text(&text, &[]) {
            Ok(scenario) => drop(wire(&scenario.request(0))),
            Err(said) => {
                proptest::prop_assert_eq!(said.to_string().lines().count(), 1, "{:?} of {}", said, text);
            }
        }
    }
}
