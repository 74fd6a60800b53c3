//! A contract made from a good trace serves any system.

use std::{fs, path::PathBuf, sync::Arc};

use loadgen::verify::{
    contract::{Contracts, from_trace},
    expectation::{Expectation, Kind},
    judge,
    verdict::Verdict,
};
use opentelemetry::trace::SpanId;

use crate::{completed, made::Made, without_chain};

const SHOP: &str = "
loadgen CLIENT GET /basket
  shop SERVER GET /basket
    shop INTERNAL render
      shop CLIENT SELECT items
      shop CLIENT SELECT items
      shop CLIENT SELECT items
    shop INTERNAL render
      shop CLIENT SELECT items
    shop CLIENT GET /stock
      stock SERVER GET /stock
    shop CLIENT GET /offers !
";

fn named(contract: &str, expectation: Expectation) -> Expectation {
    Expectation { contract: Some(Arc::from(contract)), ..expectation }
}

/// Made from a trace, written to a file, read again.
fn learnt(made: &Made, folder: &tempfile::TempDir) -> Contracts {
    let contract = from_trace("learnt", &made.0).unwrap();
    let file = folder.path().join("learnt.toml");
    fs::write(&file, contract.to_toml().unwrap()).unwrap();
    Contracts::load(&[file]).unwrap()
}

#[test]
fn the_trace_that_it_was_made_from_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    for made in [Made::process(), Made::new(SHOP, 200)] {
        let contracts = learnt(&made, &folder);
        let verdict = |expectation, spans: &[_]| {
            judge::judge(&contracts, &named("learnt", expectation), spans, &[])
        };
        let unknown = || Expectation { answer: Kind::Unknown, root: None, ..without_chain() };
        for judgement in [
            verdict(completed(), &made.0),
            verdict(unknown(), &made.0),
            verdict(unknown(), &made.0[1..]),
        ] {
            assert_eq!(judgement.verdict, Verdict::Whole, "{}", judgement.detail);
        }
    }
}

#[test]
fn a_trace_without_a_caller_makes_a_contract_for_one_with_a_caller() {
    let folder = tempfile::tempdir().unwrap();
    let contracts = learnt(&Made::new(SHOP, 200).uncalled(), &folder);
    let judgement =
        judge::judge(&contracts, &named("learnt", completed()), &Made::new(SHOP, 200).0, &[]);
    assert_eq!(judgement.verdict, Verdict::Whole, "{}", judgement.detail);
}

#[test]
fn another_trace_of_its_kind_is_whole_and_one_of_another_kind_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let contracts = learnt(&Made::new(SHOP, 200), &folder);
    let verdict =
        |made: Made| judge::judge(&contracts, &named("learnt", completed()), &made.0, &[]).verdict;
    let mut other = Made::new(SHOP, 200);
    for span in &mut other.0[1..] {
        span.id = SpanId::from(u64::from_be_bytes(span.id.to_bytes()) + 0xabc0);
        span.parent = span.parent.map(|id| match u64::from_be_bytes(id.to_bytes()) {
            1 => id,
            further => SpanId::from(further + 0xabc0),
        });
    }
    assert_eq!(verdict(other), Verdict::Whole);
    let two = Made::new(&SHOP.replacen("      shop CLIENT SELECT items\n", "", 1), 200);
    assert_eq!(verdict(two), Verdict::Whole);
    assert_eq!(
        verdict(Made::new(SHOP, 200).with("shop INTERNAL render", "shop CLIENT SELECT items")),
        Verdict::Extra
    );
    for line in [
        "shop CLIENT GET /stock",
        "stock SERVER GET /stock",
        "shop INTERNAL render",
        "shop CLIENT GET /offers !",
    ] {
        assert_ne!(verdict(Made::new(SHOP, 200).without(line)), Verdict::Whole, "{line}");
    }
}

#[test]
fn its_file_is_readable() {
    let toml = from_trace("learnt", &Made::new(SHOP, 200).0).unwrap().to_toml().unwrap();
    let row = "\
[[span]]
id = \"shop.select-items\"
service = \"shop\"
kind = \"client\"
name = \"SELECT items\"
parents = [\"shop.render\"]
max = 3

[span.attributes]
\"db.operation.name\" = \"SELECT\"
\"peer.service\" = \"audit-db\"
";
    assert!(toml.starts_with("name = \"learnt\"\n"), "{toml}");
    assert!(toml.contains(row), "{toml}");
    assert!(!toml.contains("url.path") && !toml.contains("http.response.status_code"), "{toml}");
}

#[test]
fn a_trace_that_is_no_tree_makes_no_contract() {
    let error = from_trace("x", &Made::process().without("order-service SERVER POST /process").0);
    let error = error.unwrap_err();
    assert!(shared::config::is_invalid(&error));
    assert!(
        error
            .to_string()
            .starts_with("the trace has 6 spans without a parent that is there; accepted: "),
        "{error}"
    );
    assert!(from_trace("x", &[]).is_err());
}

#[test]
fn a_file_takes_the_place_of_a_built_in_contract() {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("mine.toml");
    fs::write(&file, from_trace("process", &Made::new(SHOP, 200).0).unwrap().to_toml().unwrap())
        .unwrap();
    let contracts = Contracts::load(&[file]).unwrap();
    assert_eq!(
        contracts.names(),
        [
            "process",
            "read-audit",
            "read-order",
            "read-orders",
            "read-user",
            "read-users",
            "register"
        ]
    );
    let judgement = judge::judge(&contracts, &completed(), &Made::new(SHOP, 200).0, &[]);
    assert_eq!(judgement.verdict, Verdict::Whole, "{}", judgement.detail);
}
