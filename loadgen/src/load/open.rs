//! The open loop: a thread releases every request at its time, and as many connections as are needed, up to the bound, take them.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Load,
    backlog::{Backlog, Job},
    exchange::Seat,
    schedule::Schedule,
};

/// How long a stop may go unseen while nothing is due.
const STOP_SEEN: Duration = Duration::from_millis(50);
/// The first request is not late for the thread's own start.
const LEAD: Duration = Duration::from_millis(5);

/// How the releasing went.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Released {
    /// The latest that a request was released after its time.
    pub(super) lag: Duration,
    /// Whether it was stopped before the last one.
    pub(super) stopped: bool,
}

/// Runs the schedule to its end, or to the stop, and then until all that was released has ended.
pub(super) async fn run(
    load: Arc<Load>,
    schedule: Schedule,
    bound: usize,
    stop: CancellationToken,
) -> Released {
    let backlog = Arc::new(Backlog::new(bound));
    let connections = TaskTracker::new();
    let releasing = {
        let (backlog, connections, stop) =
            (Arc::clone(&backlog), connections.clone(), stop.clone());
        // A thread of its own: the runtime's timers are good to a millisecond, which would be added to every latency.
        tokio::task::spawn_blocking(move || release(&load, schedule, &backlog, &connections, &stop))
    };
    let mut released = releasing.await.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The runtime is on its way out.
        Err(_) => Released { stopped: true, ..Released::default() },
    });
    connections.close();
    tokio::select! {
        () = connections.wait() => {}
        () = stop.cancelled() => {
            released.stopped |= backlog.abandon() > 0;
            connections.wait().await;
        }
    }
    released
}

fn release(
    load: &Arc<Load>,
    schedule: Schedule,
    backlog: &Arc<Backlog>,
    connections: &TaskTracker,
    stop: &CancellationToken,
) -> Released {
    let begin = Instant::now() + LEAD;
    load.live.begins(begin);
    let mut released = Released::default();
    for due in schedule {
        let at = begin + due.at;
        if !wait_until(at, stop) {
            released.stopped = true;
            break;
        }
        released.lag = released.lag.max(at.elapsed());
        load.live.asks(due.rate);
        load.live.is_due(due.warm_up);
        let job = Job { n: due.n, at: Some(at), warm_up: due.warm_up };
        if let Some(connection) = backlog.push(job) {
            let (load, backlog) = (Arc::clone(load), Arc::clone(backlog));
            connections.spawn(async move { work(&load, &backlog, connection).await });
        }
    }
    // Here, so that connections end even where nobody waits for the run any more.
    if released.stopped {
        backlog.abandon();
    }
    backlog.close();
    released
}

/// Whether the moment came before the stop.
fn wait_until(at: Instant, stop: &CancellationToken) -> bool {
    loop {
        if stop.is_cancelled() {
            return false;
        }
        let left = at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(STOP_SEEN));
    }
}

async fn work(load: &Load, backlog: &Backlog, connection: usize) {
    let mut seat = Seat::new(load);
    while let Some(job) = seat.idle(|cx| backlog.poll_next(connection, cx)).await {
        seat.carry_out(job).await;
    }
}
