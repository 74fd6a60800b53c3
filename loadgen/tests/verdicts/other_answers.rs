//! Problems and answers that never came: one tree, under one root, that reaches the service that the answer names.

use std::sync::Arc;

use loadgen::verify::{
    expectation::{Expectation, Kind},
    judge,
    verdict::{Judgement, Verdict},
};
use opentelemetry::trace::SpanId;

use crate::{
    BUILT_IN, assert_judged, assert_whole, completed, hop, judged,
    made::{Made, PROCESS},
    without_chain,
};

const REFUSED: &str = "
loadgen CLIENT POST /api/v1/process !
  gateway SERVER POST /api/v1/process !
    gateway CLIENT POST /process !
";

fn problem(service: Option<&str>) -> Expectation {
    let reaches = service.map(Arc::from);
    Expectation { answer: Kind::Problem { reaches }, has_chain: false, ..completed() }
}

#[test]
fn a_problem_s_trace_reaches_the_service_that_it_names() {
    let refused = Made::new(REFUSED, 502);
    for service in [Some("gateway"), Some("user-service"), None] {
        assert_whole(&problem(service), &refused.0);
    }
    let alone = Made::new(&REFUSED.replace("    gateway CLIENT POST /process !\n", ""), 422);
    assert_whole(&problem(Some("gateway")), &alone.0);
    assert_whole(&problem(Some("orders-db")), &Made::new(PROCESS, 503).0);
}

#[test]
fn a_problem_s_trace_that_ends_before_the_service_that_it_names_is_broken_there() {
    let refused = Made::new(&REFUSED.replace("process !\n", "process\n"), 502);
    let judgement = judged(&problem(Some("order-service")), &refused.0);
    let expected = Judgement {
        verdict: Verdict::Broken,
        hop: hop("gateway", "user-service"),
        detail: "nothing is there below gateway's call of user-service, and order-service was reached, as the answer says".to_owned(),
        open: true,
    };
    assert_eq!(judgement, expected);
    let own = Made::new("loadgen CLIENT POST /api/v1/process !", 422);
    let judgement = judged(&problem(Some("gateway")), &own.0);
    assert_eq!((judgement.verdict, judgement.hop), (Verdict::Broken, hop("loadgen", "gateway")));
    let mut dead_end = Made::new(REFUSED, 502);
    dead_end.0.remove(2);
    let judgement = judged(&problem(Some("order-service")), &dead_end.0);
    let detail = "no span shows that order-service was reached, which the answer names";
    assert_eq!((judgement.verdict, &*judgement.detail), (Verdict::Incomplete, detail));
}

#[test]
fn a_problem_s_trace_is_one_tree() {
    let mut made = Made::new(REFUSED, 502);
    made.at("gateway CLIENT POST /process !").parent = Some(SpanId::from(0xbad));
    let judgement = judged(&problem(None), &made.0);
    assert_eq!((judgement.verdict, judgement.open), (Verdict::Orphaned, true));
    assert_eq!(
        judgement.detail,
        "gateway CLIENT POST /process hangs below the span 0000000000000bad, which is not there"
    );
    made.at("gateway CLIENT POST /process !").parent = None;
    let judgement = judged(&problem(None), &made.0);
    assert_eq!((judgement.verdict, judgement.open), (Verdict::Extra, false));
    assert_eq!(judgement.detail, "gateway CLIENT POST /process is a second root");
}

#[test]
fn a_request_without_an_answer_has_its_own_span_at_least() {
    let unanswered = Expectation { answer: Kind::Unanswered, has_chain: false, ..completed() };
    let own = Made::new("loadgen CLIENT POST /api/v1/process !", 0);
    assert_whole(&unanswered, &own.0);
    assert_whole(&Expectation { contract: None, ..unanswered.clone() }, &own.0);
    assert_whole(&unanswered, &Made::new(REFUSED, 504).0);
    let mut made = Made::new(REFUSED, 502);
    made.0.remove(0);
    let judgement = judged(&problem(None), &made.0);
    assert_eq!((judgement.verdict, judgement.open), (Verdict::Incomplete, true));
    assert_eq!(judgement.detail, "the root is missing, our own CLIENT span 0000000000000001");
}

#[test]
fn a_request_without_a_contract_has_one_tree() {
    let read = Expectation { contract: None, ..completed() };
    assert_whole(&read, &Made::process().0);
    let judgement = judged(&read, &Made::process().without("user-service SERVER POST /process").0);
    assert_eq!(judgement.verdict, Verdict::Orphaned);
    let of_curl = Expectation { root: None, ..read };
    assert_whole(&of_curl, &Made::process().0[1..]);
}

#[test]
fn an_answer_with_nothing_but_our_own_span_is_incomplete_at_the_first_hop() {
    let own = Made::new("loadgen CLIENT GET /basket", 200);
    let detail =
        "only loadgen's own span is there: nothing behind it sends spans, or passes the context on";
    for answer in [Kind::Completed, Kind::Pending, Kind::Replayed] {
        let read = Expectation { contract: None, answer, ..without_chain() };
        let judgement = judged(&read, &own.0);
        assert_judged(&judgement, Verdict::Incomplete, hop("loadgen", "gateway"), detail, true);
    }
    let judgement = judged(&problem(None), &own.0);
    assert_judged(&judgement, Verdict::Incomplete, hop("loadgen", "gateway"), detail, true);
    let killed = judge::judge(&BUILT_IN, &problem(None), &own.0, &["gateway".to_owned()]);
    assert_eq!(killed.verdict, Verdict::Killed);
}

#[test]
fn a_killed_service_s_spans_may_be_gone_from_a_problem_s_trace() {
    let spans = Made::process().silent("user-service").0;
    let killed = |service: &str| {
        judge::judge(&BUILT_IN, &problem(Some("order-service")), &spans, &[service.to_owned()])
    };
    assert_eq!(killed("user-service").verdict, Verdict::Killed);
    let spans = Made::process().cut("user-service SERVER POST /process").0;
    let killed = |service: &str| {
        judge::judge(&BUILT_IN, &problem(Some("order-service")), &spans, &[service.to_owned()])
    };
    assert_eq!(killed("user-service").verdict, Verdict::Killed);
    assert_eq!(killed("audit-service").verdict, Verdict::Broken);
}
