use std::time::{Duration, Instant};

use opentelemetry::trace::TraceId;
use shared::telemetry::SpanAccount;

use super::rate;
use crate::{
    outcome::{End, NoAnswer, Outcome},
    reconcile::{Rows, Summary},
    report::{
        Asked, Limits, Load, RampWindows, Recorder, Report, Run,
        made::{answered, ended, problem},
    },
    verify::{
        summary::Summary as Verification,
        verdict::{Hop, Judgement, Verdict},
    },
};

fn asked(load: Load) -> Asked {
    Asked {
        target: "http://127.0.0.1:8080".to_owned(),
        scenario: "mixed".to_owned(),
        seed: 42,
        users: 1000,
        load,
        connections: 512,
        duration_seconds: Some(2.0),
        requests: None,
        warm_up_seconds: 0.0,
        timeout_seconds: 10.0,
        started_at: "2026-11-21T10:00:00Z".to_owned(),
    }
}

fn open() -> Load {
    Load::Open { rate: 5.0, arrivals: "constant".to_owned() }
}

fn run(recorder: &Recorder, asked: Asked) -> Run {
    Run {
        asked,
        measured: recorder.measured(),
        unsent: 0,
        connections: 32,
        latest_release: None,
        spans: None,
        verification: None,
        reconciliation: None,
        limits: Limits::default(),
    }
}

fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}

const EVERYTHING: &str = "\
http://127.0.0.1:8080, scenario mixed, seed 42, from 2026-11-21T10:00:00Z
Open loop, constant arrivals, 5/s, 2 s, at most 512 connections

Requests    10 in 2.00 s, 5.0/s asked, 4.0/s reached
            1 more of the warm-up, in no other figure
            4 more were not sent: the run was stopped
Errors      4 (40.00 %)
Statuses    200: 5 · 201: 1 · 409: 1 · 503: 1
Codes       email_taken: 1 · overloaded: 1
No answer   broken: 1
Not started 1: no connection was free in time
Bytes       1.2 kB
Late        by up to 40 ms: this machine was too busy to send in time

Latency in ms, from the scheduled start
             requests    errors       min      mean       p50       p90       p99     p99.9       max
process             7         2      3.00       119      3.00       700       700       700       700
register            3         2      1.00      5.00      2.00      12.0      12.0      12.0      12.0
total              10         4      1.00      81.1      3.00       700       700       700       700

  ≤ 1.00 ms 1 ████████
  ≤ 2.00 ms 1 ████████
  ≤ 5.00 ms 5 ████████████████████████████████████████
  ≤ 10.0 ms 0
  ≤ 20.0 ms 1 ████████
  ≤ 50.0 ms 0
  ≤  100 ms 0
  ≤  200 ms 0
  ≤  500 ms 0
  ≤ 1000 ms 1 ████████

Spans       10 ended, 9 exported, 0 failed, 1 dropped

10 of 10 traces whole
6 answers, 6 orders, 6 audit records
  3 refused: 0 orders, 0 audit records

Threshold   p99 at most 250 ms: got 700 ms, missed
Threshold   error rate at most 0.5: got 0.4000, met
";

#[test]
fn a_run_with_everything_in_it_reads_so() {
    let steps = vec!["process".to_owned(), "register".to_owned()];
    let (recorder, began) = (Recorder::new(steps, None), Instant::now());
    recorder.begin(began);
    let at = |outcome| Outcome { at: began + millis(2000), ..outcome };
    (0..5).for_each(|_| recorder.record(&at(answered(0, 200, millis(3)))));
    recorder.record(&at(answered(1, 201, millis(12))));
    recorder.record(&at(problem(1, 503, "overloaded", millis(1))));
    recorder.record(&at(problem(1, 409, "email_taken", millis(2))));
    recorder.record(&at(ended(0, millis(1), End::Failed(NoAnswer::Broken))));
    recorder.record(&at(ended(0, millis(700), End::NotStarted)));
    recorder.record(&Outcome { warm_up: true, ..answered(0, 200, millis(1)) });
    let done = Rows { requests: 6, orders: 6, audit_records: 6 };
    let refused = Rows { requests: 3, ..Rows::default() };
    let reconciliation = Some(Summary { done, refused, ..Summary::default() });
    let verification = Some(Verification {
        expected: 10,
        verdicts: [(Verdict::Whole, 10)].into(),
        ..Verification::default()
    });
    let spans = Some(SpanAccount { ended: 10, exported: 9, dropped: 1, ..SpanAccount::default() });
    let limits = Limits { max_p99: Some(millis(250)), max_error_rate: Some(0.5) };
    let run = run(&recorder, asked(open()));

    let report = Report::new(Run {
        unsent: 4,
        latest_release: Some(millis(40)),
        spans,
        verification,
        reconciliation,
        limits,
        ..run
    });

    assert_eq!(report.to_string(), EVERYTHING);
    assert_eq!(report.exit_code, 1);
}

