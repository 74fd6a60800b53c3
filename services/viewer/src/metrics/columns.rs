//! Points become columns: what was counted within a step, and what was true at its end.

use std::collections::VecDeque;

use serde::Serialize;

use super::quantile::Observed;
use crate::scrape::{Gauges, Increase, Outcome, Point};

type Column = Vec<Option<f64>>;

/// One value a step.
#[derive(Debug, Default, Serialize)]
pub(super) struct Columns {
    /// `up` where one of the step's reads succeeded, else how the last one ended.
    states: Vec<Option<Outcome>>,
    requests_per_second: Column,
    /// Status 400 to 499, 499 being a client that went away.
    client_errors_per_second: Column,
    /// Status 500 and above.
    server_errors_per_second: Column,
    p50_seconds: Column,
    p95_seconds: Column,
    p99_seconds: Column,
    db_p50_seconds: Column,
    db_p95_seconds: Column,
    /// Waits for a connection of the pool.
    wait_p50_seconds: Column,
    wait_p95_seconds: Column,
    pool_used: Column,
    pool_idle: Column,
    pool_max: Column,
    spans_ended_per_second: Column,
    spans_exported_per_second: Column,
    spans_failed_per_second: Column,
    spans_dropped_per_second: Column,
    spans_queued: Column,
    resident_bytes: Column,
}

/// What is gathered of one step.
#[derive(Default)]
struct Step {
    outcome: Option<Outcome>,
    sum: Option<Increase>,
    observed: [Observed; 3],
    gauges: Gauges,
}

impl Columns {
    /// `at` are the ends of the steps and `step` their length, both in milliseconds.
    pub(super) fn of(points: &VecDeque<Point>, at: &[u64], step: u64) -> Self {
        let mut steps: Vec<Step> = at.iter().map(|_| Step::default()).collect();
        let first = at.first().copied().unwrap_or_default();
        for point in points {
            let end = point.at.div_ceil(step) * step;
            let place = end.checked_sub(first).map(|after| after / step);
            let place = place.and_then(|place| usize::try_from(place).ok());
            if let Some(step) = place.and_then(|place| steps.get_mut(place)) {
                step.add(point);
            }
        }
        let mut columns = Self::default();
        for step in steps {
            columns.push(&step);
        }
        columns
    }

    fn push(&mut self, step: &Step) {
        let rate = |count: fn(&Increase) -> f64| {
            step.sum.as_ref().map(|sum| rounded(count(sum) / sum.seconds))
        };
        let quantile =
            |histogram: usize, share| step.observed[histogram].quantile(share).map(rounded);
        let Gauges { pool_used, pool_idle, pool_max, spans_queued, resident_bytes, .. } =
            step.gauges;
        self.states.push(step.outcome);
        self.requests_per_second.push(rate(|sum| sum.requests));
        self.client_errors_per_second.push(rate(|sum| sum.client_errors));
        self.server_errors_per_second.push(rate(|sum| sum.server_errors));
        self.p50_seconds.push(quantile(0, 0.5));
        self.p95_seconds.push(quantile(0, 0.95));
        self.p99_seconds.push(quantile(0, 0.99));
        self.db_p50_seconds.push(quantile(1, 0.5));
        self.db_p95_seconds.push(quantile(1, 0.95));
        self.wait_p50_seconds.push(quantile(2, 0.5));
        self.wait_p95_seconds.push(quantile(2, 0.95));
        self.pool_used.push(pool_used);
        self.pool_idle.push(pool_idle);
        self.pool_max.push(pool_max);
        self.spans_ended_per_second.push(rate(|sum| sum.spans[0]));
        self.spans_exported_per_second.push(rate(|sum| sum.spans[1]));
        self.spans_failed_per_second.push(rate(|sum| sum.spans[2]));
        self.spans_dropped_per_second.push(rate(|sum| sum.spans[3]));
        self.spans_queued.push(spans_queued);
        self.resident_bytes.push(resident_bytes);
    }
}

impl Step {
    fn add(&mut self, point: &Point) {
        if self.outcome != Some(Outcome::Up) {
            self.outcome = Some(point.outcome);
        }
        if point.outcome == Outcome::Up {
            self.gauges = point.gauges;
        }
        let Some(increase) = &point.increase else { return };
        for (observed, counts) in self.observed.iter_mut().zip(&increase.histograms) {
            counts.iter().for_each(|counts| observed.add(counts));
        }
        let sum = self.sum.get_or_insert_default();
        sum.seconds += increase.seconds;
        sum.requests += increase.requests;
        sum.client_errors += increase.client_errors;
        sum.server_errors += increase.server_errors;
        for (sum, spans) in sum.spans.iter_mut().zip(increase.spans) {
            *sum += spans;
        }
    }
}

/// Five digits: more is noise, and a page of them is twice as long.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let unit = 10_f64.powf(4.0 - value.abs().log10().floor());
    (value * unit).round() / unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(at: u64, seconds: f64, requests: f64) -> Point {
        let increase = Increase { seconds, requests, ..Increase::default() };
        Point { at, outcome: Outcome::Up, increase: Some(Box::new(increase)), ..Point::default() }
    }

    fn down(at: u64) -> Point {
        Point { at, ..Point::default() }
    }

    #[test]
    fn a_step_has_the_rate_of_its_points_and_none_where_there_was_none() {
        let points = VecDeque::from([
            up(1_000, 5.0, 10.0),
            up(2_000, 5.0, 20.0),
            down(3_500),
            down(6_000),
            up(7_000, 4.0, 1.0),
        ]);
        let columns = Columns::of(&points, &[2_000, 4_000, 6_000, 8_000, 10_000], 2_000);
        assert_eq!(
            columns.requests_per_second,
            [Some(3.0), None, None, Some(0.25), None],
            "a target that was down is not one with no requests"
        );
        use Outcome::{Down, Up};
        assert_eq!(columns.states, [Some(Up), Some(Down), Some(Down), Some(Up), None]);
    }

    #[test]
    fn what_is_older_than_the_first_step_is_left_out() {
        let points = VecDeque::from([up(1_000, 1.0, 1.0), up(4_000, 1.0, 2.0)]);
        let columns = Columns::of(&points, &[4_000], 1_000);
        assert_eq!(columns.requests_per_second, [Some(2.0)]);
    }

    #[test]
    fn five_digits_are_kept() {
        assert_eq!(
            [rounded(1.0 / 3.0), rounded(123_456.0), rounded(0.0)],
            [0.33333, 123_460.0, 0.0]
        );
    }
}
