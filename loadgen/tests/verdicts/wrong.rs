//! One made trace for each thing that can be wrong: verdict, hop, sentence, and whether later spans can mend it.

use loadgen::verify::{expectation::Kind, judge, verdict::Verdict};
use opentelemetry::trace::SpanId;

use crate::{
    BUILT_IN, assert_judged, completed, expected, hop, judged,
    made::{Made, OWN, PROCESS},
};

const ORDER: &str = "order-service SERVER POST /process";
const USER: &str = "user-service SERVER POST /process";

#[test]
fn a_trace_without_spans_is_missing() {
    let judgement = judged(&completed(), &[]);
    assert_judged(&judgement, Verdict::Missing, None, "the backend has no span of it", true);
}

#[test]
fn a_missing_statement_is_named() {
    let judgement =
        judged(&completed(), &Made::process().without("audit-service CLIENT INSERT audit_logs").0);
    let detail = "audit-service CLIENT INSERT audit_logs is missing below audit-service SERVER POST /process";
    assert_judged(&judgement, Verdict::Incomplete, None, detail, true);
}

#[test]
fn a_missing_span_with_others_below_it_is_named_with_its_orphans() {
    let judgement = judged(&completed(), &Made::process().without(ORDER).0);
    let detail = "order-service SERVER POST /process is missing below user-service CLIENT POST /process; 5 spans are orphans by that";
    assert_judged(
        &judgement,
        Verdict::Incomplete,
        hop("user-service", "order-service"),
        detail,
        true,
    );
}

#[test]
fn a_span_below_one_that_is_not_there_is_orphaned() {
    let mut made = Made::process();
    made.at(USER).parent = Some(SpanId::from(0xbad));
    let judgement = judged(&completed(), &made.0);
    let detail = "user-service SERVER POST /process hangs below the span 0000000000000bad, which is not there; it belongs below gateway CLIENT POST /process";
    assert_judged(&judgement, Verdict::Orphaned, hop("gateway", "user-service"), detail, true);
}

#[test]
fn a_span_that_no_row_has_and_no_parent_either_is_orphaned() {
    let mut made = Made::process().with(USER, "mesh INTERNAL retry");
    made.at("mesh INTERNAL retry").parent = Some(SpanId::from(0xbad));
    let judgement = judged(&completed(), &made.0);
    let detail = "mesh INTERNAL retry hangs below the span 0000000000000bad, which is not there";
    assert_judged(&judgement, Verdict::Orphaned, None, detail, true);
}

#[test]
fn a_span_below_another_than_its_row_s_has_the_wrong_parent() {
    let made = Made::process()
        .moved("order-service CLIENT INSERT orders", "order-service INTERNAL price_order");
    let judgement = judged(&completed(), &made.0);
    let detail = "order-service CLIENT INSERT orders hangs below order-service INTERNAL price_order; it belongs below order-service SERVER POST /process";
    assert_judged(&judgement, Verdict::WrongParent, None, detail, false);
}

#[test]
fn a_callee_that_hangs_below_a_server_span_has_the_wrong_parent_at_that_hop() {
    let judgement = judged(&completed(), &Made::process().moved(ORDER, USER).0);
    let detail = "order-service SERVER POST /process hangs below user-service SERVER POST /process; it belongs below user-service CLIENT POST /process";
    let hop = hop("user-service", "order-service");
    assert_judged(&judgement, Verdict::WrongParent, hop, detail, false);
}

#[test]
fn a_second_root_has_the_wrong_parent() {
    let mut made = Made::process();
    made.at(ORDER).parent = None;
    let judgement = judged(&completed(), &made.0);
    let detail = "order-service SERVER POST /process is a root; it belongs below user-service CLIENT POST /process";
    let hop = hop("user-service", "order-service");
    assert_judged(&judgement, Verdict::WrongParent, hop, detail, false);
}

#[test]
fn spans_that_lead_back_to_themselves_have_the_wrong_parent() {
    let made = Made::process().moved(USER, "audit-service SERVER POST /process");
    let judgement = judged(&completed(), &made.0);
    assert_eq!((judgement.verdict, judgement.open), (Verdict::WrongParent, false));
    assert!(
        judgement.detail.ends_with("is its own ancestor, or hangs below one that is"),
        "{}",
        judgement.detail
    );
}

#[test]
fn a_span_that_no_row_has_is_extra() {
    let judgement =
        judged(&completed(), &Made::process().with(USER, "user-service CLIENT SELECT users").0);
    let detail = "user-service CLIENT SELECT users below user-service SERVER POST /process is not in the contract";
    assert_judged(&judgement, Verdict::Extra, None, detail, false);
}

