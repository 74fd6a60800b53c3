//! Deleting orders, and taking back those that should not have been placed.
//!
//! Invariant: the request id of a deleted order stays, so no repeat of its request places another, whatever audit says or
//! whether it can be asked.

use std::time::Instant;

use shared::db::{Attempts, DbError, STATEMENT_TIMEOUT, Statement};
use uuid::Uuid;

use super::{AuditState, Status, Store};

const EMPTY: Statement = Statement::new(
    "UPDATE orders",
    "UPDATE orders SET status = 'deleted', user_id = 0, action = '', audit_body = x'', \
     traceparent = NULL, tracestate = NULL, baggage = NULL \
     WHERE id = ? AND status = 'cancelled' AND audited_at IS NOT NULL",
);
const DELETE_ITEMS: Statement =
    Statement::new("DELETE order_items", "DELETE FROM order_items WHERE order_id = ?");
const WITHDRAW: Statement =
    Statement::new("DELETE orders", "DELETE FROM orders WHERE id = ? AND audited_at IS NULL");

/// What became of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    Done,
    /// Only cancelled orders are deleted; this is what it is.
    NotCancelled(Status),
    /// Its audit record is still to be delivered.
    AuditPending,
    /// Audit refused its audit record.
    AuditParked,
    NotFound,
}

impl Store {
    /// Deletes a cancelled order that audit has a record of, with its items.
    pub async fn delete_order(&self, id: Uuid) -> Result<Deletion, DbError> {
        let mut attempts = Attempts::until(Instant::now() + STATEMENT_TIMEOUT);
        loop {
            match self.try_delete(id, attempts.number()).await {
                Ok(true) => return Ok(Deletion::Done),
                Ok(false) => return self.why_not_deleted(id).await,
                Err(error) if attempts.may_repeat(&error).await => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_delete(&self, id: Uuid, attempt: u32) -> Result<bool, DbError> {
        let mut transaction = self.db.begin(attempt);
        let deleted = async {
            let is_found = transaction.execute(&EMPTY, &[id.into()]).await? == 1;
            if is_found {
                transaction.execute(&DELETE_ITEMS, &[id.into()]).await?;
            }
            Ok(is_found)
        };
        match deleted.await {
            Ok(true) => transaction.commit().await.map(|()| true),
            other => {
                transaction.rollback().await;
                other
            }
        }
    }

    async fn why_not_deleted(&self, id: Uuid) -> Result<Deletion, DbError> {
        Ok(match self.find_order(id).await? {
            None => Deletion::NotFound,
            Some(order) if order.status != Status::Cancelled => {
                Deletion::NotCancelled(order.status)
            }
            Some(order) if order.audit() == AuditState::Parked => Deletion::AuditParked,
            // Acknowledged since, too: a repeat deletes it.
            Some(_) => Deletion::AuditPending,
        })
    }

    /// Takes back an order that can never have an audit record, with its items; false when it was gone or has one.
    pub async fn withdraw_order(&self, id: Uuid) -> Result<bool, DbError> {
        let soon = Instant::now() + STATEMENT_TIMEOUT;
        Ok(self.db.execute_until(&WITHDRAW, &[id.into()], soon).await? == 1)
    }
}
