//! Reading and changing orders, straight at order-service.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use garde::Validate;
use http::{Method, StatusCode};
use serde::Deserialize;
use shared::{
    client::Call,
    json::Json,
    page::{PageQuery, Query},
    problem::Failure,
    scope::Scope,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::chain::{no_user, pass};
use crate::{
    App,
    openapi::{BodyErrors, ConflictErrors, IdErrors, Order, OrderPage, ReadErrors},
    params::{OrderId, PathAndQuery},
};

const ORDERS: &str = "/orders";
const ORDER: &str = "/orders/{id}";

/// A page of the orders, and which.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderQuery {
    /// Entries on the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Only the order of this request.
    request_id: Option<Uuid>,
}

/// What becomes of an order.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"status": "completed"}))]
pub(crate) struct OrderChange {
    /// Only an order that is `created` changes.
    #[garde(skip)]
    #[serde(rename = "status")]
    _status: NewStatus,
}

/// The states that an order can be brought to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NewStatus {
    /// Done.
    Completed,
    /// Not wanted any more.
    Cancelled,
}

/// Lists orders, newest first
#[utoipa::path(
    get,
    path = "/api/v1/orders",
    tag = "data",
    params(OrderQuery),
    responses((status = 200, description = "A page of orders", body = OrderPage), ReadErrors)
)]
pub(super) async fn list_orders(
    State(app): State<Arc<App>>,
    scope: Scope,
    Query(query): Query<OrderQuery>,
) -> Result<Response, Failure> {
    let page = PageQuery { limit: query.limit, after: query.after };
    page.cursor::<Uuid>()?;
    let path = PathAndQuery::new(ORDERS)
        .and("limit", Some(page.limit()?))
        .and("after", page.after)
        .and("request_id", query.request_id);
    pass(&app.orders, Call::get(ORDERS, path), &scope).await
}

/// Shows an order
#[utoipa::path(
    get,
    path = "/api/v1/orders/{id}",
    tag = "data",
    params(("id" = Uuid, Path, description = "The order's id")),
    responses((status = 200, description = "The order", body = Order), IdErrors, ReadErrors)
)]
pub(super) async fn get_order(
    State(app): State<Arc<App>>,
    scope: Scope,
    OrderId(id): OrderId,
) -> Result<Response, Failure> {
    pass(&app.orders, Call::get(ORDER, path_of(id)), &scope).await
}

/// Completes or cancels an order
#[utoipa::path(
    patch,
    path = "/api/v1/orders/{id}",
    tag = "data",
    params(("id" = Uuid, Path, description = "The order's id")),
    request_body = OrderChange,
    responses(
        (status = 200, description = "The order as it is now", body = Order),
        IdErrors, ConflictErrors, BodyErrors, ReadErrors,
    )
)]
pub(super) async fn change_order(
    State(app): State<Arc<App>>,
    scope: Scope,
    OrderId(id): OrderId,
    Json { bytes, .. }: Json<OrderChange>,
) -> Result<Response, Failure> {
    let call = Call { body: Some(bytes), ..Call::new(Method::PATCH, ORDER, path_of(id)) };
    pass(&app.orders, call, &scope).await
}

/// Deletes a cancelled order
#[utoipa::path(
    delete,
    path = "/api/v1/orders/{id}",
    tag = "data",
    params(("id" = Uuid, Path, description = "The order's id")),
    responses(
        (status = 204, description = "The order is gone"),
        IdErrors, ConflictErrors, ReadErrors,
    )
)]
pub(super) async fn delete_order(
    State(app): State<Arc<App>>,
    scope: Scope,
    OrderId(id): OrderId,
) -> Result<Response, Failure> {
    let call = Call { baggage: no_user(), ..Call::new(Method::DELETE, ORDER, path_of(id)) };
    let answer = app.orders.call(call, &scope).await?;
    if answer.status == StatusCode::NO_CONTENT {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Err(answer.pass_up())
}

fn path_of(id: Uuid) -> String {
    format!("{ORDERS}/{id}")
}
