//! What a command line asks for.

use std::time::Duration;

use clap::Parser as _;

use super::{Pace, Plan, Stage, Until};
use crate::cli::Cli;

fn plan(flags: &str) -> Result<Plan, String> {
    let args = ["loadgen"].into_iter().chain(flags.split_whitespace());
    let cli = Cli::try_parse_from(args).expect("flags that the command line takes");
    Plan::new(&cli.run.load, cli.run.verification.watch).map_err(|error| error.to_string())
}

fn stages(flags: &str) -> Vec<Stage> {
    match plan(flags).expect("a plan").pace {
        Pace::Open { stages, .. } => stages,
        Pace::Closed { .. } => panic!("{flags} is an open loop"),
    }
}

#[test]
fn the_default_is_an_open_loop_of_50_a_second_for_10_seconds() {
    let plan = plan("").expect("a plan");

    assert_eq!(plan.requests(), Some(500));
    assert_eq!(plan.length(), Some(Duration::from_secs(10)));
    assert_eq!((plan.connections, plan.timeout), (512, Duration::from_secs(10)));
}

#[test]
fn requests_are_the_rate_times_the_duration_rounded() {
    for (flags, requests) in [
        ("--rate 200 --duration 30s", 6000),
        ("--rate 3.3 --duration 5s", 17),
        ("--rate 0.1 --duration 5s", 1),
        ("--rate 1000000 --duration 1h", 3_600_000_000),
        ("--rate 50 --requests 7", 7),
    ] {
        assert_eq!(plan(flags).expect("a plan").requests(), Some(requests), "{flags}");
    }
}

#[test]
fn a_rate_that_makes_no_request_is_refused() {
    let error = plan("--rate 0.01 --duration 5s").expect_err("no request");

    assert!(error.contains("--rate 0.01") && error.contains("longer --duration"), "{error}");
}

#[test]
fn a_count_lasts_as_long_as_its_rate_says() {
    assert_eq!(
        plan("--rate 50 --requests 100").map(|plan| plan.length()),
        Ok(Some(Duration::from_secs(2)))
    );
}

#[test]
fn the_warm_up_runs_at_the_first_rate_and_is_not_in_the_count() {
    let plan = plan("--rate 20 --duration 5s --warm-up 2s").expect("a plan");

    assert_eq!(plan.requests(), Some(100));
    assert_eq!(plan.warm_up(), Duration::from_secs(2));
    assert_eq!(plan.length(), Some(Duration::from_secs(7)));
    let stages = stages("--ramp 20..40/5s --warm-up 2s");
    assert_eq!((stages[0].rate, stages[0].requests, stages[0].warm_up), (20.0, 40, true));
}

#[test]
fn a_ramp_has_ten_steps_evenly_from_the_first_rate_to_the_last() {
    let stages = stages("--ramp 100..2000/10s");

    let rates: Vec<f64> = stages.iter().map(|stage| stage.rate.round()).collect();
    assert_eq!(rates, [100.0, 311.0, 522.0, 733.0, 944.0, 1156.0, 1367.0, 1578.0, 1789.0, 2000.0]);
    assert!(stages.iter().all(|stage| stage.length == Some(Duration::from_secs(10))));
    assert_eq!((stages[0].requests, stages[9].requests), (1000, 20_000));
}

#[test]
fn a_duration_says_how_many_steps_a_ramp_has_and_the_last_may_be_shorter() {
    let stages = stages("--ramp 30..10/2s --duration 5s");

    let seen: Vec<_> = stages.iter().map(|stage| (stage.rate, stage.requests)).collect();
    assert_eq!(seen, [(30.0, 60), (20.0, 40), (10.0, 10)]);
}

#[test]
fn a_ramp_of_less_than_two_steps_or_of_too_many_is_refused() {
    for flags in ["--ramp 1..2/10s --duration 19s", "--ramp 1..2/1ms --duration 1h"] {
        let error = plan(flags).expect_err("no ramp");
        assert!(error.contains("--ramp") && error.contains("at least two steps"), "{error}");
    }
}

#[test]
fn a_closed_loop_ends_by_time_or_count_and_holds_32_connections() {
    let by_time = plan("--closed --warm-up 1s").expect("a plan");
    let (warm_up, until) = (Duration::from_secs(1), Until::Elapsed(Duration::from_secs(10)));
    assert_eq!(by_time.pace, Pace::Closed { warm_up, until });
    assert_eq!((by_time.connections, by_time.requests()), (32, None));

    let by_count = plan("--closed --requests 9 --connections 3").expect("a plan");
    assert_eq!((by_count.connections, by_count.requests()), (3, Some(9)));
}

#[test]
fn a_watch_runs_at_one_a_second_without_an_end() {
    let plan = plan("--watch").expect("a plan");

    assert_eq!((plan.requests(), plan.length()), (None, None));
    assert_eq!(stages("--watch")[0].rate, 1.0);
}