#[test]
fn a_service_put_in_between_is_extra_and_what_is_below_it_follows() {
    let lines = PROCESS.lines().map(|line| match line.find("user-service SERVER POST /process") {
        Some(depth) => {
            let indent = " ".repeat(depth);
            format!("{indent}proxy SERVER POST /process\n{indent} proxy CLIENT POST /process\n{indent}  user-service SERVER POST /process\n")
        }
        None if line.starts_with("        ") => format!("   {line}\n"),
        None => format!("{line}\n"),
    });
    let judgement = judged(&completed(), &Made::new(&lines.collect::<String>(), 200).0);
    let detail =
        "proxy SERVER POST /process below gateway CLIENT POST /process is not in the contract";
    assert_judged(&judgement, Verdict::Extra, None, detail, false);
}

#[test]
fn one_span_too_many_is_extra() {
    let judgement =
        judged(&completed(), &Made::process().with(ORDER, "order-service CLIENT COMMIT").0);
    let detail = "order-service CLIENT COMMIT below order-service SERVER POST /process is one too many: at most 1";
    assert_judged(&judgement, Verdict::Extra, None, detail, false);
}

#[test]
fn a_failed_span_that_is_no_retry_is_extra() {
    let judgement = judged(
        &completed(),
        &Made::process().with(ORDER, "order-service INTERNAL price_order !").0,
    );
    let detail = "order-service INTERNAL price_order below order-service SERVER POST /process has failed, which the contract does not admit";
    assert_judged(&judgement, Verdict::Extra, None, detail, false);
}

#[test]
fn two_spans_with_one_id_are_extra_and_one_that_was_stored_twice_is_one() {
    let mut twice = Made::process().0;
    twice.push(twice[4].clone());
    assert_eq!(judged(&completed(), &twice).verdict, Verdict::Whole);
    twice.last_mut().unwrap().name = "INSERT other".to_owned();
    let judgement = judged(&completed(), &twice);
    assert_eq!((judgement.verdict, judgement.open), (Verdict::Extra, false));
    let detail = "user-service CLIENT INSERT users has the id 0000000000000005 of a different span";
    assert_eq!(judgement.detail, detail);
}

#[test]
fn an_attribute_that_is_not_what_it_should_be_is_named() {
    let mut made = Made::process();
    let gateway = "gateway SERVER POST /api/v1/process";
    made.at(gateway).attributes.retain(|(key, _)| key != "http.route");
    let judgement = judged(&completed(), &made.0);
    let detail =
        "gateway SERVER POST /api/v1/process has no attribute http.route = '/api/v1/process'";
    assert_judged(&judgement, Verdict::Incomplete, None, detail, false);

    let judgement = judged(&completed(), &Made::new(PROCESS, 500).0);
    let detail = "gateway SERVER POST /api/v1/process has no attribute http.response.status_code = 200, but 500";
    assert_judged(&judgement, Verdict::Incomplete, None, detail, false);
}

#[test]
fn a_trace_that_lacks_only_a_killed_service_s_spans_is_killed() {
    let killed = |spans: &[_], services: &[&str]| {
        let services: Vec<_> = services.iter().map(|service| (*service).to_owned()).collect();
        judge::judge(&BUILT_IN, &completed(), spans, &services).verdict
    };
    let silent = Made::process().silent("user-service").0;
    assert_eq!(killed(&silent, &["user-service"]), Verdict::Killed);
    assert_eq!(killed(&silent, &["order-service"]), Verdict::Incomplete);
    let part = Made::process().without("order-service CLIENT POST /process").0;
    assert_eq!(killed(&part, &["order-service"]), Verdict::Killed);
    let more = Made::process().silent("user-service").without("order-service CLIENT COMMIT").0;
    assert_eq!(killed(&more, &["user-service"]), Verdict::Incomplete);
    assert_eq!(killed(&more, &["user-service", "order-service"]), Verdict::Killed);
    let cut = Made::process().cut("audit-service SERVER POST /process").0;
    assert_eq!(killed(&cut, &["audit-service"]), Verdict::Killed);
    assert_eq!(killed(&Made::process().0, &["audit-service"]), Verdict::Whole);
    let extra = Made::process().with(USER, "user-service CLIENT SELECT users").0;
    assert_eq!(killed(&extra, &["user-service"]), Verdict::Extra);
}

#[test]
fn our_own_span_must_be_the_root() {
    let mut other = Made::process();
    let own = SpanId::from(0xa);
    other.0[0].id = own;
    other.0[1].parent = Some(own);
    assert_ne!(judged(&completed(), &other.0).verdict, Verdict::Whole);
    assert_eq!(other.0[2].parent, Some(SpanId::from(OWN + 1)));
}

#[test]
fn a_contract_that_is_not_there_is_never_whole() {
    let judgement = judged(&expected("nothing", Kind::Completed), &Made::process().0);
    assert_judged(&judgement, Verdict::Unverified, None, "there is no contract 'nothing'", false);
}