#[test]
fn a_ramp_has_a_line_for_each_step() {
    let ramp = RampWindows { length: millis(1000), total: millis(2000), rates: vec![2.0, 4.0] };
    let (recorder, began) = (Recorder::new(vec!["process".to_owned()], Some(ramp)), Instant::now());
    recorder.begin(began);
    let at = |at, outcome| Outcome { at: began + millis(at), ..outcome };
    recorder.record(&at(500, answered(0, 200, millis(1))));
    recorder.record(&at(1500, problem(0, 503, "overloaded", millis(20))));
    recorder.record(&at(1999, answered(0, 200, millis(2))));
    let load = Load::Ramp {
        from: 2.0,
        to: 4.0,
        step_seconds: 1.0,
        rate: 3.0,
        arrivals: "poisson".to_owned(),
    };

    let text = Report::new(run(&recorder, asked(load))).to_string();

    assert!(
        text.contains("Open loop, poisson arrivals, 2/s to 4/s in steps of 1 s, 2 s, at most"),
        "{text}"
    );
    let expected = "
Ramp
    asked/s reached/s  requests    errors    p50 ms    p99 ms
        2.0       1.0         1         0      1.00      1.00
        4.0       2.0         2         1      2.00      20.0
";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_closed_loop_without_any_answer_says_so_in_every_place() {
    let recorder = Recorder::new(vec!["process".to_owned()], None);
    let limits = Limits { max_p99: Some(millis(250)), max_error_rate: None };
    let asked = Asked { duration_seconds: None, requests: Some(0), ..asked(Load::Closed) };

    let report = Report::new(Run { limits, ..run(&recorder, asked) });

    let expected = "\
http://127.0.0.1:8080, scenario mixed, seed 42, from 2026-11-21T10:00:00Z
Closed loop, 0 requests, at most 512 connections

Requests    0 in 0.00 s, 0.0/s reached
Errors      0 (0.00 %)
Bytes       0 B

Latency in ms, from the sending
             requests    errors       min      mean       p50       p90       p99     p99.9       max
total               0         0         -         -         -         -         -         -         -

Threshold   p99 at most 250 ms: got nothing, missed
Failed      nothing was measured: not one request was sent
";
    assert_eq!(report.to_string(), expected);
}

#[test]
fn a_run_of_nothing_but_errors_says_so() {
    let recorder = Recorder::new(vec!["process".to_owned()], None);
    recorder.record(&problem(0, 503, "overloaded", millis(1)));
    let one = Report::new(run(&recorder, asked(open())));
    recorder.record(&ended(0, millis(700), End::NotStarted));
    let two = Report::new(run(&recorder, asked(open())));

    assert!(
        one.to_string()
            .ends_with("\n\nFailed      the only request was not answered as expected\n"),
        "{one}"
    );
    assert!(
        two.to_string()
            .ends_with("\n\nFailed      not one of 2 requests was answered as expected\n"),
        "{two}"
    );
    assert_eq!([one.exit_code, two.exit_code], [1, 1]);
    let limits = Limits { max_p99: None, max_error_rate: Some(1.0) };
    let wanted = Report::new(Run { limits, ..run(&recorder, asked(open())) });
    assert!(!wanted.to_string().contains("Failed") && wanted.exit_code == 0, "{wanted}");
    recorder.record(&answered(0, 200, millis(1)));
    let report = Report::new(run(&recorder, asked(open())));
    assert!(!report.to_string().contains("Failed") && report.exit_code == 0, "{report}");
}

#[test]
fn small_rates_are_told_with_three_digits() {
    let told = [0.0, 0.001, 0.012_345, 0.96, 0.9996, 1.0, 49.96, 2000.0].map(rate);
    assert_eq!(told, ["0.0", "0.00100", "0.0123", "0.960", "1.0", "1.0", "50.0", "2000.0"]);
}

#[test]
fn names_that_came_from_elsewhere_stay_within_their_line() {
    let recorder = Recorder::new(vec!["one\u{1b}[2J".to_owned(), "two".to_owned()], None);
    recorder.record(&problem(0, 503, "over\nloaded\u{7}", millis(1)));
    let hop = Hop { from: "a\nb".to_owned(), to: "c\u{1b}]0;".to_owned() };
    let mut verification = Verification { expected: 1, ..Verification::default() };
    let detail = "'x\r\u{9b}' is not there".to_owned();
    let judgement = Judgement { verdict: Verdict::Broken, hop: Some(hop), detail, open: false };
    verification.add(TraceId::from(1), judgement);

    let run = run(&recorder, asked(open()));
    let text = Report::new(Run { verification: Some(verification), ..run }).to_string();

    for shown in
        [r"one\u{1b}[2J", r"over\nloaded\u{7}: 1", r"at a\nb → c\u{1b}]0;", r"'x\r\u{9b}' is"]
    {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(
        !text.contains(|character: char| character != '\n' && character.is_control()),
        "{text:?}"
    );
}
