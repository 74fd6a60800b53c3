//! What the other services' answers look like. The gateway passes them up without reading them, so these types exist for the
//! document only; the members named here are always there, and there may be more.

use shared::chain::ChainEntry;
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {
        $($(#[$doc])*
        #[derive(ToSchema)]
        #[expect(dead_code, reason = "described, never built")]
        pub(crate) struct $name {
            $($(#[$field_doc])* $field: $kind,)*
        })*
    };
}

answers! {
    /// What became of a request, and the way that it took.
    Processed {
        /// `completed`, or `accepted` while there is no audit record.
        #[schema(pattern = "^(completed|accepted)$", example = "completed")]
        status: String,
        /// The trace of the request; of a repeated one, that of the first.
        #[schema(pattern = "^[0-9a-f]{32}$", example = "0af7651916cd43dd8448eb211c80319c")]
        trace_id: String,
        /// The request's id.
        request_id: Uuid,
        /// Who.
        user: User,
        /// What was ordered.
        order: PlacedOrder,
        /// The audit record.
        audit: Audit,
        /// An entry for each service of the chain, the gateway first.
        chain: Vec<ChainEntry>,
    }
    /// A registered user.
    Registered {
        /// Always `success`.
        #[schema(example = "success")]
        status: String,
        /// The same in words.
        message: String,
        /// The trace of the request; of a repeated one, that of the first.
        #[schema(pattern = "^[0-9a-f]{32}$", example = "0af7651916cd43dd8448eb211c80319c")]
        trace_id: String,
        /// The request's id.
        request_id: Uuid,
        /// Who.
        user: User,
        /// The order of the registration, which costs nothing.
        order: PlacedOrder,
        /// The audit record.
        audit: Audit,
        /// An entry for each service of the chain, the gateway first.
        chain: Vec<ChainEntry>,
    }
    /// A user.
    User {
        /// The user's id.
        #[schema(minimum = 1, example = 1001)]
        id: i64,
        /// Name, when it is known.
        #[schema(required = true)]
        name: Option<String>,
        /// E-mail address, when it is known.
        #[schema(required = true)]
        email: Option<String>,
        /// RFC 3339, UTC.
        #[schema(format = DateTime)]
        created_at: String,
        /// The request that created the user.
        request_id: Uuid,
        /// Its trace.
        trace_id: String,
    }
    /// An order as it was placed.
    PlacedOrder {
        /// The order's id.
        id: Uuid,
        /// `created` unless a repeat finds it changed.
        #[schema(pattern = "^(created|completed|cancelled)$", example = "created")]
        status: String,
        /// The total in cents.
        #[schema(minimum = 0, example = 8990)]
        total_cents: i64,
        /// ISO 4217.
        #[schema(example = "EUR")]
        currency: String,
        /// The lines.
        items: Vec<OrderItem>,
    }
    /// An order.
    Order {
        /// The order's id.
        id: Uuid,
        /// The request that placed it.
        request_id: Uuid,
        /// Whose it is.
        #[schema(minimum = 1)]
        user_id: i64,
        /// What the user did.
        action: String,
        /// `created`, `completed` or `cancelled`.
        #[schema(pattern = "^(created|completed|cancelled)$", example = "created")]
        status: String,
        /// The total in cents.
        #[schema(minimum = 0, example = 8990)]
        total_cents: i64,
        /// ISO 4217.
        #[schema(example = "EUR")]
        currency: String,
        /// The lines.
        items: Vec<OrderItem>,
        /// RFC 3339, UTC.
        #[schema(format = DateTime)]
        created_at: String,
        /// RFC 3339, UTC.
        #[schema(format = DateTime)]
        updated_at: String,
        /// The trace of the request that placed it.
        trace_id: String,
        /// Where its audit record stands: `pending` while it is still to be delivered, `recorded`, or `parked` when
        /// audit-service refused it.
        #[schema(pattern = "^(pending|recorded|parked)$", example = "recorded")]
        audit: String,
        /// Whether `audit` is `pending`.
        audit_pending: bool,
        /// The audit record's id, once there is one.
        #[schema(required = true)]
        audit_id: Option<Uuid>,
    }
    /// Some units of a product.
    OrderItem {
        /// The product.
        #[schema(example = "keyboard")]
        sku: String,
        /// How many.
        #[schema(minimum = 1)]
        quantity: i64,
        /// The price of one in cents.
        #[schema(minimum = 0)]
        unit_price_cents: i64,
    }
    /// The audit record: `id` and `recorded_at`, or `status` while there is none.
    Audit {
        /// The record's id.
        #[schema(required = false)]
        id: Uuid,
        /// RFC 3339, UTC.
        #[schema(required = false, format = DateTime)]
        recorded_at: String,
        /// `pending` while it is still to be delivered, `parked` when audit-service refused it.
        #[schema(required = false, pattern = "^(pending|parked)$", example = "pending")]
        status: String,
    }
    /// An audit record.
    AuditRecord {
        /// The record's id.
        id: Uuid,
        /// The request that it is about.
        request_id: Uuid,
        /// The order that the request placed.
        order_id: Uuid,
        /// Who.
        #[schema(minimum = 1)]
        user_id: i64,
        /// What the user did.
        action: String,
        /// The order's total in cents.
        #[schema(minimum = 0, example = 8990)]
        total_cents: i64,
        /// ISO 4217.
        #[schema(example = "EUR")]
        currency: String,
        /// The trace of the request.
        trace_id: String,
        /// RFC 3339, UTC.
        #[schema(format = DateTime)]
        recorded_at: String,
    }
    /// A page of users, newest first.
    UserPage {
        /// The users.
        items: Vec<User>,
        /// What to send as `after` for the next page; absent on the last.
        #[schema(required = false)]
        next: String,
    }
    /// A page of orders, newest first.
    OrderPage {
        /// The orders.
        items: Vec<Order>,
        /// What to send as `after` for the next page; absent on the last.
        #[schema(required = false)]
        next: String,
    }
    /// A page of audit records, newest first.
    AuditPage {
        /// The records.
        items: Vec<AuditRecord>,
        /// What to send as `after` for the next page; absent on the last.
        #[schema(required = false)]
        next: String,
    }
}
