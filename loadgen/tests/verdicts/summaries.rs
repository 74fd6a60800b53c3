//! The summary of a run: its text, its JSON, its bounds.

use loadgen::verify::{
    expectation::Expectation,
    summary::{MAX_FAILURES, Summary},
    verdict::{Judgement, Verdict},
};
use opentelemetry::trace::TraceId;
use serde_json::json;

use crate::{completed, hop};

fn judgement(verdict: Verdict, at: Option<(&str, &str)>, detail: &str) -> Judgement {
    let hop = at.and_then(|(from, to)| hop(from, to));
    Judgement { verdict, hop, detail: detail.to_owned(), open: false }
}

fn whole(count: u128) -> Summary {
    let mut summary = Summary { expected: u64::try_from(count).unwrap(), ..Summary::default() };
    for id in 0..count {
        summary.add(TraceId::from(id), judgement(Verdict::Whole, None, ""));
    }
    summary
}

fn mixed() -> Summary {
    let mut summary = whole(3);
    for id in 0x10..0x17 {
        let hop = Some(("user-service", "order-service"));
        summary.add(TraceId::from(id), judgement(Verdict::Broken, hop, "another trace"));
    }
    summary.add(TraceId::from(0x20), judgement(Verdict::Incomplete, None, "no INSERT users"));
    let hop = Some(("gateway", "user-service"));
    summary.add(TraceId::from(0x30), judgement(Verdict::Killed, hop, "user-service was killed"));
    summary.expected = 13;
    summary
}

#[test]
fn a_good_run_is_one_line() {
    assert_eq!(whole(6000).to_string(), "6000 of 6000 traces whole");
    assert_eq!(whole(1).to_string(), "1 of 1 trace whole");
    assert!(whole(6000).is_good());
}

#[test]
fn traces_that_were_only_held_to_be_one_tree_are_told() {
    let (with, without) = (completed(), Expectation { contract: None, ..completed() });
    let mut summary = Summary { expected: 4, ..Summary::default() };
    summary.settle(&with, judgement(Verdict::Whole, None, ""));
    assert_eq!(summary.without_contract, 0);
    summary.settle(&without, judgement(Verdict::Whole, None, ""));
    summary.settle(&without, judgement(Verdict::Whole, None, ""));
    summary.settle(&without, judgement(Verdict::Missing, None, "nothing"));
    let expected = "\
3 of 4 traces whole
  2 of them without a contract: only held to be one tree
  1 trace missing
    00000000000000000000000000000007 nothing";
    assert_eq!(summary.to_string(), expected);
    assert_eq!(serde_json::to_value(&summary).unwrap()["without_contract"], 2);
}

#[test]
fn what_is_not_whole_is_told_by_verdict_and_hop_with_its_first_traces() {
    let expected = "\
3 of 13 traces whole, 1 killed on purpose, 1 not judged
  1 trace incomplete
    00000000000000000000000000000020 no INSERT users
  7 traces broken at user-service → order-service
    00000000000000000000000000000010 another trace
    00000000000000000000000000000011 another trace
    00000000000000000000000000000012 another trace
    00000000000000000000000000000013 another trace
    00000000000000000000000000000014 another trace
    and 2 more";
    assert_eq!(mixed().to_string(), expected);
    assert!(!mixed().is_good());
}

#[test]
fn killed_on_purpose_is_good_and_not_judged_is_not() {
    let mut summary = whole(1);
    summary.add(TraceId::from(9), judgement(Verdict::Killed, None, ""));
    summary.expected = 2;
    assert!(summary.is_good());
    summary.expected = 3;
    assert!(!summary.is_good());
}

#[test]
fn the_report_lists_every_failure() {
    let mut summary = whole(2);
    let at = Some(("gateway", "user-service"));
    summary.add(TraceId::from(5), judgement(Verdict::WrongParent, at, "elsewhere"));
    summary.expected = 3;
    let expected = json!({
        "expected": 3,
        "verdicts": {"whole": 2, "wrong_parent": 1},
        "without_contract": 0,
        "hops": [{"from": "gateway", "to": "user-service", "verdict": "wrong_parent", "count": 1}],
        "failures": [{
            "trace_id": "00000000000000000000000000000005", "verdict": "wrong_parent",
            "hop": {"from": "gateway", "to": "user-service"}, "detail": "elsewhere",
        }],
        "failures_left_out": 0,
    });
    assert_eq!(serde_json::to_value(&summary).unwrap(), expected);
    let schema = serde_json::to_value(schemars::schema_for!(Summary)).unwrap();
    for report in [expected, serde_json::to_value(mixed()).unwrap()] {
        jsonschema::validate(&schema, &report).unwrap();
    }
    assert!(jsonschema::validate(&schema, &json!({"expected": "3"})).is_err());
    assert!(schema["properties"]["failures_left_out"]["description"].is_string());
}

#[test]
fn the_list_of_failures_is_bounded_and_the_rest_is_counted() {
    let mut summary = Summary::default();
    let count = u128::try_from(MAX_FAILURES).unwrap() + 3;
    for id in 0..count {
        summary.add(TraceId::from(id), judgement(Verdict::Missing, None, ""));
    }
    assert_eq!((summary.failures.len(), summary.failures_left_out), (MAX_FAILURES, 3));
    assert_eq!(summary.count(Verdict::Missing), u64::try_from(count).unwrap());
    assert!(summary.to_string().ends_with("\n  and 3 more, not listed"));
}
