//! A hop that lost the trace is named: by the answer's chain, or by the last span that is there.

use loadgen::verify::{
    expectation::{Expectation, Kind},
    verdict::Verdict,
};

use crate::{
    assert_judged, completed, expected, hop, judged,
    made::{Made, PROCESS},
    without_chain,
};

const ORDER: &str = "order-service SERVER POST /process";
const USER: &str = "user-service SERVER POST /process";

#[test]
fn a_service_that_exports_nothing_is_named_with_the_hop_to_it() {
    for expectation in [completed(), without_chain()] {
        let judgement = judged(&expectation, &Made::process().silent("user-service").0);
        let detail = "user-service SERVER POST /process is missing below gateway CLIENT POST /process; user-service has no span at all; 1 span is an orphan by that";
        let hop = hop("gateway", "user-service");
        assert_judged(&judgement, Verdict::Incomplete, hop, detail, true);
    }
}

#[test]
fn a_hop_whose_callee_left_nothing_is_incomplete_by_the_chain_and_broken_without() {
    let cut = Made::process().cut(ORDER);
    let judgement = judged(&completed(), &cut.0);
    let detail = "order-service SERVER POST /process is missing below user-service CLIENT POST /process; order-service has no span at all";
    let at = hop("user-service", "order-service");
    assert_judged(&judgement, Verdict::Incomplete, at.clone(), detail, true);

    let judgement = judged(&without_chain(), &cut.0);
    let detail = "nothing is there of order-service SERVER POST /process below user-service CLIENT POST /process, nor of what follows it";
    assert_judged(&judgement, Verdict::Broken, at, detail, true);
}

#[test]
fn every_hop_that_begins_a_new_trace_is_named_without_a_chain() {
    let hops = [
        ("gateway SERVER POST /api/v1/process", "loadgen", "gateway"),
        (USER, "gateway", "user-service"),
        (ORDER, "user-service", "order-service"),
        ("audit-service SERVER POST /process", "order-service", "audit-service"),
    ];
    for (line, from, to) in hops {
        let judgement = judged(&without_chain(), &Made::process().cut(line).0);
        assert_eq!((judgement.verdict, judgement.hop), (Verdict::Broken, hop(from, to)));
    }
}

#[test]
fn a_late_delivery_into_another_trace_is_broken_though_the_chain_agrees() {
    let made = Made::new(PROCESS, 202).cut("audit-service SERVER POST /process");
    let judgement = judged(&expected("process", Kind::Pending), &made.0);
    assert_eq!(
        (judgement.verdict, judgement.hop),
        (Verdict::Broken, hop("order-service", "audit-service"))
    );
}

#[test]
fn a_hop_that_the_chain_shows_in_another_trace_is_broken_at_once() {
    let broken = hop("gateway", "user-service").map(Box::new);
    let expectation = Expectation { broken, ..completed() };
    let detail = "user-service was in another trace, as the answer says";
    for spans in [Vec::new(), Made::process().cut(USER).0] {
        let judgement = judged(&expectation, &spans);
        let hop = hop("gateway", "user-service");
        assert_judged(&judgement, Verdict::Broken, hop, detail, false);
    }
}

#[test]
fn an_answer_that_names_another_trace_is_broken_where_the_spans_end() {
    let broken = hop("loadgen", "gateway").map(Box::new);
    let expectation = Expectation { broken, ..without_chain() };
    let own = Made::process().cut("gateway SERVER POST /api/v1/process");
    assert_eq!(judged(&expectation, &own.0).hop, hop("loadgen", "gateway"));
    let further = Made::process().cut(ORDER);
    assert_eq!(judged(&expectation, &further.0).hop, hop("user-service", "order-service"));
}
