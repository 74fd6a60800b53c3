//! The report's JSON and its schema.

use std::time::{Duration, Instant};

use loadgen::{
    outcome::{Answer, End, NoAnswer, Outcome, Said, Sent},
    reconcile::{Kind, Mismatch, Rows, Summary},
    report::{Asked, Limits, Load, RampWindows, Recorder, Report, Run},
    verify::{
        summary::Summary as Verification,
        verdict::{Hop, Judgement, Verdict},
    },
};
use opentelemetry::trace::TraceId;
use serde_json::Value;
use shared::telemetry::SpanAccount;

const SCHEMA: &str = include_str!("../report.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap_or_default()
}

fn outcome(end: End) -> Outcome {
    let (latency, at) = (Duration::from_millis(20), Instant::now());
    Outcome { step: 0, warm_up: false, sent: Sent::default(), latency, at, end }
}

fn answered(status: u16, code: Option<&str>) -> Outcome {
    let said = Said { code: code.map(str::to_owned), ..Said::default() };
    let expected = status < 300;
    outcome(End::Answered(Answer { status, expected, bytes: 10, said: Some(Box::new(said)) }))
}

/// A report in which every member is there.
fn full() -> Report {
    let (length, total) = (Duration::from_secs(10), Duration::from_secs(20));
    let ramp = RampWindows { length, total, rates: vec![1.0, 2.0] };
    let recorder = Recorder::new(vec!["process".to_owned(), "register".to_owned()], Some(ramp));
    recorder.begin(Instant::now());
    recorder.record(&answered(200, None));
    recorder.record(&answered(503, Some("overloaded")));
    recorder.record(&outcome(End::Failed(NoAnswer::Timeout)));
    recorder.record(&outcome(End::NotStarted));
    let rows = Rows { requests: 2, orders: 1, audit_records: 1 };
    let request_ids = vec![uuid::Uuid::nil()];
    let mismatch = Mismatch { kind: Kind::OrderMissing, count: 1, request_ids };
    let reconciliation = Summary { done: rows, mismatches: vec![mismatch], ..Summary::default() };
    let limits = Limits { max_p99: Some(Duration::from_millis(1)), max_error_rate: Some(0.5) };
    Report::new(Run {
        asked: asked(),
        measured: recorder.measured(),
        unsent: 1,
        connections: 32,
        latest_release: None,
        spans: Some(SpanAccount { ended: 4, exported: 4, ..SpanAccount::default() }),
        verification: Some(verification()),
        reconciliation: Some(reconciliation),
        limits,
    })
}

/// One whole trace, and one that broke at a hop.
fn verification() -> Verification {
    let hop = Hop { from: "user-service".to_owned(), to: "order-service".to_owned() };
    let mut verification = Verification { expected: 2, ..Verification::default() };
    let whole =
        Judgement { verdict: Verdict::Whole, hop: None, detail: String::new(), open: false };
    let broken = Judgement {
        verdict: Verdict::Broken,
        hop: Some(hop),
        detail: "a new trace".to_owned(),
        open: false,
    };
    verification.add(TraceId::from(1), whole);
    verification.add(TraceId::from(2), broken);
    verification
}

fn asked() -> Asked {
    Asked {
        target: "http://127.0.0.1:8080".to_owned(),
        scenario: "process".to_owned(),
        seed: u64::MAX,
        users: 1000,
        load: Load::Ramp {
            from: 1.0,
            to: 2.0,
            step_seconds: 10.0,
            rate: 1.5,
            arrivals: "constant".to_owned(),
        },
        connections: 512,
        duration_seconds: Some(20.0),
        requests: None,
        warm_up_seconds: 0.0,
        timeout_seconds: 10.0,
        started_at: "2026-11-21T10:00:00Z".to_owned(),
    }
}

/// A report in which everything that may be absent is absent.
fn bare() -> Report {
    let recorder = Recorder::new(vec!["process".to_owned()], None);
    let asked = Asked { load: Load::Closed, duration_seconds: None, ..asked() };
    Report::new(Run {
        asked,
        measured: recorder.measured(),
        unsent: 0,
        connections: 32,
        latest_release: None,
        spans: None,
        verification: None,
        reconciliation: None,
        limits: Limits::default(),
    })
}

#[test]
fn the_schema_is_that_of_the_report() {
    let made = format!("{:#}\n", Report::schema());
    assert_eq!(
        SCHEMA, made,
        "make it anew: cargo run -p loadgen --example schema > loadgen/report.schema.json"
    );
}

#[test]
fn reports_are_valid_by_the_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for report in [full(), bare()] {
        let json = serde_json::to_value(&report).unwrap();
        let errors: Vec<_> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?} in {json:#}");
    }
}

#[test]
fn what_is_not_a_report_is_not_valid() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let mut json = serde_json::to_value(full()).unwrap();
    json["total"]["latency"]["p99_ms"] = "fast".into();
    assert!(!validator.is_valid(&json));
    let mut json = serde_json::to_value(full()).unwrap();
    json.as_object_mut().unwrap().remove("exit_code");
    assert!(!validator.is_valid(&json));
}

#[test]
fn every_member_of_the_schema_is_described() {
    let schema = schema();
    let mut bare = Vec::new();
    undescribed("", &schema, &mut bare);
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}

fn undescribed(path: &str, schema: &Value, found: &mut Vec<String>) {
    let Some(members) = schema.as_object() else { return };
    if let Some(properties) = members.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            let told = property.get("description").is_some() || property.get("const").is_some();
            if !told {
                found.push(format!("{path}/{name}"));
            }
        }
    }
    for (name, member) in members {
        undescribed(&format!("{path}/{name}"), member, found);
        for (index, item) in member.as_array().into_iter().flatten().enumerate() {
            undescribed(&format!("{path}/{name}/{index}"), item, found);
        }
    }
}

#[test]
fn exit_codes_say_what_is_worst() {
    let code_of = |answered_too, verification, reconciliation: Option<Summary>, max_error_rate| {
        let recorder = Recorder::new(vec!["process".to_owned()], None);
        recorder.record(&answered(500, None));
        if answered_too {
            recorder.record(&answered(200, None));
        }
        Report::new(Run {
            asked: asked(),
            measured: recorder.measured(),
            unsent: 0,
            connections: 32,
            latest_release: None,
            spans: None,
            verification,
            reconciliation,
            limits: Limits { max_p99: None, max_error_rate },
        })
        .exit_code
    };
    let code = |verification, rows, max| code_of(true, verification, rows, max);
    let unread = Summary { error: Some("no answer".to_owned()), ..Summary::default() };
    assert_eq!(code(None, None, None), 0, "errors alone fail no run without a threshold");
    assert_eq!(code_of(false, None, None, None), 1, "but nothing else than errors does");
    assert_eq!(code_of(false, Some(verification()), None, None), 3, "a broken trace outranks that");
    let nothing_expected = Some(Verification::default());
    assert_eq!(code(nothing_expected, Some(Summary::default()), Some(0.4)), 1);
    assert_eq!(code(Some(verification()), None, None), 3, "a trace is broken");
    assert_eq!(code(None, Some(unread.clone()), None), 3, "what could not be read never agrees");
    assert_eq!(code(Some(verification()), Some(unread), Some(0.4)), 3, "it outranks a threshold");
}
