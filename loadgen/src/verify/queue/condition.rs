//! How the backend is doing, from the look-ups that were made: whether it may be asked now, by how many at once, and whether it is down.

use std::time::{Duration, Instant};

use crate::verify::backend::LookupError;

const FIRST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(2);
/// A backend that asks for more rest than this is not waited for by those whose time is over.
const LONG_REST: Duration = Duration::from_secs(5);
/// Far beyond any timeout, and far from what a clock cannot hold.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 3600);
/// Failures in a row, over so long a time, that are an outage rather than a hiccup.
const OUTAGE_FAILURES: u32 = 3;
const OUTAGE: Duration = Duration::from_secs(10);

/// What is known of the backend.
#[derive(Debug, Default)]
pub(super) struct Condition(Option<Trouble>);

#[derive(Debug)]
struct Trouble {
    since: Instant,
    failures: u32,
    noticed: Instant,
    resume: Instant,
    error: LookupError,
}

impl Condition {
    /// It said something about a trace.
    pub(super) fn answered(&mut self) {
        self.0 = None;
    }

    /// A look-up that was started at `started` has shown it to be in trouble.
    pub(super) fn failed(&mut self, error: LookupError, started: Instant, now: Instant) {
        let before = self.0.take();
        // What was under way when the trouble was noticed is part of the same.
        let same = before.as_ref().filter(|trouble| started < trouble.noticed);
        let failures = match (&before, same) {
            (_, Some(same)) => same.failures,
            (Some(before), None) => before.failures.saturating_add(1),
            (None, None) => 1,
        };
        let asked = match &error {
            LookupError::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        let rest = asked.map_or_else(|| own_rest(failures), |asked| asked.min(LONGEST_ASKED));
        let resume = same.map_or(now, |same| same.resume).max(now + rest);
        let noticed = same.map_or(now, |same| same.noticed);
        let since = before.map_or(started, |before| before.since);
        self.0 = Some(Trouble { since, failures, noticed, resume, error });
    }

    /// How many may ask at once: one, while it is not known to be well again.
    pub(super) fn limit(&self, usual: usize) -> usize {
        if self.0.is_some() { 1 } else { usual }
    }

    /// From when on it may be asked, where that is not now.
    pub(super) fn resting(&self, now: Instant) -> Option<Instant> {
        self.0.as_ref().map(|trouble| trouble.resume).filter(|resume| *resume > now)
    }

    /// The reason when there is no point in asking for those whose time is over: it is down, or wants to be left alone for long.
    pub(super) fn down(&self, now: Instant, timeout: Duration) -> Option<&LookupError> {
        let trouble = self.0.as_ref()?;
        let lasting = now.saturating_duration_since(trouble.since) >= OUTAGE.min(timeout);
        let outage = trouble.failures >= OUTAGE_FAILURES && lasting;
        (outage || trouble.resume > now + LONG_REST).then_some(&trouble.error)
    }
}

fn own_rest(failures: u32) -> Duration {
    let grown = FIRST_REST.saturating_mul(1 << failures.saturating_sub(1).min(10));
    grown.min(LONGEST_REST).mul_f64(rand::random_range(0.8..1.2))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    fn busy(retry_after: Option<u64>) -> LookupError {
        let retry_after = retry_after.map(Duration::from_secs);
        LookupError::Status { status: StatusCode::TOO_MANY_REQUESTS, retry_after }
    }

    #[test]
    fn retry_after_is_honoured_to_the_second() {
        let start = Instant::now();
        let mut condition = Condition::default();
        condition.failed(busy(Some(3)), start, start);
        assert_eq!(condition.resting(start), Some(start + Duration::from_secs(3)));
        assert_eq!(condition.resting(start + Duration::from_secs(3)), None);
        assert_eq!(condition.limit(8), 1);
        condition.answered();
        assert_eq!((condition.resting(start), condition.limit(8)), (None, 8));
    }

    #[test]
    fn a_shorter_rest_asked_of_another_look_up_does_not_cut_a_longer_one() {
        let start = Instant::now();
        let mut condition = Condition::default();
        condition.failed(busy(Some(4)), start, start);
        condition.failed(busy(Some(1)), start - Duration::from_millis(1), start);
        assert_eq!(condition.resting(start), Some(start + Duration::from_secs(4)));
    }

    #[test]
    fn it_is_down_after_failures_in_a_row_that_last_not_after_many_at_one_moment() {
        let start = Instant::now();
        let mut condition = Condition::default();
        for _ in 0..8 {
            condition.failed(LookupError::TooSlow, start, start + Duration::from_secs(5));
        }
        assert!(condition.down(start + Duration::from_secs(11), TIMEOUT).is_none());
        for second in [6, 7] {
            let at = start + Duration::from_secs(second);
            condition.failed(LookupError::TooSlow, at, at);
        }
        assert!(condition.down(start + Duration::from_secs(9), TIMEOUT).is_none());
        assert_eq!(
            condition.down(start + Duration::from_secs(10), TIMEOUT),
            Some(&LookupError::TooSlow)
        );
    }

    #[test]
    fn a_long_rest_counts_as_down_at_once() {
        let start = Instant::now();
        let mut condition = Condition::default();
        condition.failed(busy(Some(u64::MAX)), start, start);
        assert!(condition.down(start, TIMEOUT).is_some());
        assert!(condition.resting(start + Duration::from_secs(3600)).is_some());
    }
}
