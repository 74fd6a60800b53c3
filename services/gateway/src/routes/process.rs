//! `POST /api/v1/process`: one request through the whole chain.

use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::Deserialize;
use shared::{json::Json, names::attribute, problem::Failure, telemetry};
use tracing::Span;
use utoipa::ToSchema;

use super::chain::{Context, Forward, forward};
use crate::{
    limits::{self, MAX_ITEMS, MAX_QUANTITY, MAX_USER_ID},
    openapi::{ChainErrors, Processed},
};

/// Who does what, and with which products; further members are passed on through the chain.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(
    example = json!({"user_id": 1001, "action": "purchase", "items": [{"sku": "keyboard", "quantity": 1}]})
)]
pub(crate) struct ProcessRequest {
    /// The user; one that is not known yet is created.
    #[garde(custom(limits::between::<1, MAX_USER_ID>))]
    #[schema(minimum = 1, maximum = 9007199254740991_i64, example = 1001)]
    user_id: i64,
    /// What the user does, in any words: none of them changes what is ordered.
    #[garde(custom(limits::characters::<1, 64>))]
    #[schema(min_length = 1, max_length = 64, example = "purchase")]
    action: String,
    /// Fills the user's name where there is none yet. Without U+0000, which Postgres cannot hold.
    #[garde(custom(limits::optional(limits::characters::<1, 200>)))]
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000]*$",
        example = "Ada Lovelace"
    )]
    user_name: Option<String>,
    /// Fills the user's e-mail address where there is none yet.
    #[garde(custom(limits::optional(limits::email)))]
    #[schema(
        min_length = 3,
        max_length = 254,
        pattern = r"^[^@\s\u0000-\u001f\u007f-\u009f]+@[^@.\s\u0000-\u001f\u007f-\u009f]+(\.[^@.\s\u0000-\u001f\u007f-\u009f]+)+$",
        example = "ada@example.org"
    )]
    user_email: Option<String>,
    /// The products; none means one unit of the default product, whatever the action.
    #[garde(custom(limits::optional(limits::at_most::<MAX_ITEMS, Item>)), dive)]
    #[schema(max_items = 50)]
    items: Option<Vec<Item>>,
}

/// Some units of a product.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct Item {
    /// The product.
    #[garde(custom(limits::characters::<1, 64>))]
    #[schema(min_length = 1, max_length = 64, example = "keyboard")]
    sku: String,
    /// How many.
    #[garde(custom(limits::between::<1, MAX_QUANTITY>))]
    #[schema(minimum = 1, maximum = 1000000, example = 1)]
    quantity: i64,
}

/// Processes a request
///
/// Runs through user-service, order-service and audit-service as one trace. An unknown user is created. Items are ordered under any
/// action, also an unknown one; no items means one unit of the default product.
#[utoipa::path(
    post,
    path = "/api/v1/process",
    tag = "chain",
    params(crate::openapi::IdempotencyKey),
    request_body = ProcessRequest,
    responses(
        (status = 200, description = "Every service did its part", body = Processed),
        (status = 202, description = "The order is placed; its audit record is kept and delivered later", body = Processed),
        ChainErrors,
    )
)]
pub(super) async fn process(
    context: Context,
    Json { value, bytes }: Json<ProcessRequest>,
) -> Result<Response, Failure> {
    telemetry::set_attribute(&Span::current(), attribute::USER_ID, value.user_id);
    let request = Forward {
        path: "/process",
        body: &bytes,
        baggage: vec![(attribute::USER_ID, value.user_id.to_string())],
        accepted: &[StatusCode::OK, StatusCode::ACCEPTED],
    };
    forward(context, request).await
}
