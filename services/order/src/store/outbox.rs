//! The outbox towards audit: claiming what is due, and what became of it. Nothing here is traced.
//!
//! Invariant: while a claim's lease runs, no other claim gets the same order. A lease that runs out gives it free again, so
//! a record is delivered at least once, whoever dies.

use std::{fmt::Write as _, sync::LazyLock, time::Instant};

use shared::db::{DbError, Row, Statement, Value};
use uuid::Uuid;

use super::{Continuation, Store, padded_len};

// The derived table lets MySQL update the table that it reads from; the outer condition is repeated because a row
// may have been claimed between the two.
const CLAIM: Statement = Statement::new(
    "UPDATE orders",
    "UPDATE orders SET claimed_by = ?, next_attempt_at = ?, attempts = attempts + 1 \
     WHERE next_attempt_at <= ? AND id IN (SELECT id FROM \
     (SELECT id FROM orders WHERE next_attempt_at <= ? ORDER BY next_attempt_at LIMIT ?) AS due)",
);
const SELECT_CLAIMED: Statement = Statement::new(
    "SELECT orders",
    "SELECT id, request_id, trace_id, attempts, audit_body, traceparent, tracestate, baggage \
     FROM orders WHERE next_attempt_at = ? AND claimed_by = ?",
);
const POSTPONE: Statement = Statement::new(
    "UPDATE orders",
    "UPDATE orders SET next_attempt_at = ?, claimed_by = NULL \
     WHERE id = ? AND next_attempt_at IS NOT NULL",
);
const RECALL: Statement = Statement::new(
    "UPDATE orders",
    "UPDATE orders SET next_attempt_at = ?, claimed_by = NULL WHERE next_attempt_at > ?",
);
const PARK: Statement = Statement::new(
    "UPDATE orders",
    "UPDATE orders SET parked_at = ?, park_reason = ?, next_attempt_at = NULL, claimed_by = NULL \
     WHERE id = ? AND next_attempt_at IS NOT NULL",
);
const COUNT_PENDING: Statement = Statement::new(
    "SELECT orders",
    "SELECT COUNT(*) FROM orders WHERE next_attempt_at IS NOT NULL",
);
const COUNT_PARKED: Statement =
    Statement::new("SELECT orders", "SELECT COUNT(*) FROM orders WHERE parked_at IS NOT NULL");
/// One text for each length of batch: 1, 2, 4, ... 64.
static ACKNOWLEDGE: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..7).map(|power| acknowledge_text(1 << power)).collect());
const MAX_BATCH: usize = 64;
/// Characters that `park_reason` holds.
const MAX_REASON: usize = 255;

/// An audit record that is due, claimed by the asking worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueAudit {
    pub order_id: Uuid,
    pub request_id: Uuid,
    pub trace_id: String,
    /// Claims so far, this one included; the first call, made with the order itself, does not count.
    pub attempts: i64,
    /// What is sent to audit.
    pub audit_body: Vec<u8>,
    pub continuation: Continuation,
}

/// An audit record that audit has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    pub order_id: Uuid,
    pub audit_id: Uuid,
    /// Microseconds since 1970, as audit says.
    pub recorded_at: i64,
}

impl Store {
    /// Claims at most `limit` due records for `worker` until `lease_end`. Times in microseconds; the same worker's claims must
    /// differ in `lease_end`, by which they are told apart.
    pub async fn claim_due(
        &self,
        worker: Uuid,
        limit: u32,
        now: i64,
        lease_end: i64,
        deadline: Instant,
    ) -> Result<Vec<DueAudit>, DbError> {
        let values =
            [worker.into(), lease_end.into(), now.into(), now.into(), i64::from(limit).into()];
        if self.quiet.execute_until(&CLAIM, &values, deadline).await? == 0 {
            return Ok(Vec::new());
        }
        let claimed = [lease_end.into(), worker.into()];
        let rows = self.quiet.fetch(&SELECT_CLAIMED, &claimed).await?;
        rows.iter()
            .map(|row| DueAudit::read(row).map_err(|error| self.quiet.error(error)))
            .collect()
    }

