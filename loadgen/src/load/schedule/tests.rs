//! Counts, order and spacing of arrivals.

use std::time::Duration;

use super::{Due, Schedule};
use crate::{cli::Arrivals, load::plan::Stage};

fn stage(rate: f64, seconds: u64) -> Stage {
    let requests = (rate * seconds as f64).round() as u64;
    Stage { rate, length: Some(Duration::from_secs(seconds)), requests, warm_up: false }
}

fn arrivals(stages: &[Stage], arrivals: Arrivals, seed: u64) -> Vec<Due> {
    Schedule::new(stages.to_vec(), arrivals, seed).collect()
}

fn seconds(due: &[Due]) -> Vec<f64> {
    due.iter().map(|due| due.at.as_secs_f64()).collect()
}

#[test]
fn constant_arrivals_are_numbered_and_each_opens_its_own_slot() {
    let due = arrivals(&[stage(200.0, 30)], Arrivals::Constant, 1);

    assert_eq!(due.len(), 6000);
    for (n, due) in due.iter().enumerate() {
        assert_eq!(due.n, n as u64);
        assert!((due.at.as_secs_f64() - n as f64 / 200.0).abs() < 1e-6, "{due:?}");
    }
}

#[test]
fn stages_follow_each_other_each_at_its_rate() {
    let warm_up = Stage { warm_up: true, ..stage(10.0, 1) };
    let due = arrivals(&[warm_up, stage(10.0, 2), stage(20.0, 1)], Arrivals::Constant, 1);

    assert_eq!(due.len(), 10 + 20 + 20);
    assert_eq!(due.iter().filter(|due| due.warm_up).count(), 10);
    assert!(due[..10].iter().all(|due| due.warm_up && due.at < Duration::from_secs(1)));
    assert_eq!(due[10].at, Duration::from_secs(1));
    assert_eq!((due[30].at, due[30].rate), (Duration::from_secs(3), 20.0));
    assert!(due.last().is_some_and(|due| due.at < Duration::from_secs(4)));
}

#[test]
fn poisson_arrivals_are_as_many_and_sorted_and_within_their_stages() {
    let stages = [stage(100.0, 10), stage(500.0, 10)];
    let due = arrivals(&stages, Arrivals::Poisson, 7);

    assert_eq!(due.len(), 6000);
    assert!(due.is_sorted_by_key(|due| due.at));
    assert!(due[..1000].iter().all(|due| due.at <= Duration::from_secs(10)));
    assert!(due[1000..].iter().all(|due| due.at >= Duration::from_secs(10)));
    assert!(due.last().is_some_and(|due| due.at <= Duration::from_secs(20)));
}

#[test]
fn poisson_arrivals_follow_from_the_seed() {
    let with = |seed| arrivals(&[stage(100.0, 10)], Arrivals::Poisson, seed);

    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
}

/// Gaps of a Poisson process are exponential: their standard deviation is their mean; and half of all arrivals come in the first half.
#[test]
fn poisson_gaps_have_the_mean_and_the_variance_of_an_exponential() {
    let at = seconds(&arrivals(&[stage(1000.0, 100)], Arrivals::Poisson, 3));
    let gaps: Vec<f64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;

    assert!((mean - 0.001).abs() < 0.000_01, "mean {mean}");
    assert!((variance.sqrt() / mean - 1.0).abs() < 0.03, "deviation {}", variance.sqrt());
    let first_half = at.iter().filter(|at| **at < 50.0).count();
    assert!((49_000..51_000).contains(&first_half), "{first_half} of 100000");
}

#[test]
fn a_stage_without_an_end_goes_on_at_its_rate() {
    let endless = Stage { rate: 2.0, length: None, requests: u64::MAX, warm_up: false };
    for kind in [Arrivals::Constant, Arrivals::Poisson] {
        let due: Vec<Due> = Schedule::new(vec![endless], kind, 5).take(10_000).collect();
        let last = due.last().map_or(0.0, |due| due.at.as_secs_f64());
        assert!((4700.0..5300.0).contains(&last), "{kind:?}: {last}");
    }
}
