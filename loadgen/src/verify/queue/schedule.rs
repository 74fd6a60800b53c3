//! When each trace is looked up next.

use std::{
    cmp::Ordering,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

use crate::verify::expectation::Expectation;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const GROWTH: f64 = 1.6;

/// A trace that waits for its verdict: all that is kept of it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) expectation: Expectation,
    due: Instant,
    looks: u16,
    /// Look-ups that were made after its time was over and said nothing.
    pub(super) late_failures: u8,
}

/// All that wait, the next due first.
#[derive(Debug)]
pub(super) struct Schedule {
    waiting: BinaryHeap<Waiting>,
    after: Duration,
    timeout: Duration,
}

impl Schedule {
    /// First look-ups `after` the answer, the last when `timeout` is over.
    pub(super) fn new(after: Duration, timeout: Duration) -> Self {
        Self { waiting: BinaryHeap::new(), after, timeout }
    }

    pub(super) fn add(&mut self, expectation: Expectation) {
        let due = expectation.since + self.after;
        self.waiting.push(Waiting { expectation, due, looks: 0, late_failures: 0 });
    }

    /// Puts one back whose look-up has not settled it: later each time, and once more when its time is over.
    pub(super) fn again(&mut self, mut waiting: Waiting, now: Instant) {
        let deadline = self.deadline(&waiting);
        let pause =
            if deadline > now { pause(waiting.looks).min(deadline - now) } else { FIRST_PAUSE };
        waiting.looks = waiting.looks.saturating_add(1);
        waiting.due = now + pause;
        self.waiting.push(waiting);
    }

    /// The next one whose look-up is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Waiting> {
        self.next_due().filter(|due| *due <= now)?;
        self.waiting.pop()
    }

    /// When the next is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.peek().map(|waiting| waiting.due)
    }

    /// All whose time is over.
    pub(super) fn take_overdue(&mut self, now: Instant) -> Vec<Waiting> {
        let all = std::mem::take(&mut self.waiting).into_vec();
        let (over, left) = all.into_iter().partition(|waiting| self.deadline(waiting) <= now);
        self.waiting = BinaryHeap::from(left);
        over
    }

    /// Until when spans may come.
    pub(super) fn deadline(&self, waiting: &Waiting) -> Instant {
        waiting.expectation.since + self.timeout
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// With jitter, so that what was answered at one moment is not looked up at one moment again and again.
fn pause(looks: u16) -> Duration {
    let grown = FIRST_PAUSE.mul_f64(GROWTH.powi(looks.min(32).into()).min(1e6));
    grown.min(LONGEST_PAUSE).mul_f64(rand::random_range(0.8..1.2))
}

/// The heap gives the greatest: the one that is due first.
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        other.due.cmp(&self.due)
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl Eq for Waiting {}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceId;

    use super::*;
    use crate::verify::expectation::Kind;

    fn expectation(number: u128, since: Instant) -> Expectation {
        Expectation {
            trace_id: TraceId::from(number),
            root: None,
            contract: None,
            answer: Kind::Completed,
            keyed: None,
            broken: None,
            has_chain: false,
            since,
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_request_that_waits_takes_less_than_200_bytes() {
        let bytes = size_of::<Waiting>();
        println!("bytes per waiting request: {bytes}");
        assert!(bytes <= 200, "{bytes}");
    }

    #[test]
    fn look_ups_begin_after_the_wait_come_ever_later_and_end_at_the_timeout() {
        let start = Instant::now();
        let mut schedule = Schedule::new(seconds(2), seconds(30));
        schedule.add(expectation(1, start));
        assert!(schedule.take_due(start + Duration::from_millis(1999)).is_none());

        let mut times = Vec::new();
        while let Some(due) = schedule.next_due() {
            let waiting = schedule.take_due(due).unwrap();
            times.push(due - start);
            if due < schedule.deadline(&waiting) {
                schedule.again(waiting, due);
            }
        }

        assert_eq!((times[0], times[times.len() - 1]), (seconds(2), seconds(30)));
        let pauses: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses[0] >= Duration::from_millis(400) && pauses[0] <= Duration::from_millis(600));
        assert!(pauses.iter().all(|pause| *pause <= seconds(6)), "{pauses:?}");
        assert!((8..=14).contains(&times.len()), "{times:?}");
    }

    #[test]
    fn the_next_due_comes_first_and_what_is_over_is_found() {
        let start = Instant::now();
        let mut schedule = Schedule::new(seconds(2), seconds(30));
        for number in [3, 1, 2] {
            schedule.add(expectation(u128::from(number), start + seconds(number)));
        }
        let over = schedule.take_overdue(start + seconds(31));
        assert_eq!(over[0].expectation.trace_id, TraceId::from(1_u128));
        let next = schedule.take_due(start + seconds(60)).unwrap();
        assert_eq!((over.len(), next.expectation.trace_id), (1, TraceId::from(2_u128)));
    }

    #[test]
    fn a_wait_longer_than_the_timeout_leaves_one_look_up() {
        let start = Instant::now();
        let mut schedule = Schedule::new(seconds(5), seconds(3));
        schedule.add(expectation(1, start));
        let waiting = schedule.take_due(start + seconds(5)).unwrap();
        assert!(schedule.deadline(&waiting) <= start + seconds(5));
    }
}
