//! Every variant of the built-in contracts is whole, and none is in another's place.

use loadgen::verify::{
    expectation::{Expectation, Kind},
    verdict::Verdict,
};

use crate::{
    assert_whole, completed, expected, judged,
    made::{Made, PROCESS, REGISTER},
    without_chain,
};

const USERS: &str = "        user-service CLIENT INSERT users\n";
const CLAIM: &str = "        user-service CLIENT INSERT requests\n";
const CLAIMED: &str = "        user-service CLIENT SELECT requests\n";
const ORDERS: &str = "            order-service CLIENT INSERT orders\n";
const WRITTEN: &str = "            order-service CLIENT INSERT order_items\n            order-service CLIENT COMMIT\n";
const AUDIT: &str = "            order-service CLIENT POST /process\n              audit-service SERVER POST /process\n                audit-service CLIENT INSERT audit_logs\n";
const FAILED: &str = "            order-service CLIENT POST /process !\n";

fn keyed(expectation: Expectation) -> Expectation {
    Expectation { keyed: Some(true), ..expectation }
}

fn key_unknown(expectation: Expectation) -> Expectation {
    Expectation { keyed: None, ..expectation }
}

#[test]
fn a_completed_request_is_whole() {
    assert_whole(&completed(), &Made::process().0);
    assert_whole(&without_chain(), &Made::process().0);
    assert_whole(&key_unknown(completed()), &Made::process().0);
    assert_whole(&expected("register", Kind::Completed), &Made::new(REGISTER, 201).0);
}

#[test]
fn a_registration_by_the_short_path_is_whole() {
    let made = Made::edited(REGISTER, &[("/api/v1/register", "/register")], 201);
    assert_whole(&expected("register", Kind::Completed), &made.0);
}

#[test]
fn a_key_makes_one_statement_more() {
    let made = Made::edited(PROCESS, &[(USERS, &format!("{CLAIM}{USERS}"))], 200);
    assert_whole(&keyed(completed()), &made.0);
    assert_whole(&key_unknown(completed()), &made.0);
    assert_eq!(judged(&completed(), &made.0).verdict, Verdict::Extra);
    assert_eq!(judged(&keyed(completed()), &Made::process().0).verdict, Verdict::Incomplete);
}

#[test]
fn a_request_through_nginx_is_whole() {
    assert_whole(&completed(), &through_nginx().0);
    let hung = through_nginx()
        .moved("gateway SERVER POST /api/v1/process", "loadgen CLIENT POST /api/v1/process");
    let judgement = judged(&completed(), &hung.0);
    assert_eq!(
        (judgement.verdict, &*judgement.detail),
        (
            Verdict::WrongParent,
            "gateway SERVER POST /api/v1/process hangs below loadgen CLIENT POST /api/v1/process; it belongs below nginx CLIENT *"
        )
    );
}

fn through_nginx() -> Made {
    let lines = PROCESS.trim().lines();
    let text = lines.map(|line| match line.strip_prefix("  ") {
        None => format!("{line}\n  nginx CLIENT POST /api/v1/process\n"),
        Some(below) => format!("    {below}\n"),
    });
    Made::new(&text.collect::<String>(), 200)
}

#[test]
fn a_caller_that_exports_nothing_is_not_missed_unless_it_is_loadgen() {
    let unknown = Expectation { root: None, answer: Kind::Unknown, keyed: None, ..without_chain() };
    let mut dangling = Made::process();
    dangling.0.remove(0);
    let mut of_browser = Made::process();
    of_browser.0[0].service = "browser".to_owned();
    let mut from_nginx = through_nginx();
    from_nginx.0.remove(0);
    for spans in [dangling.0.clone(), Made::process().uncalled().0, of_browser.0, from_nginx.0] {
        assert_whole(&unknown, &spans);
    }
    let judgement = judged(&completed(), &dangling.0);
    assert_eq!(
        (judgement.verdict, &*judgement.detail, judgement.open),
        (
            Verdict::Incomplete,
            "the caller's CLIENT *POST*, the root, is missing; 1 span is an orphan by that",
            true
        )
    );
}

#[test]
fn what_is_delivered_late_completes_its_trace() {
    let pending = expected("process", Kind::Pending);
    let late = [FAILED, FAILED, AUDIT].concat();
    assert_whole(&pending, &Made::edited(PROCESS, &[(AUDIT, &late)], 202).0);
    assert_whole(&pending, &Made::new(PROCESS, 202).0);
    let slow = AUDIT.replacen("POST /process\n", "POST /process !\n", 1) + AUDIT;
    assert_whole(&pending, &Made::edited(PROCESS, &[(AUDIT, &slow)], 202).0);

    let early = judged(&pending, &Made::edited(PROCESS, &[(AUDIT, FAILED)], 202).0);
    assert_eq!((early.verdict, early.open), (Verdict::Incomplete, true));
    assert_eq!(
        early.detail,
        "order-service CLIENT POST /process below order-service SERVER POST /process has failed, and none that has not is there"
    );
}

#[test]
fn a_registration_may_be_delivered_late_too() {
    let late = Made::edited(REGISTER, &[(AUDIT, &[FAILED, AUDIT].concat())], 201);
    assert_whole(&expected("register", Kind::Completed), &late.0);
}