    /// Makes due at `now` what is said to be due only after `latest`, and says how many records that were.
    pub async fn recall(&self, now: i64, latest: i64, deadline: Instant) -> Result<u64, DbError> {
        self.quiet.execute_until(&RECALL, &[now.into(), latest.into()], deadline).await
    }

    /// Notes that audit has these records. One that is noted already, or gone, is passed over; returns how many were not.
    pub async fn acknowledge(
        &self,
        delivered: &[Delivered],
        deadline: Instant,
    ) -> Result<u64, DbError> {
        // In one order for all, so two batches cannot lock each other out.
        let mut delivered = delivered.to_vec();
        delivered.sort_unstable_by_key(|one| one.order_id);
        delivered.dedup_by_key(|one| one.order_id);
        let mut noted = 0;
        for batch in delivered.chunks(MAX_BATCH) {
            let (statement, values) = acknowledgement(batch);
            noted += self.quiet.execute_until(&statement, &values, deadline).await?;
        }
        Ok(noted)
    }

    /// Puts a record that audit refuses aside: it is not tried again. False when it was delivered, parked or gone before.
    pub async fn park(&self, order_id: Uuid, reason: &str, now: i64) -> Result<bool, DbError> {
        let reason: String = reason.chars().take(MAX_REASON).collect();
        let values = [now.into(), reason.as_str().into(), order_id.into()];
        Ok(self.quiet.execute(&PARK, &values).await? == 1)
    }

    /// Gives a claimed record free again, to be tried at `next_attempt_at`. False when it was delivered, parked or gone before.
    pub async fn postpone(&self, order_id: Uuid, next_attempt_at: i64) -> Result<bool, DbError> {
        let values = [next_attempt_at.into(), order_id.into()];
        Ok(self.quiet.execute(&POSTPONE, &values).await? == 1)
    }

    /// Records still to be delivered.
    pub async fn pending_count(&self) -> Result<i64, DbError> {
        self.count(&COUNT_PENDING).await
    }

    /// Records put aside.
    pub async fn parked_count(&self) -> Result<i64, DbError> {
        self.count(&COUNT_PARKED).await
    }

    async fn count(&self, statement: &Statement) -> Result<i64, DbError> {
        let row = self.quiet.fetch_one(statement, &[]).await?;
        row.get(0).map_err(|error| self.quiet.error(error))
    }
}

fn acknowledge_text(rows: usize) -> String {
    let whens = " WHEN ? THEN ?".repeat(rows);
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write!(
        text,
        "UPDATE orders SET audit_id = CASE id{whens} END, audited_at = CASE id{whens} END, \
         next_attempt_at = NULL, claimed_by = NULL, parked_at = NULL, park_reason = NULL \
         WHERE audited_at IS NULL AND id IN ({})",
        vec!["?"; rows].join(", ")
    );
    text
}

fn acknowledgement(batch: &[Delivered]) -> (Statement, Vec<Value<'static>>) {
    let rows = padded_len(batch.len());
    let padded = || batch.iter().chain(batch.last().into_iter().cycle()).take(rows);
    let ids = padded().flat_map(|one| [Value::from(one.order_id), one.audit_id.into()]);
    let times = padded().flat_map(|one| [Value::from(one.order_id), one.recorded_at.into()]);
    let chosen = padded().map(|one| Value::from(one.order_id));
    let text = ACKNOWLEDGE[rows.trailing_zeros() as usize].as_str();
    (Statement::new("UPDATE orders", text), ids.chain(times).chain(chosen).collect())
}

impl DueAudit {
    fn read(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            order_id: row.get(0)?,
            request_id: row.get(1)?,
            trace_id: row.get(2)?,
            attempts: row.get(3)?,
            audit_body: row.get(4)?,
            continuation: Continuation {
                traceparent: row.get(5)?,
                tracestate: row.get(6)?,
                baggage: row.get(7)?,
            },
        })
    }
}
