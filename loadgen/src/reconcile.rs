//! Reconciliation: every answer held against the rows that it must have made.
//!
//! A request answered with 200, 201 or 202 has exactly one order and one audit record, with its request id and its trace id; a refused
//! one (4xx, or 503 that was shed) has none; any other end (502, 504, another 503, no answer) has one of both or none of both. Rows
//! are read through the target's own lists, after the load, once nothing is pending any more.
//!
//! Invariant: what could not be read never agrees.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use http::Uri;

use crate::{cli::Token, outcome::Outcome};

mod ask;
mod lists;
mod requests;
mod summary;

use lists::{AuditRow, Lists, OrderRow};
use requests::{Noted, Requests};
pub use summary::{Kind, Mismatch, Rows, Summary};

/// How long it is waited for what is pending, and tried again to read what cannot be read.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long it is tried to read the lists before any load is sent.
const START_PATIENCE: Duration = Duration::from_secs(5);
/// Rows asked for at once.
const AT_ONCE: usize = 16;
/// So many pending ones tell that it is too early to ask for the rest.
const PENDING_ENOUGH: usize = 32;
/// A row that is not pending and does not agree is asked for so often: it may have been written between two looks.
const LOOKS: u8 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Keeps what is needed of every request that carried a key (40 bytes), and compares it with the rows.
#[derive(Debug)]
pub struct Reconciler {
    lists: Lists,
    /// Rows from before are none of this run's. Microseconds since the Unix epoch, on the target's clock.
    since: i64,
    noted: Mutex<Vec<Noted>>,
}

/// How far a reconciliation is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Rows are read; so many were.
    Reading {
        /// Orders.
        orders: u64,
        /// Audit records.
        audit_records: u64,
    },
    /// Rows of so many requests do not agree yet, most of them because an audit record is still to be delivered.
    Waiting {
        /// Requests.
        requests: u64,
    },
}

impl Reconciler {
    /// Makes sure, before any load is sent, that the rows can be read (within 5 s: a target may be busy), and notes the target's time.
    ///
    /// # Errors
    /// A list cannot be read; the text says which and what to do.
    pub async fn start(target: &Uri, token: Option<&Token>) -> anyhow::Result<Self> {
        let lists = Lists::new(target, token)?;
        let since = lists.now(Instant::now() + START_PATIENCE).await?;
        Ok(Self { lists, since, noted: Mutex::default() })
    }

    /// Notes how a request ended. One without a key leaves nothing that could be found again, and is not counted.
    pub fn note(&self, outcome: &Outcome) {
        if let Some(noted) = Noted::of(outcome) {
            // Whole at every step, whatever else went wrong.
            self.noted.lock().unwrap_or_else(PoisonError::into_inner).push(noted);
        }
    }

    /// Reads the rows of all requests noted, waits at most `patience` for those that are pending or cannot be read, and compares. `tell` hears how far it is.
    pub async fn finish(&self, patience: Duration, tell: impl Fn(Stage)) -> Summary {
        let noted = std::mem::take(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner));
        let mut requests = Requests::new(noted);
        match self.read(&mut requests, Instant::now() + patience, &tell).await {
            Ok(()) => requests.summary(),
            Err(error) => Summary::failed(format!("{error:#}")),
        }
    }

    async fn read(
        &self,
        requests: &mut Requests,
        deadline: Instant,
        tell: &impl Fn(Stage),
    ) -> anyhow::Result<()> {
        if requests.is_empty() {
            return Ok(());
        }
        self.read_lists(requests, deadline, tell).await?;
        self.settle(requests, deadline, tell).await
    }

    async fn read_lists(
        &self,
        requests: &mut Requests,
        deadline: Instant,
        tell: &impl Fn(Stage),
    ) -> anyhow::Result<()> {
        let (mut orders, mut audit_records) = (0, 0);
        let mut after = None;
        while let Some(page) = self.lists.page::<OrderRow>(self.since, &mut after, deadline).await?
        {
            page.iter().for_each(|row| requests.has_order(row));
            orders += page.len() as u64;
            tell(Stage::Reading { orders, audit_records });
        }
        let mut after = None;
        while let Some(page) = self.lists.page::<AuditRow>(self.since, &mut after, deadline).await?
        {
            page.iter().for_each(|row| requests.has_audit_record(row));
            audit_records += page.len() as u64;
            tell(Stage::Reading { orders, audit_records });
        }
        Ok(())
    }

    /// Asks again, one by one, for the rows of requests that do not agree: a record may be pending, a row may have been written after
    /// its list was read, and a repeat of an older run's key has older rows.
    async fn settle(
        &self,
        requests: &mut Requests,
        deadline: Instant,
        tell: &impl Fn(Stage),
    ) -> anyhow::Result<()> {
        let mut open: Vec<(usize, u8)> =
            requests.open().into_iter().map(|index| (index, 0)).collect();
        let mut pause = FIRST_PAUSE;
        while !open.is_empty() {
            tell(Stage::Waiting { requests: open.len() as u64 });
            self.look_again(requests, &mut open, deadline).await?;
            open.retain(|(index, looks)| {
                requests.is_open(*index) && (requests.is_pending(*index) || *looks < LOOKS)
            });
            if open.is_empty() || Instant::now() + pause > deadline {
                break;
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
        Ok(())
    }

    /// Asks for every one that is not known to be pending, and for as many pending ones as tell whether it is too early for them.
    async fn look_again(
        &self,
        requests: &mut Requests,
        open: &mut [(usize, u8)],
        deadline: Instant,
    ) -> anyhow::Result<()> {
        open.sort_by_key(|(index, _)| requests.is_pending(*index));
        let unclear = open.partition_point(|(index, _)| !requests.is_pending(*index));
        let (unclear, pending) = open.split_at_mut(unclear);
        for some in unclear.chunks_mut(AT_ONCE) {
            self.look(requests, some, deadline).await?;
        }
        let mut still_pending = 0;
        for some in pending.chunks_mut(AT_ONCE) {
            self.look(requests, some, deadline).await?;
            still_pending += some.iter().filter(|(index, _)| requests.is_pending(*index)).count();
            if still_pending >= PENDING_ENOUGH {
                break;
            }
        }
        Ok(())
    }

    async fn look(
        &self,
        requests: &mut Requests,
        some: &mut [(usize, u8)],
        deadline: Instant,
    ) -> anyhow::Result<()> {
        let ids = some.iter().map(|(index, _)| requests.id(*index));
        let rows = try_join_all(ids.map(|id| self.lists.rows_of(id, deadline))).await?;
        for ((index, looks), (orders, audit_records)) in some.iter_mut().zip(rows) {
            requests.look(*index, &orders, &audit_records);
            *looks = looks.saturating_add(1);
        }
        Ok(())
    }
}
