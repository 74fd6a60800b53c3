//! Placing an order: order, items and the outbox entry in one transaction.

use std::{sync::LazyLock, time::Instant};

use shared::db::{Attempts, DbError, DbErrorKind, Statement, Transaction, Value};
use uuid::Uuid;

use super::{Order, OrderItem, Status, Store};

const INSERT_ORDER: Statement = Statement::new(
    "INSERT orders",
    "INSERT INTO orders (id, request_id, user_id, action, status, total_cents, currency, \
     created_at, updated_at, trace_id, next_attempt_at, audit_body, traceparent, tracestate, baggage) \
     VALUES (?, ?, ?, ?, 'created', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);
/// The text for each number of items, from 1.
static INSERT_ITEMS: LazyLock<Vec<String>> = LazyLock::new(|| {
    (1..=MAX_ITEMS).map(|items| {
        let rows = vec!["(?, ?, ?, ?, ?)"; items].join(", ");
        format!(
            "INSERT INTO order_items (order_id, position, sku, quantity, unit_price_cents) VALUES {rows}"
        )
    }).collect()
});
/// Items of one order, at most.
const MAX_ITEMS: usize = 50;
/// Longer orders are rare, and each length is a text of its own: those are not kept prepared.
const CACHED_ITEMS: usize = 8;

/// An order to be placed, priced and totalled by the caller. Times are microseconds since 1970.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// A UUIDv7.
    pub id: Uuid,
    pub request_id: Uuid,
    pub user_id: i64,
    pub action: String,
    /// 1 to 50.
    pub items: Vec<OrderItem>,
    pub total_cents: i64,
    pub currency: String,
    pub created_at: i64,
    pub trace_id: String,
    /// From when on the relay delivers the audit record, unless it is acknowledged before.
    pub next_attempt_at: i64,
    /// What is sent to audit.
    pub audit_body: Vec<u8>,
    pub continuation: Continuation,
}

/// What lets a late delivery continue the order's trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Continuation {
    pub traceparent: Option<String>,
    pub tracestate: Option<String>,
    pub baggage: Option<String>,
}

/// The order that a request id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub order: Order,
    /// An earlier request with the same id had placed it.
    pub replayed: bool,
}

impl Store {
    /// Writes the order. Where its request id has one already, that one is returned, with its items and its trace id.
    pub async fn place_order(&self, new: &NewOrder, deadline: Instant) -> Result<Placed, DbError> {
        let (mut attempts, mut was_free) = (Attempts::until(deadline), false);
        loop {
            match self.try_place(new, attempts.number()).await {
                Ok(()) => return Ok(Placed { order: new.placed(), replayed: false }),
                // Whichever key spoke first: with this request id it is a repeat.
                Err(error) if matches!(error.kind(), DbErrorKind::Unique(_)) => {
                    let winner = self.find_order_of_request(new.request_id).await?;
                    if let Some(order) = winner {
                        return Ok(Placed { order, replayed: true });
                    }
                    // Taken back in between: the request id is free again.
                    if std::mem::replace(&mut was_free, true) {
                        return Err(error);
                    }
                }
                Err(error) if attempts.may_repeat(&error).await => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_place(&self, new: &NewOrder, attempt: u32) -> Result<(), DbError> {
        let mut transaction = self.db.begin(attempt);
        match new.insert(&mut transaction).await {
            Ok(()) => transaction.commit().await,
            Err(error) => {
                transaction.rollback().await;
                Err(error)
            }
        }
    }
}

impl NewOrder {
    async fn insert(&self, transaction: &mut Transaction) -> Result<(), DbError> {
        transaction.execute(&INSERT_ORDER, &self.values()).await?;
        for items in self.numbered().chunks(MAX_ITEMS) {
            let text = INSERT_ITEMS[items.len() - 1].as_str();
            let mut statement = Statement::new("INSERT order_items", text);
            statement.cached = items.len() <= CACHED_ITEMS;
            let values: Vec<Value<'_>> = items.iter().flatten().copied().collect();
            transaction.execute(&statement, &values).await?;
        }
        Ok(())
    }

    fn values(&self) -> [Value<'_>; 14] {
        [
            self.id.into(),
            self.request_id.into(),
            self.user_id.into(),
            self.action.as_str().into(),
            self.total_cents.into(),
            self.currency.as_str().into(),
            self.created_at.into(),
            self.created_at.into(),
            self.trace_id.as_str().into(),
            self.next_attempt_at.into(),
            self.audit_body.as_slice().into(),
            self.continuation.traceparent.as_deref().into(),
            self.continuation.tracestate.as_deref().into(),
            self.continuation.baggage.as_deref().into(),
        ]
    }

    fn numbered(&self) -> Vec<[Value<'_>; 5]> {
        let mut rows = Vec::with_capacity(self.items.len());
        for (position, item) in (0_i64..).zip(&self.items) {
            let OrderItem { sku, quantity, unit_price_cents } = item;
            let sku = sku.as_str();
            let (quantity, price) = (*quantity, *unit_price_cents);
            rows.push([self.id.into(), position.into(), sku.into(), quantity.into(), price.into()]);
        }
        rows
    }

    fn placed(&self) -> Order {
        Order {
            id: self.id,
            request_id: self.request_id,
            user_id: self.user_id,
            action: self.action.clone(),
            status: Status::Created,
            total_cents: self.total_cents,
            currency: self.currency.clone(),
            created_at: self.created_at,
            updated_at: self.created_at,
            trace_id: self.trace_id.clone(),
            audited_at: None,
            audit_id: None,
            audit_pending: true,
            items: self.items.clone(),
        }
    }
}
