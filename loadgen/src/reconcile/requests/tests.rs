use std::time::Duration;

use super::*;
use crate::{
    outcome::{NoAnswer, Root, Said, Sent},
    report::made::{answered, ended, problem},
};

fn trace(number: u8) -> TraceId {
    TraceId::from_bytes([number; 16])
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn sent(number: u128, outcome: Outcome) -> Outcome {
    let span_id = opentelemetry::trace::SpanId::from_bytes([7; 8]);
    let root = Some(Root { trace_id: trace(1), span_id, sampled: true });
    Outcome { sent: Sent { root, request_id: Some(id(number)) }, ..outcome }
}

fn status(number: u128, status: u16) -> Outcome {
    sent(number, answered(0, status, Duration::from_millis(1)))
}

fn order(number: u128, trace_id: TraceId, audit: &str) -> OrderRow {
    let row = serde_json::json!({
        "request_id": id(number), "trace_id": trace_id.to_string(), "audit": audit,
        "created_at": "2026-11-21T10:00:00Z",
    });
    serde_json::from_value(row).unwrap()
}

fn record(number: u128, trace_id: TraceId) -> AuditRow {
    let row = serde_json::json!({
        "request_id": id(number), "trace_id": trace_id.to_string(),
        "recorded_at": "2026-11-21T10:00:00Z",
    });
    serde_json::from_value(row).unwrap()
}

fn requests(outcomes: &[Outcome]) -> Requests {
    Requests::new(outcomes.iter().filter_map(Noted::of).collect())
}

/// What one request is found to be, with this many orders and audit records, all in its trace.
fn found(outcome: Outcome, state: &str, orders: usize, audit_records: usize) -> Vec<Kind> {
    let number = outcome.sent.request_id.unwrap().as_u128();
    let mut requests = requests(&[outcome]);
    (0..orders).for_each(|_| requests.has_order(&order(number, trace(1), state)));
    (0..audit_records).for_each(|_| requests.has_audit_record(&record(number, trace(1))));
    requests.0[0].mismatches().collect()
}

#[test]
fn a_done_request_has_one_order_and_one_audit_record() {
    for code in [200, 201, 202] {
        let found = |state, orders, records| found(status(1, code), state, orders, records);
        assert_eq!(found("recorded", 1, 1), []);
        assert_eq!(found("recorded", 0, 0), [Kind::OrderMissing, Kind::AuditMissing]);
        assert_eq!(found("recorded", 0, 1), [Kind::OrderMissing]);
        assert_eq!(found("recorded", 1, 0), [Kind::AuditMissing]);
        assert_eq!(found("recorded", 2, 1), [Kind::OrderDuplicated]);
        assert_eq!(found("recorded", 1, 2), [Kind::AuditDuplicated]);
        assert_eq!(found("pending", 1, 0), [Kind::AuditPending]);
        assert_eq!(found("parked", 1, 0), [Kind::AuditParked]);
    }
}

#[test]
fn a_refused_request_has_no_rows() {
    let shed = |code| sent(1, problem(0, 503, code, Duration::from_millis(1)));
    let not_started = sent(1, ended(0, Duration::from_secs(10), End::NotStarted));
    for outcome in
        [status(1, 422), status(1, 429), shed("overloaded"), shed("unavailable"), not_started]
    {
        let noted = Noted::of(&outcome).unwrap();
        assert_eq!(noted.class, Class::Refused, "{outcome:?}");
    }
    assert_eq!(found(status(1, 422), "recorded", 0, 0), []);
    let both = [Kind::OrderUnexpected, Kind::AuditUnexpected];
    assert_eq!(found(status(1, 422), "recorded", 1, 1), both);
}

#[test]
fn any_other_end_has_as_many_orders_as_audit_records() {
    let failed = |why| sent(1, ended(0, Duration::from_secs(1), End::Failed(why)));
    let database = || sent(1, problem(0, 503, "dependency_unavailable", Duration::from_millis(1)));
    let outcomes = [500, 502, 503, 504].map(|code| status(1, code));
    let failed = [NoAnswer::Connect, NoAnswer::Timeout, NoAnswer::Broken].map(failed);
    for outcome in outcomes.into_iter().chain(failed).chain([database()]) {
        assert_eq!(Noted::of(&outcome).unwrap().class, Class::Indeterminate, "{outcome:?}");
    }
    let found = |state, orders, records| found(status(1, 504), state, orders, records);
    assert_eq!(found("recorded", 0, 0), []);
    assert_eq!(found("recorded", 1, 1), []);
    assert_eq!(found("recorded", 1, 0), [Kind::AuditMissing]);
    assert_eq!(found("recorded", 0, 1), [Kind::AuditWithoutOrder]);
    assert_eq!(found("recorded", 2, 2), [Kind::OrderDuplicated, Kind::AuditDuplicated]);
}

#[test]
fn rows_are_in_the_trace_of_their_request() {
    let mut requests = requests(&[status(1, 200)]);
    requests.has_order(&order(1, trace(2), "recorded"));
    requests.has_audit_record(&record(1, trace(3)));
    let expected = [Kind::OrderInAnotherTrace, Kind::AuditInAnotherTrace];
    assert_eq!(requests.0[0].mismatches().collect::<Vec<_>>(), expected);
}

#[test]
fn a_replay_has_the_rows_of_the_trace_that_its_answer_names() {
    let mut replay = status(1, 200);
    let End::Answered(answer) = &mut replay.end else { unreachable!() };
    let said = Said { replayed: true, trace_id: Some(trace(2)), ..Said::default() };
    answer.said = Some(Box::new(said));
    let mut requests = requests(&[replay]);
    requests.has_order(&order(1, trace(2), "recorded"));
    requests.has_audit_record(&record(1, trace(2)));
    assert!(requests.open().is_empty());
}

#[test]
fn of_two_requests_with_one_key_the_one_that_was_done_counts() {
    let mut requests = requests(&[status(1, 422), status(1, 200), status(1, 504)]);
    requests.has_order(&order(1, trace(1), "recorded"));
    requests.has_audit_record(&record(1, trace(1)));
    let summary = requests.summary();
    assert!(summary.agrees(), "{summary}");
    assert_eq!(summary.done, Rows { requests: 1, orders: 1, audit_records: 1 });
}

#[test]
fn requests_without_a_key_and_rows_of_others_are_not_counted() {
    let mut requests = requests(&[answered(0, 200, Duration::from_millis(1)), status(2, 200)]);
    for number in [1, 2, 3] {
        requests.has_order(&order(number, trace(1), "recorded"));
        requests.has_audit_record(&record(number, trace(1)));
    }
    assert_eq!(requests.summary().to_string(), "1 answers, 1 orders, 1 audit records");
}

#[test]
fn the_summary_names_each_kind_with_its_first_requests() {
    let mut outcomes: Vec<_> = (1..=6).map(|number| status(number, 200)).collect();
    outcomes.extend([status(10, 422), status(11, 422), status(20, 504)]);
    let mut requests = requests(&outcomes);
    requests.has_order(&order(1, trace(1), "recorded"));
    requests.has_audit_record(&record(1, trace(1)));
    requests.has_order(&order(2, trace(1), "parked"));
    requests.has_order(&order(10, trace(1), "recorded"));

    let summary = requests.summary();

    let expected = "\
6 answers, 2 orders, 1 audit records
  2 refused: 1 orders, 0 audit records
  1 indeterminate: 0 orders, 0 audit records
  4 done without an order: 00000000-0000-0000-0000-000000000003, 00000000-0000-0000-0000-000000000004, \
00000000-0000-0000-0000-000000000005, …
  1 refused, yet with an order: 00000000-0000-0000-0000-00000000000a
  4 without their audit record: 00000000-0000-0000-0000-000000000003, 00000000-0000-0000-0000-000000000004, \
00000000-0000-0000-0000-000000000005, …
  1 whose audit record is parked: audit refused it: 00000000-0000-0000-0000-000000000002";
    assert_eq!(summary.to_string(), expected);
    assert!(!summary.agrees());
    assert_eq!(summary.mismatches[0].request_ids.len(), 4, "JSON has them all");
}
