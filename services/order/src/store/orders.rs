//! Orders as they are read and changed after they were placed.

use std::time::Instant;

use shared::db::{DbError, Row, STATEMENT_TIMEOUT, Statement};
use uuid::Uuid;

use super::Store;

/// One statement reads orders with their items: the chosen orders first, so that the limit counts orders.
macro_rules! select {
    ($chosen:literal) => {
        Statement::new(
            "SELECT orders",
            concat!(
                "SELECT o.id, o.request_id, o.user_id, o.action, o.status, o.total_cents, \
                 o.currency, o.created_at, o.updated_at, o.trace_id, o.audited_at, o.audit_id, \
                 o.next_attempt_at, i.sku, i.quantity, i.unit_price_cents \
                 FROM (SELECT id, request_id, user_id, action, status, total_cents, currency, \
                 created_at, updated_at, trace_id, audited_at, audit_id, next_attempt_at \
                 FROM orders WHERE ",
                $chosen,
                ") AS o LEFT JOIN order_items AS i ON i.order_id = o.id \
                 ORDER BY o.created_at DESC, o.id DESC, i.position"
            ),
        )
    };
}

const SELECT: Statement = select!("id = ? AND status <> 'deleted'");
const SELECT_OF_REQUEST: Statement = select!("request_id = ?");
const LIST: Statement = select!(
    "created_at <= ? AND (created_at < ? OR id < ?) AND status <> 'deleted' \
     ORDER BY created_at DESC, id DESC LIMIT ?"
);
const SET_STATUS: Statement = Statement::new(
    "UPDATE orders",
    "UPDATE orders SET status = ?, updated_at = ? WHERE id = ? AND status = 'created'",
);

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Created,
    Completed,
    Cancelled,
    /// Gone for every reader; only a repeat of its request meets it.
    Deleted,
}

impl Status {
    /// As stored and as shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Deleted => "deleted",
        }
    }

    fn read(text: &str) -> Result<Self, sqlx::Error> {
        [Self::Created, Self::Completed, Self::Cancelled, Self::Deleted]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| sqlx::Error::Decode("unknown order status".into()))
    }
}

/// An order as stored. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// A UUIDv7.
    pub id: Uuid,
    pub request_id: Uuid,
    pub user_id: i64,
    pub action: String,
    pub status: Status,
    pub total_cents: i64,
    pub currency: String,
    pub created_at: i64,
    pub updated_at: i64,
    /// The trace that placed it.
    pub trace_id: String,
    /// When audit recorded it.
    pub audited_at: Option<i64>,
    pub audit_id: Option<Uuid>,
    /// Whether its audit record is still to be delivered; a parked one is not.
    pub audit_pending: bool,
    pub items: Vec<OrderItem>,
}

/// Where an order's audit record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditState {
    /// Still to be delivered.
    Pending,
    /// Audit has it.
    Recorded,
    /// Audit refused it: it is put aside and not sent again by itself.
    Parked,
}

impl AuditState {
    /// As shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Recorded => "recorded",
            Self::Parked => "parked",
        }
    }
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderItem {
    pub sku: String,
    pub quantity: i64,
    pub unit_price_cents: i64,
}

/// Where a list goes on: behind this (`created_at`, `id`).
pub type Position = (i64, Uuid);

/// What became of a change of status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Done, now or by an earlier request that asked for the same.
    Done(Order),
    /// It already is something else, and stays so.
    Settled(Status),
    NotFound,
}

impl Store {
    /// The order with this id.
    pub async fn find_order(&self, id: Uuid) -> Result<Option<Order>, DbError> {
        let rows = self.db.fetch(&SELECT, &[id.into()]).await?;
        Ok(self.orders(&rows)?.pop())
    }

    /// The order that this request placed, also a deleted one.
    pub async fn find_order_of_request(&self, request_id: Uuid) -> Result<Option<Order>, DbError> {
        let rows = self.db.fetch(&SELECT_OF_REQUEST, &[request_id.into()]).await?;
        Ok(self.orders(&rows)?.pop())
    }

    /// Orders behind `after`, newest first, at most `limit`; with a `request_id` only that request's.
    pub async fn list_orders(
        &self,
        limit: u32,
        after: Option<Position>,
        request_id: Option<Uuid>,
    ) -> Result<Vec<Order>, DbError> {
        let (created_at, id) = after.unwrap_or((i64::MAX, Uuid::max()));
        if let Some(request_id) = request_id {
            let order = self.find_order_of_request(request_id).await?;
            let behind = |order: &Order| (order.created_at, order.id) < (created_at, id);
            let shown = |order: &Order| order.status != Status::Deleted && behind(order);
            return Ok(order.into_iter().filter(shown).collect());
        }
        let page = [created_at.into(), created_at.into(), id.into(), i64::from(limit).into()];
        let rows = self.db.fetch(&LIST, &page).await?;
        self.orders(&rows)
    }

    /// Completes or cancels an order that is still `created`; `now` in microseconds.
    pub async fn set_status(&self, id: Uuid, status: Status, now: i64) -> Result<Change, DbError> {
        let (values, soon) =
            ([status.as_str().into(), now.into(), id.into()], Instant::now() + STATEMENT_TIMEOUT);
        self.db.execute_until(&SET_STATUS, &values, soon).await?;
        Ok(match self.find_order(id).await? {
            None => Change::NotFound,
            Some(order) if order.status == status => Change::Done(order),
            Some(order) => Change::Settled(order.status),
        })
    }

    /// Rows of the join, orders in a row, as orders.
    pub(super) fn orders(&self, rows: &[Row]) -> Result<Vec<Order>, DbError> {
        let mut orders: Vec<Order> = Vec::new();
        let mut add = |row: &Row| {
            let id: Uuid = row.get(0)?;
            if orders.last().is_none_or(|order| order.id != id) {
                orders.push(Order::read(id, row)?);
            }
            if let (Some(order), Some(item)) = (orders.last_mut(), OrderItem::read(row)?) {
                order.items.push(item);
            }
            Ok(())
        };
        rows.iter().try_for_each(&mut add).map_err(|error| self.db.error(error))?;
        Ok(orders)
    }
}

impl Order {
    /// Where its audit record stands.
    pub fn audit(&self) -> AuditState {
        match (self.audit_pending, self.audited_at) {
            (true, _) => AuditState::Pending,
            (false, Some(_)) => AuditState::Recorded,
            (false, None) => AuditState::Parked,
        }
    }

    fn read(id: Uuid, row: &Row) -> Result<Self, sqlx::Error> {
        let status: String = row.get(4)?;
        let next_attempt_at: Option<i64> = row.get(12)?;
        Ok(Self {
            id,
            request_id: row.get(1)?,
            user_id: row.get(2)?,
            action: row.get(3)?,
            status: Status::read(&status)?,
            total_cents: row.get(5)?,
            currency: row.get(6)?,
            created_at: row.get(7)?,
            updated_at: row.get(8)?,
            trace_id: row.get(9)?,
            audited_at: row.get(10)?,
            audit_id: row.get(11)?,
            audit_pending: next_attempt_at.is_some(),
            items: Vec::new(),
        })
    }
}

impl OrderItem {
    fn read(row: &Row) -> Result<Option<Self>, sqlx::Error> {
        let Some(sku) = row.get(13)? else { return Ok(None) };
        Ok(Some(Self { sku, quantity: row.get(14)?, unit_price_cents: row.get(15)? }))
    }
}
