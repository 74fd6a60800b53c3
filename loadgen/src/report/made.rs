//! Made outcomes, for tests.

use std::time::{Duration, Instant};

use crate::outcome::{Answer, End, Outcome, Said, Sent};

/// A request that ended so.
pub(crate) fn ended(step: usize, latency: Duration, end: End) -> Outcome {
    Outcome { step, warm_up: false, sent: Sent::default(), latency, at: Instant::now(), end }
}

/// An answer of 100 bytes; expected is 2xx.
pub(crate) fn answered(step: usize, status: u16, latency: Duration) -> Outcome {
    let expected = (200..300).contains(&status);
    ended(step, latency, End::Answered(Answer { status, expected, bytes: 100, said: None }))
}

/// A problem with a code.
pub(crate) fn problem(step: usize, status: u16, code: &str, latency: Duration) -> Outcome {
    let said = Some(Box::new(Said { code: Some(code.to_owned()), ..Said::default() }));
    ended(step, latency, End::Answered(Answer { status, expected: false, bytes: 300, said }))
}