#[test]
fn a_repeat_finds_the_rows() {
    let found = "            order-service CLIENT INSERT orders !\n            order-service CLIENT SELECT orders\n";
    let both = [CLAIM, CLAIMED, USERS].concat();
    let edits = [(USERS, &*both), (ORDERS, found), (WRITTEN, "")];
    let replayed = Made::edited(PROCESS, &edits, 200);
    assert_whole(&keyed(expected("process", Kind::Replayed)), &replayed.0);
    assert_ne!(judged(&keyed(completed()), &replayed.0).verdict, Verdict::Whole);

    let audit_is_down = [edits.as_slice(), &[(AUDIT, FAILED)]].concat();
    let replayed = Made::edited(PROCESS, &audit_is_down, 200);
    assert_whole(&keyed(expected("process", Kind::Replayed)), &replayed.0);

    let known = "        user-service CLIENT INSERT users !\n        user-service CLIENT SELECT registrations\n";
    let first = "        user-service CLIENT INSERT users\n        user-service CLIENT INSERT registrations\n        user-service CLIENT COMMIT\n";
    let registered = [CLAIM, CLAIMED, known].concat();
    let edits = [(first, &*registered), (ORDERS, found), (WRITTEN, "")];
    let replayed = Made::edited(REGISTER, &edits, 201);
    assert_whole(&keyed(expected("register", Kind::Replayed)), &replayed.0);

    let resumed = Made::edited(REGISTER, &edits[..1], 201);
    assert_whole(&keyed(expected("register", Kind::Completed)), &resumed.0);
    assert_eq!(judged(&expected("register", Kind::Completed), &resumed.0).verdict, Verdict::Extra);
}

#[test]
fn a_repeat_that_met_the_first_one_may_have_begun_to_write() {
    let tries = "            order-service CLIENT INSERT orders\n            order-service CLIENT INSERT order_items !\n            order-service CLIENT INSERT orders ! #2\n            order-service CLIENT SELECT orders\n";
    let both = [CLAIM, CLAIMED, USERS].concat();
    let made = Made::edited(PROCESS, &[(USERS, &both), (ORDERS, tries), (WRITTEN, "")], 200);
    assert_whole(&keyed(expected("process", Kind::Replayed)), &made.0);
}

#[test]
fn tries_that_reached_nobody_are_admitted() {
    let refused = |line: &str| format!("{} !\n{line}", line.trim_end());
    for line in
        ["    gateway CLIENT POST /process\n", "        user-service CLIENT POST /process\n"]
    {
        let made = Made::edited(
            PROCESS,
            &[(line, &[refused(line), line.to_owned()].concat().replacen(line, "", 1))],
            200,
        );
        assert_whole(&completed(), &made.0);
    }
    let made = Made::edited(PROCESS, &[(AUDIT, &[FAILED, FAILED, AUDIT].concat())], 200);
    assert_whole(&completed(), &made.0);
}

#[test]
fn repeated_transactions_and_statements_are_admitted() {
    let tries = "            order-service CLIENT INSERT orders\n            order-service CLIENT INSERT order_items !\n            order-service CLIENT INSERT orders #2\n            order-service CLIENT INSERT order_items #2\n            order-service CLIENT COMMIT ! #2\n            order-service CLIENT INSERT orders #3\n            order-service CLIENT INSERT order_items #3\n            order-service CLIENT COMMIT #3\n";
    let made = Made::edited(PROCESS, &[(&[ORDERS, WRITTEN].concat(), tries)], 200);
    assert_whole(&completed(), &made.0);
    let busy = USERS.replace("users\n", "users !\n") + USERS;
    assert_whole(&completed(), &Made::edited(PROCESS, &[(USERS, &busy)], 200).0);
    let made = Made::edited(PROCESS, &[(ORDERS, &[ORDERS, ORDERS].concat())], 200);
    assert_eq!(judged(&completed(), &made.0).verdict, Verdict::Extra);
}

#[test]
fn a_record_may_be_delivered_again() {
    let made = Made::edited(PROCESS, &[(AUDIT, &AUDIT.repeat(3))], 200);
    assert_whole(&completed(), &made.0);
    let lost = "            order-service CLIENT POST /process\n              audit-service SERVER POST /process\n";
    let made = Made::edited(PROCESS, &[(AUDIT, &[lost, AUDIT].concat())], 200);
    assert_whole(&completed(), &made.0);
    let made = Made::edited(PROCESS, &[(AUDIT, &lost.repeat(2))], 200);
    assert_eq!(judged(&completed(), &made.0).verdict, Verdict::Incomplete);
}

#[test]
fn what_is_not_known_of_a_trace_is_tried() {
    let unknown = Expectation { keyed: None, answer: Kind::Unknown, ..without_chain() };
    let unknown = Expectation { root: None, ..unknown };
    let late = Made::edited(PROCESS, &[(AUDIT, &[FAILED, AUDIT].concat())], 202);
    let keyed = Made::edited(PROCESS, &[(USERS, &[CLAIM, USERS].concat())], 200);
    for made in [Made::process(), late, keyed] {
        assert_whole(&unknown, &made.0);
    }
    let judgement = judged(&unknown, &Made::process().without("order-service CLIENT COMMIT").0);
    assert_eq!(judgement.verdict, Verdict::Incomplete);
    assert_eq!(
        judgement.detail,
        "order-service CLIENT COMMIT is missing below order-service SERVER POST /process"
    );
}
