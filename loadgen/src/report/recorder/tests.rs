use std::sync::Arc;

use super::*;
use crate::{
    outcome::{End, NoAnswer},
    report::made::{answered, ended},
};

fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}

fn recorder() -> Recorder {
    Recorder::new(vec!["process".to_owned(), "register".to_owned()], None)
}

#[test]
fn outcomes_of_many_threads_are_all_counted_once() {
    let recorder = Arc::new(recorder());
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| (0..1000).for_each(|_| recorder.record(&answered(0, 200, millis(3)))));
        }
    });
    let measured = recorder.measured();
    let total = &measured.total;
    assert_eq!((total.requests, total.answered, total.errors), (12_000, 12_000, 0));
    assert_eq!(total.latency.as_ref().unwrap().count, 12_000);
    assert_eq!(recorder.take_recent().answered, 12_000);
}

#[test]
fn steps_are_told_apart_and_the_total_is_their_sum() {
    let recorder = recorder();
    recorder.record(&answered(0, 200, millis(1)));
    recorder.record(&answered(1, 201, millis(2)));
    recorder.record(&answered(1, 503, millis(3)));
    recorder.record(&ended(1, millis(10_000), End::Failed(NoAnswer::Timeout)));
    recorder.record(&ended(1, millis(1), End::Failed(NoAnswer::Connect)));
    recorder.record(&ended(0, millis(10_000), End::NotStarted));

    let measured = recorder.measured();

    let [process, register] = [&measured.steps[0].1, &measured.steps[1].1];
    assert_eq!((process.requests, process.errors, process.not_started), (2, 1, 1));
    assert_eq!((register.requests, register.errors, register.error_rate), (4, 3, 0.75));
    assert_eq!(register.failures, [("connect".into(), 1), ("timeout".into(), 1)].into());
    assert_eq!(measured.total.statuses["503"], 1);
    assert_eq!((measured.total.requests, measured.total.errors), (6, 4));
    let latency = measured.total.latency.unwrap();
    assert_eq!(latency.count, 5, "a refused connection has no latency, what waited in vain has");
    assert!(latency.max_ms >= 10_000.0);
}

#[test]
fn the_warm_up_is_counted_and_in_no_figure() {
    let recorder = recorder();
    recorder.record(&Outcome { warm_up: true, ..answered(0, 500, millis(900)) });
    recorder.record(&answered(0, 200, millis(1)));
    let measured = recorder.measured();
    assert_eq!((measured.warm_up, measured.total.requests, measured.total.errors), (1, 1, 0));
    assert!(measured.total.latency.unwrap().max_ms < 2.0);
    assert_eq!(recorder.take_recent().errors, 1, "the progress line shows it");
}

#[test]
fn time_counts_from_the_begin_of_the_figures_to_the_end_of_the_load_or_the_last_answer() {
    let (recorder, began) = (recorder(), Instant::now());
    recorder.begin(began);
    let at = began + millis(400);
    recorder.record(&Outcome { at, ..answered(0, 200, millis(1)) });
    assert_eq!(recorder.measured().elapsed, millis(400));
    recorder.end(began + millis(1000));
    assert_eq!(recorder.measured().elapsed, millis(1000));
    recorder.record(&Outcome { at: began + millis(1200), ..answered(0, 200, millis(300)) });
    assert_eq!(recorder.measured().elapsed, millis(1200));
}

#[test]
fn what_is_recent_is_taken_once() {
    let recorder = recorder();
    recorder.record(&answered(0, 200, millis(8)));
    let recent = recorder.take_recent();
    assert_eq!((recent.ended, recent.at_quantile(0.99)), (1, Some(8.0)));
    assert_eq!((recorder.take_recent().ended, recorder.take_recent().at_quantile(0.5)), (0, None));
}

#[test]
fn requests_belong_to_the_ramp_step_in_which_they_were_due() {
    let ramp = RampWindows { length: millis(1000), total: millis(2000), rates: vec![2.0, 4.0] };
    let (recorder, began) = (Recorder::new(vec!["process".to_owned()], Some(ramp)), Instant::now());
    recorder.begin(began);
    let at = |millis_in, latency| Outcome {
        at: began + millis(millis_in),
        ..answered(0, 200, millis(latency))
    };
    recorder.record(&at(100, 100));
    recorder.record(&at(1600, 1100));
    recorder.record(&at(1700, 100));
    let late = ended(0, millis(900), End::Failed(NoAnswer::Timeout));
    recorder.record(&Outcome { at: began + millis(2900), ..late });

    let steps = recorder.measured().ramp;

    let told = |step: &RampStep| (step.rate_asked, step.requests, step.rate_reached, step.errors);
    assert_eq!(steps.iter().map(told).collect::<Vec<_>>(), [(2.0, 2, 1.0, 0), (4.0, 2, 2.0, 1)]);
    assert!(steps[0].p99_ms.unwrap() >= 1100.0 && steps[1].p50_ms.unwrap() < 101.0);
}

#[test]
fn a_ramp_s_last_step_is_divided_by_its_own_length() {
    let ramp = RampWindows { length: millis(1000), total: millis(1500), rates: vec![2.0, 4.0] };
    let (recorder, began) = (Recorder::new(vec!["process".to_owned()], Some(ramp)), Instant::now());
    recorder.begin(began);
    for at in [500, 1100, 1499, 1501] {
        recorder.record(&Outcome { at: began + millis(at), ..answered(0, 200, millis(20)) });
    }

    let steps = recorder.measured().ramp;

    // Two answers in half a second; the third came when the step was over.
    let told = |step: &RampStep| (step.requests, step.rate_reached);
    assert_eq!(steps.iter().map(told).collect::<Vec<_>>(), [(1, 1.0), (3, 4.0)]);
}
