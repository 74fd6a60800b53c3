//! Orders as a resource: list, read, complete or cancel, delete.

use axum::{
    Json as JsonAnswer,
    extract::{FromRequestParts, Path, State},
};
use garde::Validate;
use http::{StatusCode, request::Parts};
use serde::{Deserialize, Serialize};
use shared::{
    json::Json,
    names,
    page::{Cursor, Page, PageQuery, Query},
    problem::Problem,
    scope::Scope,
    timestamp::{self, now_micros},
};
use uuid::Uuid;

use crate::{
    metrics,
    routes::App,
    store::{Change, Deletion, Order, OrderItem, Status},
};

/// An order in answers.
#[derive(Debug, Serialize)]
pub(crate) struct OrderBody {
    id: Uuid,
    request_id: Uuid,
    user_id: i64,
    action: String,
    status: &'static str,
    total_cents: i64,
    currency: String,
    items: Vec<ItemBody>,
    #[serde(serialize_with = "timestamp::serialize")]
    created_at: i64,
    #[serde(serialize_with = "timestamp::serialize")]
    updated_at: i64,
    trace_id: String,
    audit: &'static str,
    audit_pending: bool,
    audit_id: Option<Uuid>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ItemBody {
    sku: String,
    quantity: i64,
    unit_price_cents: i64,
}

/// Which orders, and which page of them.
#[derive(Debug, Deserialize)]
pub(crate) struct OrdersQuery {
    limit: Option<u32>,
    after: Option<String>,
    request_id: Option<Uuid>,
}

/// What an order is to become.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct StatusChange {
    #[garde(skip)]
    status: NewStatus,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NewStatus {
    Completed,
    Cancelled,
}

/// A page of orders, newest first.
pub(crate) async fn list_orders(
    State(app): State<App>,
    scope: Scope,
    Query(query): Query<OrdersQuery>,
) -> Result<JsonAnswer<Page<OrderBody>>, Problem> {
    let page = PageQuery { limit: query.limit, after: query.after };
    let after: Option<Cursor<Uuid>> = page.cursor()?;
    let after = after.map(|cursor| (cursor.created_at, cursor.id));
    let limit = page.limit()?;
    let orders = app.store.list_orders(limit + 1, after, query.request_id);
    let orders = scope.within(names::database::ORDERS, orders).await??;
    let items = orders.iter().map(OrderBody::from).collect();
    Ok(JsonAnswer(Page::new(items, limit, |order: &OrderBody| Cursor {
        created_at: order.created_at,
        id: order.id,
    })))
}

/// One order.
pub(crate) async fn get_order(
    State(app): State<App>,
    scope: Scope,
    OrderId(id): OrderId,
) -> Result<JsonAnswer<OrderBody>, Problem> {
    let order = scope.within(names::database::ORDERS, app.store.find_order(id)).await??;
    order.map(|order| JsonAnswer(OrderBody::from(&order))).ok_or_else(|| no_such_order(id))
}

/// Completes or cancels an order that is still `created`.
pub(crate) async fn change_order(
    State(app): State<App>,
    scope: Scope,
    OrderId(id): OrderId,
    body: Json<StatusChange>,
) -> Result<JsonAnswer<OrderBody>, Problem> {
    let status = match body.value.status {
        NewStatus::Completed => Status::Completed,
        NewStatus::Cancelled => Status::Cancelled,
    };
    let now = now_micros();
    let change = app.store.set_status(id, status, now);
    match scope.within(names::database::ORDERS, change).await?? {
        Change::Done(order) => {
            // A repeat finds the order as an earlier request left it: nothing to count.
            if order.updated_at == now {
                metrics::order_took_status(&order);
            }
            Ok(JsonAnswer(OrderBody::from(&order)))
        }
        Change::Settled(status) => Err(Problem::conflict(format!(
            "the order is {} and stays so; only created orders change",
            status.as_str()
        ))),
        Change::NotFound => Err(no_such_order(id)),
    }
}

/// Deletes a cancelled order that audit has a record of: until then the order is all that is known of its request.
pub(crate) async fn delete_order(
    State(app): State<App>,
    scope: Scope,
    OrderId(id): OrderId,
) -> Result<StatusCode, Problem> {
    let delete = || scope.within(names::database::ORDERS, app.store.delete_order(id));
    let mut deletion = delete().await??;
    if deletion == Deletion::AuditPending {
        // Audit may have the record, and its acknowledgement be one of those that are gathered.
        scope.within(names::database::ORDERS, app.acks.flush()).await?;
        deletion = delete().await??;
    }
    match deletion {
        Deletion::Done => Ok(StatusCode::NO_CONTENT),
        Deletion::NotCancelled(status) => Err(Problem::conflict(format!(
            "the order is {}; only cancelled orders are deleted",
            status.as_str()
        ))),
        Deletion::AuditPending => Err(Problem::conflict(
            "the order's audit record is still to be delivered; try again later",
        )),
        Deletion::AuditParked => Err(Problem::conflict(
            "audit-service refused the order's audit record, so nothing else tells of the order and it is kept; \
             once audit-service takes the record, repeat the order's request with its idempotency key, then delete",
        )),
        Deletion::NotFound => Err(no_such_order(id)),
    }
}

/// An order's id from the path; 400 in the form of all errors for anything else, what is not UTF-8 too.
pub(crate) struct OrderId(Uuid);

impl<S: Send + Sync> FromRequestParts<S> for OrderId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        let id = text.and_then(|Path(text)| Uuid::try_parse(&text).ok());
        let refused = "the order id is not accepted; accepted: a UUID";
        id.map(Self).ok_or_else(|| Problem::bad_request(refused))
    }
}

fn no_such_order(id: Uuid) -> Problem {
    Problem::not_found(format!("there is no order {id}"))
}

impl From<&Order> for OrderBody {
    fn from(order: &Order) -> Self {
        Self {
            id: order.id,
            request_id: order.request_id,
            user_id: order.user_id,
            action: order.action.clone(),
            status: order.status.as_str(),
            total_cents: order.total_cents,
            currency: order.currency.clone(),
            items: order.items.iter().map(ItemBody::from).collect(),
            created_at: order.created_at,
            updated_at: order.updated_at,
            trace_id: order.trace_id.clone(),
            audit: order.audit().as_str(),
            audit_pending: order.audit_pending,
            audit_id: order.audit_id,
        }
    }
}

impl From<&OrderItem> for ItemBody {
    fn from(item: &OrderItem) -> Self {
        Self {
            sku: item.sku.clone(),
            quantity: item.quantity,
            unit_price_cents: item.unit_price_cents,
        }
    }
}
