//! The closed loop: each connection sends its next request when the answer to the last is there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Load, backlog::Job, exchange::Seat, plan::Until};
use crate::outcome::NoAnswer;

/// A target that takes no connections would otherwise be asked as fast as this machine can.
const PAUSE: Duration = Duration::from_millis(100);

struct Loop {
    load: Arc<Load>,
    begin: Instant,
    warm_up: Duration,
    until: Until,
    stop: CancellationToken,
    /// Number of the next request.
    next: AtomicU64,
    /// Requests of the figures that were given out.
    taken: AtomicU64,
}

/// Runs it to its end, or to the stop, and then until all requests have ended.
pub(super) async fn run(
    load: Arc<Load>,
    (warm_up, until): (Duration, Until),
    bound: usize,
    stop: CancellationToken,
) {
    let begin = Instant::now();
    load.live.begins(begin);
    let (next, taken) = (AtomicU64::new(0), AtomicU64::new(0));
    let all = Arc::new(Loop { load, begin, warm_up, until, stop, next, taken });
    let connections = TaskTracker::new();
    for _ in 0..bound {
        let all = Arc::clone(&all);
        connections.spawn(async move { all.work().await });
    }
    connections.close();
    connections.wait().await;
}

impl Loop {
    async fn work(&self) {
        let mut seat = Seat::new(&self.load);
        while let Some(job) = self.next() {
            self.load.live.is_due(job.warm_up);
            if seat.carry_out(job).await == Some(NoAnswer::Connect) {
                // Ends early with the stop, which the next turn sees.
                let _ = tokio::time::timeout(PAUSE, self.stop.cancelled()).await;
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let elapsed = self.begin.elapsed();
        let warm_up = elapsed < self.warm_up;
        let over = match self.until {
            Until::Elapsed(length) => elapsed >= self.warm_up + length,
            Until::Sent(requests) => !warm_up && self.taken.fetch_add(1, Relaxed) >= requests,
        };
        let go_on = !over && !self.stop.is_cancelled();
        go_on.then(|| Job { n: self.next.fetch_add(1, Relaxed), at: None, warm_up })
    }
}
