//! A bounded pool of connections to one database.
//!
//! sqlx's own pool asks the server for a sign of life each time a connection comes back, from a task of its own: one more
//! round trip and two more task switches for every statement, a third of all round trips of the chain. Here
//! a connection goes straight back, last in first out, so the busy ones stay warm; only one that sat idle for
//! [`IDLE_CHECK`] is pinged before it is given out, which is when a restarted database can have dropped it.
//!
//! Invariants: what goes back is between transactions and between answers. A future that is dropped, times out or loses its
//! connection closes it instead, and the database rolls back whatever was open. After one connection was lost, none that was
//! opened before is used again, idle or in use: a failover costs one error, not one for each connection.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use self::places::{Place, Places};
use super::{connect::Connector, engine::Connection};
use crate::{
    faults,
    metrics::{self, PoolState},
};

mod places;

/// A connection that sat idle longer is pinged before it is used.
const IDLE_CHECK: Duration = Duration::from_secs(1);
/// What that may take: less than [`ACQUIRE_TIMEOUT`], so that a new connection can be had where the old ones lead nowhere.
const IDLE_CHECK_TIMEOUT: Duration = Duration::from_millis(750);
/// One that sat idle longer is closed.
const IDLE_LIMIT: Duration = Duration::from_secs(600);
/// One that is older is closed: after a failover or a changed address, connections move within this time.
const AGE_LIMIT: Duration = Duration::from_secs(1800);
/// How long one waits for a connection, a free one or a new one.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) struct Pool {
    connector: Connector,
    places: Arc<Places>,
    idle: Mutex<VecDeque<Idle>>,
    /// How often a connection was lost.
    losses: AtomicU64,
}

struct Idle {
    connection: Connection,
    origin: Origin,
    since: Instant,
}

/// When a connection was opened, and after how many losses.
#[derive(Clone, Copy)]
struct Origin {
    opened: Instant,
    losses: u64,
}

/// A connection in use. It goes back only by [`Pooled::release`]; dropped, it is closed.
pub(super) struct Pooled {
    pub(super) connection: Connection,
    /// It has been idle in the pool, so the server may have left it without our knowing.
    pub(super) reused: bool,
    origin: Origin,
    pool: Arc<Pool>,
    // Dropped after the connection, so there are never more connections than places.
    place: Place,
}

impl Pool {
    /// At most `max` connections, or fewer while the fault `pool` says so.
    pub(super) fn new(connector: Connector, max: usize) -> Arc<Self> {
        let places = Places::new(max, || faults::active().and_then(|faults| faults.pool()));
        Arc::new(Self { connector, places, idle: Mutex::default(), losses: AtomicU64::new(0) })
    }

    /// Waits for a connection, at most [`ACQUIRE_TIMEOUT`].
    pub(super) async fn acquire(self: &Arc<Self>) -> Result<Pooled, sqlx::Error> {
        let start = Instant::now();
        let acquired = tokio::time::timeout(ACQUIRE_TIMEOUT, self.acquire_in_turn()).await;
        metrics::db_connection_wait(start.elapsed().as_secs_f64());
        acquired.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn acquire_in_turn(self: &Arc<Self>) -> Result<Pooled, sqlx::Error> {
        let place = self.places.take().await.ok_or(sqlx::Error::PoolClosed)?;
        while let Some(mut idle) = self.pop_idle() {
            if idle.since.elapsed() < IDLE_CHECK || idle.is_alive().await {
                return Ok(self.pooled(idle.connection, idle.origin, true, place));
            }
            self.forget_older();
        }
        // Read before: what is lost while this one is opened may have been its server.
        let losses = self.losses.load(Ordering::Relaxed);
        let connection = self.connector.open_session().await?;
        Ok(self.pooled(connection, Origin { opened: Instant::now(), losses }, false, place))
    }

    fn pooled(
        self: &Arc<Self>,
        connection: Connection,
        origin: Origin,
        reused: bool,
        place: Place,
    ) -> Pooled {
        Pooled { connection, reused, origin, pool: Arc::clone(self), place }
    }

    fn pop_idle(&self) -> Option<Idle> {
        let (allowed, _) = self.places.allowed_and_used();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // More than may be used are kept only until somebody looks.
        while idle.len() > allowed {
            drop(idle.pop_front());
        }
        // One look per use is enough: the oldest is at the front, and an unused pool holds nobody up.
        if idle.front().is_some_and(|oldest| oldest.since.elapsed() > IDLE_LIMIT) {
            drop(idle.pop_front());
        }
        idle.pop_back()
    }

    /// Closes the idle connections, and those in use when they come back: one has been lost, and the others were opened to the
    /// same server.
    fn forget_older(&self) {
        self.losses.fetch_add(1, Ordering::Relaxed);
        let forgotten =
            std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        drop(forgotten);
    }

    /// What `db_client_connections` shows.
    pub(super) fn state(&self) -> PoolState {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).len();
        let (max, used) = self.places.allowed_and_used();
        let count = |connections| u32::try_from(connections).unwrap_or(u32::MAX);
        PoolState { idle: count(idle), used: count(used), max: count(max) }
    }

    /// Refuses new use, waits for what is in use and closes all connections.
    pub(super) async fn close(&self) {
        self.places.close(ACQUIRE_TIMEOUT).await;
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for idle in idle {
            // The server notices a connection that ends without a farewell too.
            let _ = idle.connection.close().await;
        }
    }
}

impl Idle {
    async fn is_alive(&mut self) -> bool {
        let ping = tokio::time::timeout(IDLE_CHECK_TIMEOUT, self.connection.ping()).await;
        matches!(ping, Ok(Ok(())))
    }
}

impl Pooled {
    /// Gives the connection back; it must be between transactions.
    pub(super) fn release(self) {
        let Self { connection, origin, pool, place, .. } = self;
        let keeps = !pool.places.are_closed() && !pool.places.are_too_many();
        let is_of_now = origin.losses == pool.losses.load(Ordering::Relaxed);
        if origin.opened.elapsed() < AGE_LIMIT && is_of_now && keeps {
            let idle = Idle { connection, origin, since: Instant::now() };
            pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push_back(idle);
        }
        // Last: whoever waits finds the connection idle.
        drop(place);
    }

    /// Closes this connection and all that were opened before now.
    pub(super) fn lose(self) {
        self.pool.forget_older();
    }
}

#[cfg(test)]
mod tests;
